"""The tracking server: the server spec of every cloud, as a container app that scales on load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import app

from mlops_infra.images import pushed_by
from mlops_infra.server import Placement, ServerSpec, server_spec
from stacks.azure.access import PROFILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.model import Publish
    from stacks.azure.access import Access
    from stacks.azure.artifacts import Artifacts
    from stacks.azure.database import Database
    from stacks.azure.groups import Groups
    from stacks.azure.identities import Identities
    from stacks.azure.image import Image
    from stacks.azure.names import Names
    from stacks.azure.vault import Password

MOST_FAILURES = 10
"""How often a probe may fail, at most: https://learn.microsoft.com/azure/container-apps/health-probes"""
REQUESTS_PER_WORKER = 20
"""At once; half of a worker's threads. One more replica is started above."""


class Tracking(pulumi.ComponentResource):
    """A container app of identical replicas, unprivileged, in an identity for its own things."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        identities: Identities,
        database: Database,
        artifacts: Artifacts,
        access: Access,
        image: Image,
        secrets: Mapping[str, Password],
        publish: Publish | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Tracking", name, opts=opts)
        self._names, self._identities, self._image = names, identities, image
        self._database, self._artifacts, self._access = database, artifacts, access
        # Only the allowed host and origin follow from the address, which Azure makes up.
        self.spec = self._spec("https://localhost")
        self._secrets = {key: secrets[key] for key in self.spec.secrets}
        roles = self._allow()
        # id is a contract: renaming replaces the server
        self.app = app.ContainerApp(
            "server",
            resource_group_name=groups.compute.name,
            container_app_name=access.server_name,
            location=names.location,
            managed_environment_id=access.environment.id,
            workload_profile_name=PROFILE,
            identity=app.ManagedServiceIdentityArgs(
                type=app.ManagedServiceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[identities.server.id, identities.starter.id],
            ),
            configuration=self._configuration(),
            template=self._template(),
            tags=names.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*roles, *image.ready, database.endpoint, artifacts.endpoint],
                hooks=pushed_by(publish, image.built),
            ),
        )
        access.certify(self.app)
        self.register_outputs({})

    def _spec(self, public_url: str) -> ServerSpec:
        placement = Placement(
            database=self._database.address,
            artifacts_uri=self._artifacts.uri,
            public_url=public_url,
        )
        return server_spec(self._names.environment, placement)

    def _allow(self) -> list[pulumi.Resource]:
        """Give both identities what they need: one container, and each secret by itself."""
        return [
            self._identities.allow(
                "use-artifacts",
                identity=self._identities.server,
                role="Storage Blob Data Contributor",
                scope=self._artifacts.container.id,
                scope_key=self._names.storage_account,
            ),
            *(
                self._identities.allow(
                    f"read-{each.name}",
                    identity=self._identities.starter,
                    role="Key Vault Secrets User",
                    scope=each.secret.id,
                    scope_key=self._names.vault,
                )
                for each in self._secrets.values()
            ),
        ]

    def _configuration(self) -> app.ConfigurationArgs:
        starter, registry = self._identities.starter.id, self._image.registry
        lifecycle = app.IdentitySettingsLifeCycle
        return app.ConfigurationArgs(
            # The old revision serves until the new one is healthy, and goes on if it never is.
            active_revisions_mode=app.ActiveRevisionsMode.SINGLE,
            max_inactive_revisions=5,
            ingress=self._access.ingress(port=self.spec.port),
            identity_settings=[
                app.IdentitySettingsArgs(
                    identity=self._identities.server.id, lifecycle=lifecycle.MAIN
                ),
                app.IdentitySettingsArgs(identity=starter, lifecycle=lifecycle.NONE),
            ],
            registries=[app.RegistryCredentialsArgs(server=registry, identity=starter)]
            if registry
            else None,
            secrets=[
                app.SecretArgs(name=each.name, key_vault_url=each.url, identity=starter)
                for each in self._secrets.values()
            ],
        )

    def _template(self) -> app.TemplateArgs:
        server = self._names.environment.server
        return app.TemplateArgs(
            containers=[
                app.ContainerArgs(
                    name="server",
                    image=self._image.reference,
                    args=list(self.spec.argv),
                    env=pulumi.Output.all(
                        url=self._access.url, client_id=self._identities.server.client_id
                    ).apply(self._variables),
                    resources=app.ContainerResourcesArgs(
                        cpu=float(server.cpu), memory=f"{server.memory_gib}Gi"
                    ),
                    probes=self._probes(),
                )
            ],
            scale=self._scale(),
            termination_grace_period_seconds=self.spec.stop_grace_seconds + 15,
        )

    def _variables(self, known: Mapping[str, str]) -> list[app.EnvironmentVarArgs]:
        variables = {
            **self._spec(known["url"]).variables,
            "AZURE_CLIENT_ID": known["client_id"],  # which of its identities it is
        }
        return [
            *(app.EnvironmentVarArgs(name=key, value=value) for key, value in variables.items()),
            *(
                app.EnvironmentVarArgs(name=key, secret_ref=each.name)
                for key, each in self._secrets.items()
            ),
        ]

    def _probes(self) -> list[app.ContainerAppProbeArgs]:
        health = app.ContainerAppProbeHttpGetArgs(
            path=self.spec.health_path, port=self.spec.port, scheme=app.Scheme.HTTP
        )
        return [
            app.ContainerAppProbeArgs(
                type=app.Type.STARTUP,
                http_get=health,
                period_seconds=-(-self.spec.start_grace_seconds // MOST_FAILURES),
                failure_threshold=MOST_FAILURES,
                timeout_seconds=5,
            ),
            *(
                app.ContainerAppProbeArgs(
                    type=kind,
                    http_get=health,
                    period_seconds=15,
                    failure_threshold=3,
                    timeout_seconds=5,
                )
                for kind in (app.Type.READINESS, app.Type.LIVENESS)
            ),
        ]

    def _scale(self) -> app.ScaleArgs:
        replicas = self._names.environment.server.replicas
        requests = REQUESTS_PER_WORKER * self.spec.workers
        rules = [
            app.ScaleRuleArgs(
                name="requests",
                http=app.HttpScaleRuleArgs(metadata={"concurrentRequests": str(requests)}),
            )
        ]
        if replicas.min > 0:  # a rule on CPU would keep one replica running
            rules.append(
                app.ScaleRuleArgs(
                    name="cpu",
                    custom=app.CustomScaleRuleArgs(
                        type="cpu", metadata={"type": "Utilization", "value": "60"}
                    ),
                )
            )
        return app.ScaleArgs(min_replicas=replicas.min, max_replicas=replicas.max, rules=rules)
