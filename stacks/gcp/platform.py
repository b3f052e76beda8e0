"""Composes the platform on Google Cloud; each part is defined in the file of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from mlops_infra.server import MLFLOW_VERSION
from stacks.gcp.access import Access
from stacks.gcp.alarms import Alarms
from stacks.gcp.artifacts import Artifacts
from stacks.gcp.database import Database
from stacks.gcp.identity import Identity
from stacks.gcp.image import Images
from stacks.gcp.logs import Logs
from stacks.gcp.names import Names
from stacks.gcp.network import Network
from stacks.gcp.private_balancer import PrivateBalancer
from stacks.gcp.secrets import Secrets
from stacks.gcp.services import Services
from stacks.gcp.tracking import Tracking

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from mlops_infra.model import Publish


def program(environment: Environment, *, publish: Publish | None = None) -> None:
    """Declare one environment, from its file alone.

    `publish` is told of each image that is built; what it returns pushes that one, right before a
    server is made of it.

    Raises:
        UsageError: the file asks for what Google Cloud does not have.
    """
    names = Names(environment=environment)
    provider = gcp.Provider(
        "gcp",
        project=names.gcp.project,
        region=names.gcp.region,
        default_labels=names.labels,
        add_pulumi_attribution_label=False,
    )
    opts = pulumi.ResourceOptions(providers=[provider])
    services = Services("services", opts=opts)
    network = Network("network", names=names, services=services, opts=opts)
    identity = Identity("identity", names=names, services=services, opts=opts)
    secrets = Secrets("secrets", names=names, services=services, identity=identity, opts=opts)
    database = Database(
        "database", names=names, services=services, network=network, secrets=secrets, opts=opts
    )
    artifacts = Artifacts("artifacts", names=names, services=services, identity=identity, opts=opts)
    access = Access("access", names=names, services=services, network=network, opts=opts)
    tracking = Tracking(
        "tracking",
        names=names,
        services=services,
        network=network,
        database=database,
        artifacts=artifacts,
        access=access,
        identity=identity,
        secrets=secrets,
        images=Images("images", names=names, services=services, opts=opts),
        publish=publish,
        opts=opts,
    )
    access.open(tracking.service)
    Logs("logs", names=names, services=services, opts=opts)
    Alarms(
        "alarms",
        names=names,
        services=services,
        database=database,
        tracking=tracking,
        opts=opts,
    )
    _export(names=names, access=access, artifacts=artifacts, tracking=tracking)


def _export(*, names: Names, access: Access, artifacts: Artifacts, tracking: Tracking) -> None:
    """Export what an engine reads: keys are a contract with `engines/pulumi`, none is secret."""
    admin = tracking.held.get("MLFLOW_AUTH_ADMIN_PASSWORD")
    balancer = access.balancer
    outputs: dict[str, pulumi.Input[str] | None] = {
        "tracking_uri": access.url,
        "artifact_uri": artifacts.uri,
        "health_url": pulumi.Output.concat(access.url, tracking.spec.health_path),
        "mlflow_version": MLFLOW_VERSION,
        "admin_secret": admin.secret.id if admin else None,
        "service_name": names.base,
        "database_instance": names.database,
        "log_bucket": names.base,
        "front_address": balancer.address.address if balancer else None,
        "certificate_record": balancer.proof if isinstance(balancer, PrivateBalancer) else None,
    }
    for key, value in outputs.items():
        if value is not None:
            pulumi.export(key, value)
