"""Composes the platform on Azure; each part is defined in the file of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from mlops_infra.server import MLFLOW_VERSION
from stacks.azure import limits
from stacks.azure.access import Access
from stacks.azure.alarms import Alarms
from stacks.azure.artifacts import Artifacts
from stacks.azure.database import Database
from stacks.azure.groups import Groups
from stacks.azure.identities import Identities
from stacks.azure.image import Image
from stacks.azure.logs import Logs
from stacks.azure.names import DATABASE, Names
from stacks.azure.network import Network
from stacks.azure.tracking import Tracking
from stacks.azure.vault import Vault

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from mlops_infra.model import Publish

SECRETS = {
    "PGPASSWORD": "database-password",
    "MLFLOW_CRYPTO_KEK_PASSPHRASE": "crypto-kek-passphrase",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "flask-server-secret-key",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "admin-password",
}
"""What the vault calls the server's secrets. All are made and kept, asked for or not: a server that
asks for one later finds what its database knows."""


def program(
    environment: Environment,
    *,
    publish: Publish | None = None,
    recover_vault: bool = False,
) -> None:
    """Declare one environment, from its file alone.

    `publish` is told of each image that is built; what it returns pushes that one, right before a
    server is made of it. `recover_vault` takes back a vault that was deleted and whose name is
    still taken, with its secrets.

    Raises:
        UsageError: the file asks for what Azure does not have.
    """
    names = Names(environment=environment)
    limits.check(names)
    # The file's subscription, whichever one the command line of Azure is signed in to.
    azure = azure_native.Provider("azure", subscription_id=names.azure.subscription_id)
    inside = pulumi.ResourceOptions(providers=[azure])
    groups = Groups("groups", opts=inside, names=names)
    logs = Logs("logs", opts=inside, names=names, groups=groups)
    network = Network("network", opts=inside, names=names, groups=groups)
    identities = Identities("identities", opts=inside, names=names, groups=groups)
    vault = Vault(
        "vault",
        opts=inside,
        names=names,
        group=groups.data,
        recover=recover_vault,
    )
    secrets = {variable: vault.password(name) for variable, name in SECRETS.items()}
    database = Database(
        "database",
        opts=inside,
        names=names,
        groups=groups,
        network=network,
        logs=logs,
        password=secrets["PGPASSWORD"],
    )
    artifacts = Artifacts("artifacts", opts=inside, names=names, groups=groups, network=network)
    access = Access("access", opts=inside, names=names, groups=groups, network=network, logs=logs)
    tracking = Tracking(
        "tracking",
        opts=inside,
        names=names,
        groups=groups,
        identities=identities,
        database=database,
        artifacts=artifacts,
        access=access,
        image=Image("image", opts=inside, names=names, groups=groups, identities=identities),
        secrets=secrets,
        publish=publish,
    )
    Alarms("alarms", opts=inside, names=names, groups=groups, database=database, tracking=tracking)
    _publish(names=names, access=access, artifacts=artifacts, tracking=tracking, logs=logs)


def _publish(
    *, names: Names, access: Access, artifacts: Artifacts, tracking: Tracking, logs: Logs
) -> None:
    """Export what an engine reads: keys are a contract with `engines/pulumi`, none is secret."""
    outputs: dict[str, pulumi.Input[str] | None] = {
        "tracking_uri": access.url,
        "artifact_uri": artifacts.uri,
        "health_url": pulumi.Output.concat(access.url, tracking.spec.health_path),
        "mlflow_version": MLFLOW_VERSION,
        "admin_secret": None
        if "MLFLOW_AUTH_ADMIN_PASSWORD" not in tracking.spec.secrets
        else f"https://{names.vault}.vault.azure.net/secrets/{SECRETS['MLFLOW_AUTH_ADMIN_PASSWORD']}",
        "resource_group": names.group,
        "data_resource_group": names.data_group,
        "server_name": access.server_name,
        "log_workspace": logs.workspace.customer_id,
        "database_server": names.server,
        "database_name": DATABASE,
    }
    for key, value in outputs.items():
        if value is not None:
            pulumi.export(key, value)
