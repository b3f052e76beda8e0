"""One engine a cloud, found by the cloud's name and imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.config.models import Cloud
from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from mlops_infra.engines.base import Engine


def engine_for(cloud: Cloud) -> Engine:
    """Return the engine of `cloud`.

    Raises:
        PrerequisiteError: the cloud's extra is not installed.
    """
    try:
        if cloud is Cloud.LOCAL:
            from mlops_infra.engines.local.engine import LocalEngine  # only its cloud

            return LocalEngine()
        if cloud is Cloud.AWS:
            from mlops_infra.engines.cdk.engine import CdkEngine  # only its cloud: boto3

            return CdkEngine()
        from mlops_infra.engines.pulumi.engine import PulumiEngine  # its SDK comes later still

        return PulumiEngine()
    except ModuleNotFoundError as error:
        raise PrerequisiteError(
            f"not installed: {error.name}", hint=f'pip install "mlops-infra[{cloud}]"'
        ) from error
