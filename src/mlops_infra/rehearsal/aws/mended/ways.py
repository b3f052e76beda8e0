"""The three ways to mend: after a handler, before a delete, on an answer."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.aws.innards import provisioners

if TYPE_CHECKING:
    from collections.abc import Callable

Props = dict[str, Any]


def refused(resource_type: str, objection: Callable[[str], str]) -> None:
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    delete = handler["delete"]

    def delete_or_refuse(physical_id: str, *words: Any) -> None:  # noqa: ANN401 - ministack's own
        if message := objection(physical_id):
            raise ValueError(message)
        delete(physical_id, *words)

    handler["delete"] = delete_or_refuse


def afterwards(resource_type: str, fix: Callable[[str, Props], None]) -> None:
    """Let `fix` see each resource of a type once ministack has created or updated it."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]

    def create_and_fix(logical_id: str, props: Props, stack: str) -> tuple[str, Props]:
        made = create(logical_id, props, stack)
        fix(made[0], props)
        return made

    def update_and_fix(physical_id: str, old: Props, new: Props, *words: Any) -> tuple[str, Props]:  # noqa: ANN401 - with or without a logical id
        made = update(physical_id, old, new, *words)
        fix(made[0], new)
        return made

    handler |= {"create": create_and_fix, "update": update_and_fix}


def rewritten(module: Any, name: str, rewrite: Callable[..., str]) -> None:  # noqa: ANN401 - a module
    """Let `rewrite` correct what a function of ministack's answers, given its arguments too."""
    answer = getattr(module, name)
    setattr(module, name, lambda *words, **named: rewrite(answer(*words, **named), *words, **named))
