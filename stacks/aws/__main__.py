"""What `cdk.json` runs, by hand (`npx cdk -c env=prod diff`) and from `mlops-infra` alike."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from mlops_infra.config.loader import load_environment
from mlops_infra.errors import InfraError
from stacks.aws.deployer import Deployer
from stacks.aws.platform import Platform

FEATURES = {
    "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:createDefaultLoggingPolicy": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:target-partitions": ["aws"],
}
"""CDK's own switches. Here rather than in `cdk.json`, so that they hold however it is run."""


def main() -> None:
    """Synthesise the stack of the environment that the context `env` names.

    With `deployer` it is the one of whom CI deploys as: `alone`, or `with-provider`.
    """
    app = cdk.App(context=FEATURES, analytics_reporting=False)
    name = app.node.try_get_context("env")
    if not name:
        sys.exit("name an environment: npx cdk -c env=dev …")
    try:
        environment = load_environment(Path.cwd(), name)
        if environment.aws is None:
            sys.exit(f"error: environment '{name}' has no section 'aws'")
        # ids are contracts: they are the stacks' names, by which every command finds them again
        provider = app.node.try_get_context("deployer")
        if provider:
            makes = provider == "with-provider"
            Deployer(app, environment.deployer_name, environment=environment, makes_provider=makes)
        else:
            Platform(app, environment.full_name, environment=environment)
    except InfraError as error:
        sys.exit(f"error: {error.message}")
    app.synth()


if __name__ == "__main__":
    main()
