"""What a run of the program declared, in Azure's terms, as the controls read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stacks.registered import Program

NATIVE = "azure-native:"


@dataclass
class Item:
    """One resource. A kind is `app:ContainerApp`, or a token in full where it is not Azure's."""

    kind: str
    name: str
    id: str
    inputs: dict[str, Any]
    secrets: set[str] = field(default_factory=set)
    """Paths of the inputs that are secret."""
    is_protected: bool = False
    is_retained: bool = False
    needs: set[str] = field(default_factory=set)
    """Ids of what must be there before it."""
    ignored: tuple[str, ...] = ()
    """Paths of inputs that a deploy leaves as they were made."""

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - JSON
        return self.inputs[key]

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON
        """What is at a path of keys and indexes, such as `template.containers.0.image`."""
        found: Any = self.inputs
        for step in path.split("."):
            try:
                found = found[int(step) if step.isdigit() else step]
            except (KeyError, IndexError, TypeError):
                return default
        return default if found is None else found


@dataclass
class Stack:
    """Everything that one environment declares."""

    items: list[Item]
    exports: dict[str, Any]
    secret_exports: frozenset[str]
    outputs: dict[str, dict[str, Any]]
    """What the cloud tells of each resource, by id."""

    @classmethod
    def of(
        cls,
        program: Program,
        *,
        ids: dict[tuple[str, str], str],
        outputs: dict[str, dict[str, Any]],
    ) -> Stack:
        """Read what was registered; components and providers are no resources of Azure."""
        by_urn = {each.urn: ids.get((each.token, each.name), "") for each in program.resources}
        items = [
            Item(
                kind=each.token.removeprefix(NATIVE),
                name=each.name,
                id=ids[each.token, each.name],
                inputs=each.inputs,
                secrets=set(each.secrets),
                is_protected=each.is_protected,
                is_retained=each.is_retained,
                needs={by_urn[urn] for urn in each.depends_on} - {""},
                ignored=tuple(each.request.ignoreChanges),
            )
            for each in program.resources
            if (each.token, each.name) in ids
        ]
        return cls(items, program.exports, program.secret_exports, outputs)

    def all(self, kind: str) -> list[Item]:
        return [each for each in self.items if each.kind == kind]

    def one(self, kind: str, name: str | None = None) -> Item:
        (found,) = (each for each in self.all(kind) if name in {None, each.name})
        return found

    def at(self, resource_id: str | None) -> Item | None:
        """The resource of an id."""
        return next((each for each in self.items if each.id == resource_id), None)

    @property
    def app(self) -> Item:
        return self.one("app:ContainerApp")

    @property
    def database(self) -> Item:
        return self.one("dbforpostgresql:Server")

    @property
    def account(self) -> Item:
        return self.one("storage:StorageAccount")

    @property
    def variables(self) -> dict[str, str]:
        """The container's plain variables."""
        return {each["name"]: each["value"] for each in self._env() if "value" in each}

    @property
    def secret_variables(self) -> dict[str, str]:
        """Which of the app's secrets each variable takes its value from."""
        return {each["name"]: each["secretRef"] for each in self._env() if "secretRef" in each}

    @property
    def generated(self) -> list[str]:
        """The values of the generated secrets."""
        return [each["result"] for each in self.outputs.values() if "result" in each]

    @property
    def principals(self) -> dict[str, str]:
        """What a role is given to, by the id of each identity."""
        return self._told("principalId")

    @property
    def clients(self) -> dict[str, str]:
        """What a program names an identity by, by its id."""
        return self._told("clientId")

    def secret_of(self, variable: str) -> str | None:
        """The value that a variable gets from the vault."""
        name = self.secret_variables.get(variable)
        found = (
            each.get("properties.value")
            for each in self.all("keyvault:Secret")
            if each["secretName"] == name
        )
        return next(found, None)

    def parameter(self, name: str) -> str | None:
        """A setting of PostgreSQL that the stack makes."""
        found = (
            each["value"]
            for each in self.all("dbforpostgresql:Configuration")
            if each["configurationName"] == name
        )
        return next(found, None)

    def endpoints_of(self, target: Item) -> list[Item]:
        """The private endpoints that lead to a resource."""
        return [
            each
            for each in self.all("network:PrivateEndpoint")
            if each.get("privateLinkServiceConnections.0.privateLinkServiceId") == target.id
        ]

    def locks_of(self, target: Item) -> list[Item]:
        """The locks that keep a resource from being deleted."""
        return [
            each
            for each in self.all("authorization:ManagementLockByScope")
            if each["scope"] == target.id and each["level"] in {"CanNotDelete", "ReadOnly"}
        ]

    def _told(self, key: str) -> dict[str, str]:
        return {each: told[key] for each, told in self.outputs.items() if key in told}

    def _env(self) -> list[dict[str, str]]:
        return self.app.get("template.containers.0.env", [])
