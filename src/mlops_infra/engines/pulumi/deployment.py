"""What a stack's state says, read from `pulumi stack export`; secrets stay encrypted in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.pulumi.clouds import ids

if TYPE_CHECKING:
    from collections.abc import Mapping

Document = dict[str, Any]
STATE_ALONE = "random:"
VAULT = "azure-native:keyvault:Vault"
VAULT_SECRET = "azure-native:keyvault:Secret"  # noqa: S105 - a type's name
LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
"""Once deleted it blocks its name for a week, so it is left, for its lines to expire."""

BUCKET, EMPTIED = "gcp:storage/bucket:Bucket", "forceDestroy"
"""The provider's own switch, not the cloud's: whether it empties a bucket that it deletes.
https://www.pulumi.com/registry/packages/gcp/api-docs/storage/bucket/#forcedestroy_python"""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource as the state has it."""

    urn: str
    kind: str
    id: str
    """Empty for what exists in the state alone, such as a component."""
    inputs: Document
    provider: str
    """The URN of the provider that it is made by; a component has none."""
    is_kept: bool
    """Whether the stack's code wants it to survive a teardown: `retain_on_delete` or `protect`."""
    is_protected: bool
    """Whether it was deployed as a part of a protected environment, so that a deletion fails."""
    needs: frozenset[str]
    """The URNs of what it depends on, its parent and its provider included."""

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def where(self) -> str:
        """Its type and, if it is to be found in the cloud, its id there."""
        is_alone = self.kind.startswith(STATE_ALONE) or not self.id
        return self.kind if is_alone else f"{self.kind} {self.id}"

    @property
    def is_repeatable(self) -> bool:
        """Whether a create that nobody heard the end of may simply be done again."""
        return not self.provider or ids.is_repeatable(self.kind)

    @property
    def final_backup_days(self) -> int:
        """How long Google keeps a database that is deleted, as a backup; 0 where it does not."""
        wanted = self.inputs.get("settings", {}).get("finalBackupConfig", {})
        return wanted.get("retentionDays", 0) if wanted.get("enabled") else 0

    @property
    def is_cloud_s(self) -> bool:
        """Whether it is a thing in the cloud rather than Pulumi's own bookkeeping."""
        return bool(self.id) and not self.kind.startswith("pulumi:")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A stack's state. `document` is all of it, for an import of a changed one."""

    document: Document

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        found = self.document["deployment"].get("resources") or ()
        return tuple(_resource(each) for each in found if not each.get("delete"))

    @cached_property
    def pending(self) -> tuple[Resource, ...]:
        """What a killed run was creating, with the id that it has if it is there, if that is known.

        Pulumi may have noted the id, and nothing more.
        """
        operations = self.document["deployment"].get("pending_operations") or ()
        found = [_resource(each["resource"]) for each in operations if each["type"] == "creating"]
        return tuple(replace(each, id=each.id or self._expected_id(each)) for each in found)

    def provider_of(self, resource: Resource) -> Document:
        """Return the inputs of the provider that a resource is made by."""
        return next((each.inputs for each in self.resources if each.urn == resource.provider), {})

    def _expected_id(self, resource: Resource) -> str:
        return ids.id_of(resource.kind, resource.inputs, self.provider_of(resource)) or ""

    @property
    def outputs(self) -> dict[str, Any]:
        """What the program exported, as of its last complete run."""
        for each in self.document["deployment"].get("resources") or ():
            if each["type"] == "pulumi:pulumi:Stack":
                return each.get("outputs") or {}
        return {}

    @property
    def changed(self) -> datetime:
        """When the state was last written."""
        return datetime.fromisoformat(self.document["deployment"]["manifest"]["time"])

    @cached_property
    def kept(self) -> frozenset[str]:
        """The URNs that a teardown leaves: what is to be kept, and what that needs.

        Of what a killed run was creating, too.
        """
        by_urn = {each.urn: each for each in (*self.pending, *self.resources)}
        found: set[str] = set()
        waiting = [each.urn for each in by_urn.values() if each.is_kept]
        while waiting:
            urn = waiting.pop()
            if urn in by_urn and urn not in found:
                found.add(urn)
                waiting.extend(by_urn[urn].needs)
        return frozenset(found)

    def id_of(self, kind: str) -> str:
        """Return the id of the one resource of a type; empty where there is none."""
        return next((each.id for each in self.resources if each.kind == kind), "")

    @property
    def is_deployed(self) -> bool:
        """Whether a deploy has finished that no teardown has undone."""
        has_more = any(each.is_cloud_s and each.urn not in self.kept for each in self.resources)
        return "tracking_uri" in self.outputs and has_more

    def settled(self, ids: Mapping[str, str]) -> Document:
        """Return the state without pending operations, those of the URNs in `ids` as done."""
        deployment = self.document["deployment"]
        pending = [each["resource"] for each in deployment.get("pending_operations") or ()]
        done = [{**each, "id": ids[each["urn"]]} for each in pending if each["urn"] in ids]
        found = [*(deployment.get("resources") or ()), *done]
        changed = {**deployment, "resources": found, "pending_operations": []}
        return {**self.document, "deployment": changed}

    def freed(self) -> Document:
        """Return the state with everything free to be deleted, what it holds included."""
        deployment = self.document["deployment"]
        found = [_freed(each) for each in deployment.get("resources") or ()]
        return {**self.document, "deployment": {**deployment, "resources": found}}


def name_of(urn: str) -> str:
    """Return the name that the program gave: the last part of a URN."""
    return urn.rpartition("::")[2]


def _freed(found: Document) -> Document:
    # A secret goes with its vault: deleted before that, it would not come back with it.
    changed = {**found, "retainOnDelete": found["type"] in {VAULT_SECRET, LOG_BUCKET}}
    for side in ("inputs", "outputs"):
        properties = found.get(side) or {}
        if EMPTIED in properties or found["type"] == BUCKET:
            changed[side] = {**properties, EMPTIED: True}
    return changed


def _resource(found: Document) -> Resource:
    by_property = found.get("propertyDependencies") or {}
    inputs = found.get("inputs") or {}
    provider = (found.get("provider") or "").rpartition("::")[0]  # it ends in the provider's id
    needs = {
        *(found.get("dependencies") or ()),
        *(urn for urns in by_property.values() for urn in urns or ()),
        *filter(None, (found.get("parent"), provider, found.get("deletedWith"))),
    }
    return Resource(
        urn=found["urn"],
        kind=found["type"],
        id=found.get("id") or "",
        inputs=inputs,
        provider=provider,
        is_protected=bool(found.get("protect") or inputs.get("deletionProtection")),
        is_kept=bool(found.get("retainOnDelete") or found.get("protect")),
        needs=frozenset(needs),
    )
