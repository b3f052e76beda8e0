"""What Azure's resource manager does for every type: ids, parents, names, locks.

An id is a path, `/subscriptions/S/resourceGroups/G/providers/Microsoft.X/kind/NAME`, so what is
made twice clashes, and what a group or a parent holds goes with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pulumi_azure_native as azure

from mlops_infra.rehearsal.pulumi.description import CloudError, ResourceType
from mlops_infra.rehearsal.pulumi.schema import output_names

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulumi

    from mlops_infra.rehearsal.pulumi.cloud import Cloud
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

GROUP = "azure-native:resources:ResourceGroup"
VAULT, SECRET = "azure-native:keyvault:Vault", "azure-native:keyvault:Secret"
DELETED_VAULT, DELETED_SECRET = "deleted vault", "deleted secret"
"""What the cloud file calls a vault whose name is still taken, and what was in it."""
LOCK = "azure-native:authorization:ManagementLockByScope"
BY_DEFAULT = ("/blobServices/default",)
"""Parts of an id that are there as soon as their parent is."""


def resource(
    sdk: type[pulumi.Resource],
    path: str,
    *,
    computed: Callable[[Call], Properties] = lambda _: {},
    refuse: Callable[[Call], None] = lambda _: None,
    refuse_update: Callable[[Call], None] = lambda _: None,
    after_create: Callable[[Call], None] = lambda _: None,
    before_delete: Callable[[Call], None] = lambda _: None,
    replace_on: frozenset[str] = frozenset(),
    write_only: frozenset[str] = frozenset(),
    volatile: frozenset[str] = frozenset(),
    is_named_once: bool = False,
) -> ResourceType:
    """Describe a type in a resource group: `Microsoft.X/kind/{nameInput}`.

    `refuse` sees every create and update. `is_named_once`: all of Azure shares its names.
    """
    named = frozenset(re.findall(r"\{(\w+)\}", path))

    def make_id(call: Call) -> str:
        group = f"{_subscription(call)}/resourceGroups/{call.inputs['resourceGroupName']}"
        return f"{group}/providers/{path.format_map(_Names(call.inputs))}"

    def before_create(call: Call) -> None:
        if "/resourceGroups/" in call.id:
            _refuse_without_parent(call)
        if is_named_once and _is_taken(call, sdk):
            raise CloudError(f"the name '{_name(call.id)}' is already taken")
        refuse(call)

    def before_update(call: Call) -> None:
        refuse(call)
        refuse_update(call)

    def refuse_or_leave(call: Call) -> None:
        refuse_locked(call)
        before_delete(call)

    return ResourceType(
        sdk=sdk,
        id=make_id,
        computed=lambda call: {**_common(call, sdk), **computed(call)},
        replace_on=named | {"resourceGroupName", "location"} | replace_on,
        write_only=write_only,
        volatile=volatile,
        before_create=before_create,
        after_create=after_create,
        before_update=before_update,
        before_delete=refuse_or_leave,
        contains=True,
    )


def refuse_locked(call: Call) -> None:
    """Refuse to delete what a lock covers, or what holds something that one covers."""
    for lock in call.cloud.of(LOCK).values():
        scope = lock.inputs["scope"]
        covers = call.id == scope or call.id.startswith(f"{scope}/")
        if covers or scope.startswith(f"{call.id}/"):
            name = lock.inputs["lockName"]
            raise CloudError(f"ScopeLocked: '{call.id}' is locked by '{name}' at {scope}")


def require(call: Call, resource_id: str, what: str) -> None:
    """Refuse what names something that is not there.

    Raises:
        CloudError: it is not.
    """
    if not call.cloud.exists(resource_id):
        raise CloudError(f"InvalidResourceReference: {what} '{resource_id}' was not found")


def _refuse_without_parent(call: Call) -> None:
    group = call.id.split("/providers/")[0]
    if not call.cloud.get(GROUP, group):
        raise CloudError(f"ResourceGroupNotFound: '{_name(group)}' could not be found")
    within = call.id.split("/providers/")[1].split("/")
    if len(within) > 3:  # a provider, a kind and a name are a resource of their own
        parent = call.id.rsplit("/", 2)[0]
        for part in BY_DEFAULT:
            parent = parent.removesuffix(part)
        if not call.cloud.exists(parent):
            raise CloudError(f"ParentResourceNotFound: '{parent}' could not be found")


def _is_taken(call: Call, sdk: type[pulumi.Resource]) -> bool:
    token = sdk.pulumi_type  # ty: ignore[missing-attribute] - set by pulumi.type_token
    return any(_name(each) == _name(call.id) for each in call.cloud.of(token))


class _Names(dict[str, Any]):
    """Inputs to fill a path with; a name that was left out is the provider's to make up."""

    def __missing__(self, key: str) -> str:
        raise CloudError(f"{key} is missing: every name is to be one of the stack's own")


