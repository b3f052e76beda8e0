"""Runs what ECS services describe, one task each, and replaces it as ECS does."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

import contextvars
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from mlops_infra.errors import InfraError
from mlops_infra.project import stacks_dir
from mlops_infra.rehearsal.aws.innards import ecs, provisioners
from mlops_infra.rehearsal.aws.running.routes import target_groups
from mlops_infra.rehearsal.aws.running.tasks import container_of, container_spec
from mlops_infra.rehearsal.container import Container
from mlops_infra.rehearsal.rollouts import Rollouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_infra.rehearsal.aws.running.databases import Databases
    from mlops_infra.rehearsal.container import ContainerSpec

Props = dict[str, Any]

KIND = "AWS::ECS::Service"


class Services:
    """The running tasks, by their service's ARN."""

    def __init__(self, folder: Path, *, url: str, authority: Path, databases: Databases) -> None:
        self._rollouts = Rollouts(folder)
        self._url = url
        self._authority = authority
        self._databases = databases
        self.port_of = self._rollouts.port_of
        self.stop = self._rollouts.stop

    def roll_out(self, arn: str) -> None:
        """Bring a service to its task definition and its secrets' values: new first, then the old.

        Raises:
            InfraError: the new one does not become healthy; the old one goes on.
        """
        service = _record(arn)
        if not target_groups(service):
            return  # nobody could ask it
        self._rollouts.roll_out(
            arn, lambda: self._spec(arn), partial(_start, service), name=service["serviceName"]
        )

    def _spec(self, arn: str) -> ContainerSpec:
        return container_spec(
            _record(arn), url=self._url, authority=self._authority, databases=self._databases
        )

    def _try_to_roll_out(self, arn: str) -> None:
        with suppress(InfraError, ValueError):  # the old one goes on
            self.roll_out(arn)

    def install(self) -> None:
        """Let CloudFormation and ECS's own API do it."""
        handler = provisioners._RESOURCE_HANDLERS[KIND]
        create, update, delete = (handler[verb] for verb in ("create", "update", "delete"))

        def create_and_wait(logical_id: str, props: Props, stack: str) -> tuple[str, Props]:
            made = create(logical_id, props, stack)
            self._or_undo(made[0], lambda: delete(made[0], props))
            return made

        def update_and_wait(arn: str, old: Props, new: Props, *words: Any) -> tuple[str, Props]:  # noqa: ANN401 - ministack's own
            made = update(arn, old, new, *words)
            self._or_undo(arn, lambda: update(arn, new, old, *words))
            return made

        def stop_and_delete(arn: str, props: Props) -> None:
            self._rollouts.remove(arn)
            delete(arn, props)

        handler |= {"create": create_and_wait, "update": update_and_wait, "delete": stop_and_delete}
        ask = ecs._ACTION_MAP["UpdateService"]

        def update_service(data: Props) -> Any:  # noqa: ANN401 - ministack's response
            answer = ask(data)
            if answer[0] == 200:
                cluster, name = data["cluster"], data["service"].rpartition("/")[2]
                arn = ecs._services[f"{cluster.rpartition('/')[2]}/{name}"]["serviceArn"]
                # ECS answers at once, too. Whoever asks has the account in its context.
                context = contextvars.copy_context()
                Thread(target=context.run, args=(self._try_to_roll_out, arn), daemon=True).start()
            return answer

        ecs._ACTION_MAP["UpdateService"] = update_service

    def _or_undo(self, arn: str, undo: Callable[[], object]) -> None:
        """Roll out, or undo and fail as CloudFormation reports a service's circuit breaker."""
        try:
            self.roll_out(arn)
        except InfraError as error:
            undo()
            raise ValueError(f"ECS Deployment Circuit Breaker was triggered: {error}") from error


class _Output:
    """A container as ministack's log driver sees it: it puts what is printed into CloudWatch."""

    def __init__(self, container: Container) -> None:
        self.id = container.log.stem
        self._container = container

    def logs(self, *, stream: bool, follow: bool, stdout: bool, stderr: bool) -> Iterator[bytes]:  # noqa: ARG002 - always all of it
        return self._container.lines()


def _start(service: Props, spec: ContainerSpec, log: Path) -> Container:
    started = Container(spec, image=stacks_dir(Path.cwd()) / "image", log=log)
    ecs._start_awslogs_forwarder(_Output(started), container_of(service), log.stem)
    return started


def _record(arn: str) -> Props:
    return ecs._services[arn.partition(":service/")[2]]
