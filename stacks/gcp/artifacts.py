"""The artifact store: a private bucket that outlives its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

if TYPE_CHECKING:
    from stacks.gcp.identity import Identity
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services

PREFIX = "artifacts"
UNFINISHED_DAYS = 7
UNDELETE_SECONDS = 7 * 24 * 3600
"""Google keeps what was deleted this long in any case, unless told otherwise: so it is told."""


class Artifacts(pulumi.ComponentResource):
    """A bucket, closed to the public; a teardown leaves it, and its name is ours to find it by."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        services: Services,
        identity: Identity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Artifacts", name, None, opts)
        # id is a contract: renaming replaces the bucket
        self.bucket = gcp.storage.Bucket(
            "bucket",
            name=names.bucket,
            location=names.gcp.region.upper(),
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=gcp.storage.BucketVersioningArgs(
                enabled=names.environment.artifacts.versioning
            ),
            soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(
                retention_duration_seconds=UNDELETE_SECONDS
            ),
            lifecycle_rules=_lifecycle(names),
            force_destroy=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[services["storage"]],
                protect=names.environment.protected,
                retain_on_delete=True,
            ),
        )
        self.uri = f"gs://{names.bucket}/{PREFIX}"
        mine = f"projects/_/buckets/{names.bucket}/objects/{PREFIX}/"
        self.grant = gcp.storage.BucketIAMMember(
            "server",
            bucket=self.bucket.name,
            role="roles/storage.objectUser",
            member=identity.member,
            # What is listed is the bucket, so a condition on objects alone would forbid it.
            condition=gcp.storage.BucketIAMMemberConditionArgs(
                title="own-artifacts",
                expression=(
                    'resource.type != "storage.googleapis.com/Object"'
                    f' || resource.name.startsWith("{mine}")'
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _lifecycle(names: Names) -> list[gcp.storage.BucketLifecycleRuleArgs]:
    wanted = names.environment.artifacts
    rules = [
        gcp.storage.BucketLifecycleRuleArgs(
            action=gcp.storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
            condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=UNFINISHED_DAYS),
        )
    ]
    if wanted.versioning:
        rules.append(
            gcp.storage.BucketLifecycleRuleArgs(
                action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
                condition=gcp.storage.BucketLifecycleRuleConditionArgs(
                    days_since_noncurrent_time=wanted.expire_noncurrent_days,
                    with_state="ARCHIVED",
                ),
            )
        )
    return rules