def _subscription(call: Call) -> str:
    subscription = call.config.get("subscriptionId")
    if not subscription:
        raise CloudError("subscriptionId is missing in the provider's configuration")
    return f"/subscriptions/{subscription}"


def _name(resource_id: str) -> str:
    return resource_id.rsplit("/", 1)[1]


def _common(call: Call, sdk: type[pulumi.Resource]) -> Properties:
    told = {"name": _name(call.id), "type": _type(call.id)}
    return {key: value for key, value in told.items() if key in output_names(sdk)}


def _type(resource_id: str) -> str:
    provider, *rest = resource_id.rsplit("/providers/", 1)[1].split("/")
    return "/".join([provider, *rest[::2]])


def soft_delete_vault(cloud: Cloud, vault_id: str) -> None:
    """Keep what a deleted vault was and held: its name stays taken, and it can be had back.

    https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
    """
    name, vault = _name(vault_id), cloud.get(VAULT, vault_id)
    if vault:
        cloud.put(DELETED_VAULT, name, vault)
    for secret_id, secret in cloud.of(SECRET).items():
        if secret_id.startswith(f"{vault_id}/"):
            cloud.put(DELETED_SECRET, f"{name}/secrets/{_name(secret_id)}", secret)


def recover_vault(cloud: Cloud, vault_id: str) -> None:
    """Bring back what a deleted vault held."""
    name = _name(vault_id)
    cloud.delete(DELETED_VAULT, name)
    for secret_id, secret in cloud.of(DELETED_SECRET).items():
        if secret_id.startswith(f"{name}/"):
            cloud.put(SECRET, f"{vault_id}/secrets/{_name(secret_id)}", secret)
            cloud.delete(DELETED_SECRET, secret_id)


def group_type() -> ResourceType:
    """Describe resource groups: a deleted one takes along all it holds."""

    def soft_delete(call: Call) -> None:
        refuse_locked(call)
        for vault_id in call.cloud.of(VAULT):
            if vault_id.startswith(f"{call.id}/"):
                soft_delete_vault(call.cloud, vault_id)

    return ResourceType(
        sdk=azure.resources.ResourceGroup,
        id=lambda call: f"{_subscription(call)}/resourceGroups/{call.inputs['resourceGroupName']}",
        computed=lambda call: {
            "name": call.inputs["resourceGroupName"],
            "type": "Microsoft.Resources/resourceGroups",
        },
        replace_on=frozenset({"resourceGroupName", "location"}),
        before_delete=soft_delete,
        contains=True,
    )


def scoped(
    sdk: type[pulumi.Resource],
    path: str,
    *,
    name: str,
    scope: str = "scope",
    replace_on: frozenset[str] = frozenset(),
) -> ResourceType:
    """Describe a type that lies on another resource, which its input `scope` names."""

    def before_create(call: Call) -> None:
        if call.inputs[scope] != _subscription(call):  # which is always there
            require(call, call.inputs[scope], "the scope")

    def before_delete(call: Call) -> None:
        if sdk is not azure.authorization.ManagementLockByScope:  # to take a lock away is allowed
            refuse_locked(call)

    return ResourceType(
        sdk=sdk,
        id=lambda call: f"{call.inputs[scope]}/providers/{path}/{call.inputs[name]}",
        computed=lambda call: {"name": call.inputs[name], "type": path},
        replace_on=frozenset({scope, name}) | replace_on,
        before_create=before_create,
        before_delete=before_delete,
    )
