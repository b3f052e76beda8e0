"""What must be there before the first deploy: Pulumi's state, the key to it, and whom CI is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pulumi
import pulumi_gcp as gcp

from mlops_infra.errors import UsageError
from stacks.gcp.deployer import APIS as DEPLOYER_APIS
from stacks.gcp.deployer import Deployer
from stacks.gcp.names import Names

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment

BUCKET, KEY = "gs://", "gcpkms://"
KEY_PATH = re.compile(
    r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
    r"/keyRings/(?P<ring>[^/]+)/cryptoKeys/(?P<key>[^/?]+)"
)
APIS = ("cloudresourcemanager", "serviceusage", "storage")
"""What every later request needs; the stack switches on the others."""

OLD_STATES, OLD_STATE_DAYS = 30, 90
"""A state of before is kept as long as it is one of the newest, or younger."""

ROTATION = f"{90 * 24 * 3600}s"


def program(environment: Environment) -> None:
    """Declare the bucket and the key that the file names, whichever of both are Google's.

    Where it names a repository, also as whom that deploys; `ci_variables` are what it needs.

    Raises:
        UsageError: the key's path is none.
    """
    names = Names(environment=environment)
    state = names.gcp.state
    provider = gcp.Provider(
        "gcp",
        project=names.gcp.project,
        region=names.gcp.region,
        default_labels={"project": environment.project},  # environments share it
        add_pulumi_attribution_label=False,
    )
    opts = pulumi.ResourceOptions(provider=provider)
    ci = environment.ci
    apis = (*APIS, *DEPLOYER_APIS) if ci else APIS
    on = [_api(api, names.gcp.project, opts) for api in apis]
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=on))
    deployer = Deployer(names=names, ci=ci, opts=after) if ci else None
    if state.url.startswith(BUCKET):
        _bucket(names, urlsplit(state.url).netloc, deployer, after)
    if state.secrets_provider.startswith(KEY):
        _key(state.secrets_provider, deployer, after)
    if deployer:
        pulumi.export("ci_variables", deployer.variables)


def _api(name: str, project: str, opts: pulumi.ResourceOptions) -> gcp.projects.Service:
    return gcp.projects.Service(
        name,
        service=f"{name}.googleapis.com",
        project=project,
        disable_on_destroy=False,
        opts=opts,
    )


def _bucket(
    names: Names, name: str, deployer: Deployer | None, opts: pulumi.ResourceOptions
) -> None:
    made = gcp.storage.Bucket(
        "state",
        name=name,
        location=names.gcp.region.upper(),
        storage_class="STANDARD",
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        versioning=gcp.storage.BucketVersioningArgs(enabled=True),
        lifecycle_rules=[
            gcp.storage.BucketLifecycleRuleArgs(
                action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
                condition=gcp.storage.BucketLifecycleRuleConditionArgs(
                    num_newer_versions=OLD_STATES,
                    days_since_noncurrent_time=OLD_STATE_DAYS,
                    with_state="ARCHIVED",
                ),
            )
        ],
        force_destroy=False,
        # Environments in other regions share it: it is where the first made it, and moves nowhere.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(ignore_changes=["location"])
        ),
    )
    if deployer:
        deployer.let_into(made, name)


def _key(url: str, deployer: Deployer | None, opts: pulumi.ResourceOptions) -> None:
    found = KEY_PATH.fullmatch(url.removeprefix(KEY))
    if found is None:
        raise UsageError(
            f"gcp.state.secrets_provider names no key: {url}",
            hint=f"{KEY}projects/P/locations/L/keyRings/R/cryptoKeys/K",
        )
    api = _api("cloudkms", found["project"], opts)  # a key may be kept in a project of its own
    ring = gcp.kms.KeyRing(
        "ring",
        name=found["ring"],
        location=found["location"],
        project=found["project"],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[api])),
    )
    path = "projects/{project}/locations/{location}/keyRings/{ring}".format_map(found.groupdict())
    made = gcp.kms.CryptoKey(
        "key",
        name=found["key"],
        key_ring=path,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=ROTATION,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[ring])),
    )
    if deployer:
        deployer.let_use(made, f"{path}/cryptoKeys/{found['key']}")
