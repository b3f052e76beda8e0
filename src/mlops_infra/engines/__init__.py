"""One engine a cloud, found by the cloud's name and imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.config.models import Cloud
from mlops_infra.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from mlops_infra.engines.base import Engine


def engine_for(cloud: Cloud) -> Engine:
    """Return the engine of `cloud`.

    Raises:
        UsageError: this version has none yet.
        PrerequisiteError: the cloud's extra is not installed.
    """
    try:
        if cloud is Cloud.LOCAL:
            from mlops_infra.engines.local.engine import LocalEngine  # only its cloud

            return LocalEngine()
        if cloud is Cloud.AWS:
            from mlops_infra.engines.cdk.engine import CdkEngine  # only its cloud: boto3

            return CdkEngine()
    except ModuleNotFoundError as error:
        raise PrerequisiteError(
            f"not installed: {error.name}", hint=f'pip install "mlops-infra[{cloud}]"'
        ) from error
    raise UsageError(
        f"this version cannot deploy to '{cloud}' yet; it deploys to: {Cloud.LOCAL}, {Cloud.AWS}",
        hint="add --cloud local to run the same platform on this machine",
    )
