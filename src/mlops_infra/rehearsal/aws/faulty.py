"""Lets every resource type of ministack ask for its fate first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_infra.rehearsal.faults import Faults


def install(faults: Faults, handlers: dict[str, dict[str, Any]], stacks: Any) -> None:  # noqa: ANN401 - ministack is untyped
    """Let `faults` strike before each create, update and delete.

    `stacks` is ministack's module: while there is a delay its operations go to worker threads, so
    that it keeps answering.
    """
    for resource_type, handler in handlers.items():
        for operation in ("create", "update", "delete"):
            if operation in handler:
                handler[operation] = _fated(faults, resource_type, operation, handler[operation])
    on_a_thread = stacks._runs_on_worker_thread  # noqa: SLF001 - the one switch there is
    stacks._runs_on_worker_thread = lambda kind: (  # noqa: SLF001 - as above
        on_a_thread(kind) or faults.delay_seconds > 0
    )


def _fated(faults: Faults, resource_type: str, operation: str, handle: Any) -> Any:  # noqa: ANN401 - ministack's own signatures
    def handle_or_fail(*words: Any) -> Any:  # noqa: ANN401 - as above
        faults.strike(resource_type, operation)
        return handle(*words)

    return handle_or_fail
