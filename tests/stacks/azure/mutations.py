"""Ways to break each control on purpose: one change of the stack each, told in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks import scorecard
from tests.stacks.azure.declared import Item

if TYPE_CHECKING:
    from tests.stacks.azure.declared import Stack

APP, FRONT = "app:ContainerApp", "app:ManagedEnvironment"
DB, PARAMETER = "dbforpostgresql:Server", "dbforpostgresql:Configuration"
ACCOUNT, RECOVERY = "storage:StorageAccount", "storage:BlobServiceProperties"
CONTAINER_OF_BLOBS = "storage:BlobContainer"
VAULT, SECRET, PASSWORD = (
    "keyvault:Vault",
    "keyvault:Secret",
    "random:index/randomPassword:RandomPassword",
)
GROUP, SUBNET, GUARD = "resources:ResourceGroup", "network:Subnet", "network:NetworkSecurityGroup"
ENDPOINT, RECORDS = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup"
ROLE, LOCK = "authorization:RoleAssignment", "authorization:ManagementLockByScope"
IDENTITY, REGISTRY = "managedidentity:UserAssignedIdentity", "containerregistry:Registry"
ALARM, TOLD = "monitor:MetricAlert", "monitor:ActionGroup"
WORKSPACE, COLLECTED = "operationalinsights:Workspace", "monitor:DiagnosticSetting"
SERVER = "template.containers.0"
INGRESS = "configuration.ingress"


class Edit:
    """Changes a stack in place. A path is of keys and indexes."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def named(self, kind: str, name: str = "") -> list[Item]:
        """Every resource of a kind whose name has `name` in it; there must be one."""
        found = [each for each in self.stack.all(kind) if name in each.name]
        assert found, f"no {kind} {name} to change"
        return found

    def put(self, kind: str, path: str, value: object, name: str = "") -> None:
        """Set one input of every such resource."""
        for each in self.named(kind, name):
            inner, key = scorecard.slot(each.inputs, path)
            inner[key] = value

    def drop(self, kind: str, path: str, name: str = "") -> None:
        """Remove one input of every such resource."""
        for each in self.named(kind, name):
            inner, key = scorecard.slot(each.inputs, path)
            del inner[key]

    def add(self, kind: str, resource_id: str = "/added", **inputs: object) -> None:
        """Add a resource."""
        self.stack.items.append(Item(kind, "added", resource_id, dict(inputs)))

    def remove(self, kind: str, name: str = "") -> None:
        """Remove every such resource."""
        gone = self.named(kind, name)
        self.stack.items = [each for each in self.stack.items if each not in gone]

    def protect(self, kind: str, *, is_protected: bool) -> None:
        for each in self.named(kind):
            each.is_protected = is_protected

    def retain(self, kind: str, *, is_retained: bool, name: str = "") -> None:
        for each in self.named(kind, name):
            each.is_retained = is_retained

    def move(self, kind: str, group: str) -> None:
        """Put a resource into the group of this name."""
        for each in self.named(kind):
            before, after = each.id.split("/providers/", 1)
            each.id = f"{before.rsplit('/', 1)[0]}/{group}/providers/{after}"

    def reveal(self, kind: str) -> None:
        """Have the state hold in clear what was secret."""
        for each in self.named(kind):
            each.secrets.clear()

    def variable(self, name: str, value: str) -> None:
        """Set a variable of the container, which may be new."""
        variables = self.named(APP)[0].inputs["template"]["containers"][0]["env"]
        variables[:] = [each for each in variables if each["name"] != name]
        variables.append({"name": name, "value": value})

    def export(self, name: str, value: str) -> None:
        """Set an output."""
        self.stack.exports[name] = value

    def allow(self, who: str, role: str, scope: str) -> None:
        """Give the identity `who` one more role."""
        principal = self.stack.principals[self.named(IDENTITY, who)[0].id]
        self.add(ROLE, principalId=principal, roleDefinitionId=f"/roles/{role}", scope=scope)


Mutation = scorecard.Mutation[Edit]
