"""Mends of S3 and SNS."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from mlops_infra.rehearsal.aws.innards import provisioners, s3, sns
from mlops_infra.rehearsal.aws.mended.ways import afterwards

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props


def keep_what_a_bucket_needs() -> None:
    """A bucket's lifecycle, access log and tags are dropped.

    Seen: get_bucket_lifecycle_configuration and get_bucket_tagging say that there is none, and
    get_bucket_logging is empty.
    """

    def rules(lifecycle: Props) -> list[Props]:
        return [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]

    def log(logging: Props) -> str:
        target = escape(logging.get("DestinationBucketName", ""))
        prefix = escape(logging.get("LogFilePrefix", ""))
        return (
            f'<BucketLoggingStatus xmlns="{s3.S3_NS}"><LoggingEnabled>'
            f"<TargetBucket>{target}</TargetBucket><TargetPrefix>{prefix}</TargetPrefix>"
            "</LoggingEnabled></BucketLoggingStatus>"
        )

    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    provisioners._S3_BUCKET_CONFIGURATIONS += tuple(
        (prop, convert, store.__setitem__, lambda bucket, store=store: store.pop(bucket, None))
        for prop, convert, store in (
            ("LifecycleConfiguration", rules, s3._bucket_lifecycle),
            ("LoggingConfiguration", log, s3._bucket_logging_config),
            ("Tags", provisioners._tag_map, s3._bucket_tags),
        )
    )


def _lifecycle_rule(rule: Props) -> Props:
    """Return a template's rule as PutBucketLifecycleConfiguration has it."""
    kept = {key: rule[key] for key in ("Status", "AbortIncompleteMultipartUpload") if key in rule}
    if "Id" in rule:
        kept["ID"] = rule["Id"]
    kept["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "ExpirationInDays" in rule:
        kept["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "NoncurrentVersionExpiration" in rule:
        kept["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    return kept


def keep_what_a_topic_needs() -> None:
    """A topic loses its key, and a subscription who gets what.

    Seen: get_topic_attributes without `KmsMasterKeyId`, and get_subscription_attributes without
    `Endpoint`, `Protocol` and `TopicArn`. A subscription by e-mail is confirmed at once; on AWS it
    waits for the reader's click.
    """

    def mend_topic(arn: str, props: Props) -> None:
        attributes = sns._topics[arn]["attributes"]
        attributes.pop("KmsMasterKeyId", None)
        if "KmsMasterKeyId" in props:
            attributes["KmsMasterKeyId"] = props["KmsMasterKeyId"]

    def mend_subscription(arn: str, props: Props) -> None:
        subscription = sns._find_subscription(props["TopicArn"], arn)
        subscription["confirmed"] = props["Protocol"] not in (
            "email",
            "email-json",
            "http",
            "https",
        )
        subscription["attributes"] |= {
            "SubscriptionArn": arn,
            **{key: props[key] for key in ("Endpoint", "Protocol", "TopicArn")},
            "Owner": subscription["owner"],
            "PendingConfirmation": str(not subscription["confirmed"]).lower(),
        }
        sns._refresh_subscription_counts(sns._topics[props["TopicArn"]])

    afterwards("AWS::SNS::Topic", mend_topic)
    afterwards("AWS::SNS::Subscription", mend_subscription)
