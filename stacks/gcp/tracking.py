"""The tracking server: the server spec of every cloud, as a Cloud Run service behind a front.

Cloud Run ends an HTTP/1 request at 32 MiB, an HTTP/2 one not at all, and MLflow's server speaks
HTTP/1 only. So a front (`front/nginx.conf`) takes HTTP/2 and hands it on, unbuffered:
https://cloud.google.com/run/quotas#request_limits_for_services
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from mlops_infra.images import pushed_by
from mlops_infra.server import Database as Address
from mlops_infra.server import Placement, ServerSpec, server_spec
from stacks.gcp.containers import front, server, volumes
from stacks.gcp.database import USER

if TYPE_CHECKING:
    from mlops_infra.model import Publish
    from stacks.gcp.access import Access
    from stacks.gcp.artifacts import Artifacts
    from stacks.gcp.database import Database
    from stacks.gcp.identity import Identity
    from stacks.gcp.image import Images
    from stacks.gcp.names import Names
    from stacks.gcp.network import Network
    from stacks.gcp.secrets import Held, Secrets
    from stacks.gcp.services import Services

AUTHORITY_FILE = "/run/database/authority.pem"
KEY_OF_KEYS = "MLFLOW_CRYPTO_KEK_PASSPHRASE"
"""MLflow's own keys in the database are encrypted with it, so a final backup needs it."""
SECRETS = {
    KEY_OF_KEYS: "crypto-kek-passphrase",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "flask-server-secret-key",
    # id is a contract: the engine reads the administrator's password by it, on every cloud
    "MLFLOW_AUTH_ADMIN_PASSWORD": "admin-password",
}
"""What Secret Manager calls the server's secrets, besides the database's."""
THREADS = 40
"""Requests that one of MLflow's workers serves at a time; more would only wait in it."""
REQUEST_SECONDS = 3600
"""The longest that Cloud Run allows: a large artifact takes what it takes."""


class Tracking(pulumi.ComponentResource):
    """A service that scales on load between the file's bounds, to none where the file says so."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        services: Services,
        network: Network,
        database: Database,
        artifacts: Artifacts,
        access: Access,
        identity: Identity,
        secrets: Secrets,
        images: Images,
        publish: Publish | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Tracking", name, None, opts)
        wanted = names.environment.server

        def spec(host: str, url: str) -> ServerSpec:
            # The authority is the instance's own, so whoever it vouches for is the instance; its
            # certificate names no address, so there is no name to verify.
            address = Address(
                host=host, user=USER, ssl_mode="verify-ca", ssl_root_cert=AUTHORITY_FILE
            )
            place = Placement(database=address, artifacts_uri=artifacts.uri, public_url=url)
            return server_spec(names.environment, place)

        self.spec = spec("not known yet", "https://not.known.yet")
        variables = pulumi.Output.all(database.host, access.url).apply(
            lambda found: dict(spec(*found).variables)
        )
        self.held: dict[str, Held] = {
            name: database.password
            if name == "PGPASSWORD"
            else secrets.generate(SECRETS[name], is_kept=name == KEY_OF_KEYS)
            for name in self.spec.secrets
        }
        readable = [each.grant for each in (*self.held.values(), database.authority)]
        # id is a contract: renaming replaces the service
        self.service = gcp.cloudrunv2.Service(
            "service",
            name=names.base,
            location=names.gcp.region,
            ingress=access.ingress,
            default_uri_disabled=access.is_behind_balancer,
            invoker_iam_disabled=True,  # MLflow asks who somebody is, by the header IAM would take
            deletion_protection=names.environment.protected,
            scaling=gcp.cloudrunv2.ServiceScalingArgs(
                # Of the service, not of a revision: during a rollout there are two of those.
                min_instance_count=wanted.replicas.min,
                max_instance_count=wanted.replicas.max,
            ),
            traffics=[
                gcp.cloudrunv2.ServiceTrafficArgs(
                    type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent=100
                )
            ],
            template=gcp.cloudrunv2.ServiceTemplateArgs(
                service_account=identity.account.email,
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                max_instance_request_concurrency=THREADS * wanted.workers,
                timeout=f"{REQUEST_SECONDS}s",
                labels=names.labels,
                scaling=gcp.cloudrunv2.ServiceTemplateScalingArgs(
                    max_instance_count=wanted.replicas.max
                ),
                vpc_access=gcp.cloudrunv2.ServiceTemplateVpcAccessArgs(
                    egress="PRIVATE_RANGES_ONLY",
                    network_interfaces=[
                        gcp.cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(
                            network=network.network.id, subnetwork=network.subnet.id
                        )
                    ],
                ),
                containers=[
                    front(images.front),
                    server(
                        self.spec,
                        image=images.server,
                        cpu=wanted.cpu,
                        variables=variables,
                        held=self.held,
                        authority_file=AUTHORITY_FILE,
                    ),
                ],
                volumes=volumes(authority=database.authority, authority_file=AUTHORITY_FILE),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[
                    services["run"],
                    images.repository,
                    database.user,
                    artifacts.grant,
                    *readable,
                ],
                hooks=pushed_by(publish, images.built),
            ),
        )
        self.register_outputs({})
