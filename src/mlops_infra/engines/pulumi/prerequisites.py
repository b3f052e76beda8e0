"""What a deploy to Azure or Google Cloud needs: Pulumi, a login, the state and its key, room."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mlops_infra.config.models import Cloud
from mlops_infra.engines.builder import BUILD, tell_builder
from mlops_infra.engines.clock import check_clock
from mlops_infra.engines.pulumi.cli import VERSION
from mlops_infra.engines.pulumi.clouds import needs_of
from mlops_infra.engines.pulumi.locks import check_lock
from mlops_infra.engines.pulumi.state import state_of
from mlops_infra.engines.pulumi.workspace import Workspace
from mlops_infra.engines.questions import Question

if TYPE_CHECKING:
    from mlops_infra.engines.pulumi.deployment import Deployment
    from mlops_infra.model import Target


def questions(target: Target) -> tuple[Question, ...]:
    """Return what there is to ask, in the order in which it is told."""
    workspace, needs, state = Workspace(target), needs_of(target), state_of(target)

    @cache  # asked for by those that come after `state`, which is so the first
    def deployed() -> Deployment | None:
        return workspace.export()

    def is_first() -> bool:
        found = deployed()
        return found is None or not found.is_deployed

    def read_state() -> str:
        found = deployed()
        count = sum(each.is_cloud_s for each in found.resources) if found else 0
        return f"{count} resources in {state.url}"

    def try_key() -> str:
        workspace.require_secrets()
        workspace.try_key()
        return state.secrets_provider

    def room() -> str:
        return needs.room(target) if is_first() else "not asked: the stack has its share"

    def builder() -> str:
        # Google's front is built whatever the file says; the registry comes with the first deploy.
        image = BUILD if target.cloud is Cloud.GCP else target.environment.image
        return tell_builder(image, may_be_published=lambda: not is_first())

    return (
        Question(name="pulumi", ask=lambda: f"{VERSION}, {workspace.program}", is_for_plan=True),
        Question(name="clock", ask=lambda: check_clock(needs.clock())),
        *needs.questions(target),
        Question(name="state", ask=read_state, after=("pulumi", "login"), is_for_plan=True),
        Question(name="key", ask=try_key, after=("pulumi", "login"), is_for_plan=True),
        Question(name="quotas", ask=room, after=(needs.PLACE, "state")),
        Question(name="lock", ask=lambda: check_lock(target), after=("state",)),
        Question(name="builder", ask=builder, after=("state",)),
    )
