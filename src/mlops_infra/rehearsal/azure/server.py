"""Identities, roles, registry and Container Apps: what starts the server, and refuses to."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from pulumi_azure_native import app, authorization, containerregistry, managedidentity

from mlops_infra.rehearsal.azure.arm import require, resource, scoped
from mlops_infra.rehearsal.pulumi.description import CloudError, Function
from mlops_infra.rehearsal.pulumi.names import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.description import Call, Properties

ENVIRONMENT = "Microsoft.App/managedEnvironments/{environmentName}"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
VAULT = "azure-native:keyvault:Vault"
REGISTRY = "azure-native:containerregistry:Registry"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
PULL = "7f951dda-4ed3-460f-a680-43fe172d538d"

DEPLOYER = "66666666-7777-8888-9999-000000000000"
MOST_FAILURES = 10
GIB_PER_CPU = 2


def _domain(call: Call) -> Properties:
    """Return what the platform makes up: the same for the same environment, as a letter game."""
    letters = sha256(call.id.encode()).hexdigest()[:8]
    location = call.inputs["location"]
    is_internal = call.inputs["vnetConfiguration"].get("internal", False)
    return {
        "defaultDomain": f"calmsea-{letters}.{location}.azurecontainerapps.io",
        "staticIp": "10.0.1.250" if is_internal else "203.0.113.20",
    }


def _refuse_environment(call: Call) -> None:
    require(call, call.inputs["vnetConfiguration"]["infrastructureSubnetId"], "the subnet")
    if call.old:
        for key in ("vnetConfiguration", "zoneRedundant"):
            if call.old.get(key) != call.inputs.get(key):
                raise CloudError(f"ManagedEnvironmentUpdateNotSupported: {key} cannot be changed")


def _host(call: Call) -> str:
    environment = call.cloud.get(
        "azure-native:app:ManagedEnvironment", call.inputs["managedEnvironmentId"]
    )
    if environment is None:
        raise CloudError(f"no environment '{call.inputs['managedEnvironmentId']}'")
    return environment.outputs["defaultDomain"]


def _running(call: Call) -> Properties:
    host, name = _host(call), call.inputs["containerAppName"]
    revision = sha256(str(call.inputs["template"]).encode()).hexdigest()[:7]
    ingress = call.inputs["configuration"]["ingress"]
    return {
        "configuration": {
            **call.inputs["configuration"],
            "ingress": {**ingress, "fqdn": f"{name}.{host}"},
        },
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {
                each: _identity(call, each) for each in call.inputs["identity"][_ASSIGNED]
            },
        },
        "latestRevisionName": f"{name}--{revision}",
        "latestReadyRevisionName": f"{name}--{revision}",
        "latestRevisionFqdn": f"{name}--{revision}.{host}",
    }


_ASSIGNED = "userAssignedIdentities"


def _identity(call: Call, identity_id: str) -> Properties:
    found = call.cloud.get(IDENTITY, identity_id)
    if found is None:
        raise CloudError(f"FailedIdentityOperation: '{identity_id}' was not found")
    return {key: found.outputs[key] for key in ("clientId", "principalId")}


def _refuse_app(call: Call) -> None:
    require(call, call.inputs["managedEnvironmentId"], "the environment")
    name = call.inputs["containerAppName"]
    if not re.fullmatch(r"(?!.*--)[a-z][a-z0-9-]{0,30}[a-z0-9]", name):
        raise CloudError(f"ContainerAppInvalidName: '{name}': 2 to 32 letters, digits, hyphens")
    for each in (
        *_bad_identities(call),
        *_bad_secrets(call),
        *_bad_registries(call),
        *_bad_template(call),
    ):
        raise CloudError(each)


def _bad_identities(call: Call) -> Iterator[str]:
    assigned = call.inputs["identity"][_ASSIGNED]
    configuration = call.inputs["configuration"]
    for key in ("identitySettings", "secrets", "registries"):
        for each in configuration.get(key, []):
            if each["identity"] not in assigned:
                yield f"{key}: '{each['identity']}' is not assigned to the app"
    for each in assigned:
        _identity(call, each)


def _bad_secrets(call: Call) -> Iterator[str]:
    for each in call.inputs["configuration"].get("secrets", []):
        vault, _, name = (
            each["keyVaultUrl"].removeprefix("https://").partition(".vault.azure.net/secrets/")
        )
        found = [
            f"{vault_id}/secrets/{name}"
            for vault_id in call.cloud.of(VAULT)
            if vault_id.endswith(f"/{vault}")
        ]
        if not found or not call.cloud.exists(found[0]):
            yield f"secret '{each['name']}': '{each['keyVaultUrl']}' was not found"
        elif not _may(call, each["identity"], SECRETS_USER, found[0]):
            yield f"secret '{each['name']}': '{each['identity']}' may not read it (Forbidden)"


def _bad_registries(call: Call) -> Iterator[str]:
    for each in call.inputs["configuration"].get("registries", []):
        ours = [
            registry_id
            for registry_id, found in call.cloud.of(REGISTRY).items()
            if found.outputs["loginServer"] == each["server"]
        ]
        if ours and not _may(call, each["identity"], PULL, ours[0]):
            yield f"registry '{each['server']}': unauthorized: '{each['identity']}' may not pull"


def _bad_template(call: Call) -> Iterator[str]:
    template, configuration = call.inputs["template"], call.inputs["configuration"]
    secrets = {each["name"] for each in configuration.get("secrets", [])}
    for container in template["containers"]:
        resources = container["resources"]
        if resources["memory"] != f"{resources['cpu'] * GIB_PER_CPU:g}Gi":
            yield f"ContainerAppInvalidResourceTotal: {resources['cpu']}, {resources['memory']}"
        for variable in container["env"]:
            if variable.get("secretRef", "") not in {"", *secrets}:
                yield f"'{variable['name']}' refers to no secret of the app"
        for probe in container["probes"]:
            if not 1 <= probe["failureThreshold"] <= MOST_FAILURES:
                yield f"failureThreshold of {probe['type']} is not in 1 to {MOST_FAILURES}"
    scale = template["scale"]
    if scale["minReplicas"] > scale["maxReplicas"]:
        yield "minReplicas is more than maxReplicas"
    if scale["minReplicas"] == 0 and any("custom" in each for each in scale["rules"]):
        yield "a rule on CPU cannot scale to zero"


def _may(call: Call, identity_id: str, role: str, scope: str) -> bool:
    principal = _identity(call, identity_id)["principalId"]
    return any(
        each.inputs["principalId"] == principal
        and each.inputs["roleDefinitionId"].endswith(f"/{role}")
        and (scope == each.inputs["scope"] or scope.startswith(f"{each.inputs['scope']}/"))
        for each in call.cloud.of(ASSIGNMENT).values()
    )


FUNCTIONS = (
    Function(
        token="azure-native:authorization:getClientConfig",  # noqa: S106 - a name
        arguments=frozenset(),
        answer=lambda call: {
            "clientId": DEPLOYER,
            "objectId": DEPLOYER,
            "subscriptionId": call.config["subscriptionId"],
            "tenantId": TENANT,
        },
    ),
)
TYPES = (
    resource(
        managedidentity.UserAssignedIdentity,
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
        computed=lambda call: {
            "clientId": str(uuid5(NAMESPACE_URL, f"client of {call.id}")),
            "principalId": str(uuid5(NAMESPACE_URL, f"principal of {call.id}")),
            "tenantId": TENANT,
        },
    ),
    resource(
        managedidentity.FederatedIdentityCredential,
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
        "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    ),
    scoped(
        authorization.RoleDefinition,
        "Microsoft.Authorization/roleDefinitions",
        name="roleDefinitionId",
    ),
    scoped(
        authorization.RoleAssignment,
        "Microsoft.Authorization/roleAssignments",
        name="roleAssignmentName",
        replace_on=frozenset({"principalId", "roleDefinitionId", "principalType"}),
    ),
    scoped(authorization.ManagementLockByScope, "Microsoft.Authorization/locks", name="lockName"),
    resource(
        containerregistry.Registry,
        "Microsoft.ContainerRegistry/registries/{registryName}",
        computed=lambda call: {"loginServer": f"{call.inputs['registryName']}.azurecr.io"},
        is_named_once=True,
    ),
    resource(app.ManagedEnvironment, ENVIRONMENT, computed=_domain, refuse=_refuse_environment),
    resource(
        app.ContainerApp,
        "Microsoft.App/containerApps/{containerAppName}",
        computed=_running,
        refuse=_refuse_app,
        replace_on=frozenset({"managedEnvironmentId"}),
        volatile=frozenset(
            {"latestRevisionName", "latestReadyRevisionName", "latestRevisionFqdn", "identity"}
        ),
    ),
    resource(
        app.ManagedCertificate, f"{ENVIRONMENT}/managedCertificates/{{managedCertificateName}}"
    ),
)
