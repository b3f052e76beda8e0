"""What scanners find and we have weighed: noted on the construct that it is about, with the reason.

The reasons travel in CDK's own metadata and in the template's, so neither a synth nor a deploy
needs a scanner. `tests/stacks/aws/test_scanners.py` runs them, and fails on anything that is not
accepted here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import IConstruct


def accept(
    construct: IConstruct,
    reason: str,
    *,
    nag: Sequence[str] = (),
    checkov: Sequence[str] = (),
    cfn_lint: Sequence[str] = (),
) -> None:
    """Note that these rules of cdk-nag (AwsSolutions), checkov and cfn-lint do not hold here."""
    for rule in nag:
        cdk.Validations.of(construct).acknowledge(
            cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
        )
    is_one = isinstance(construct, cdk.CfnResource)
    resource = construct if is_one else construct.node.default_child
    if not isinstance(resource, cdk.CfnResource):
        raise TypeError(f"{construct.node.path} is no resource of its own")
    if checkov:
        noted: dict[str, Any] = resource.get_metadata("checkov") or {"skip": []}
        skipped = [{"id": rule, "comment": reason} for rule in checkov]
        resource.add_metadata("checkov", {"skip": [*noted["skip"], *skipped]})
    if cfn_lint:
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": list(cfn_lint)}})
        resource.add_metadata("cfn-lint-reason", reason)
