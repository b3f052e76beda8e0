"""What an account knows another issuer of tokens by, such as GitHub."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import iam, provisioners, responses
from mlops_infra.rehearsal.aws.resources.base import Schema, refuse

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.resources.base import Props


class OidcProvider:
    """One an issuer and account.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-oidcprovider.html
    """

    schema = Schema(
        name="AWS::IAM::OIDCProvider",
        properties=frozenset({"ClientIdList", "Tags", "Url"}),
        replacing=("Url",),
        is_tagged=True,
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - the URL is its name
        url: str = props["Url"]
        arn = f"arn:aws:iam::{responses.get_account_id()}:oidc-provider/{url.split('://')[1]}"
        if arn in iam._oidc_providers:
            message = f"Provider with url {url} already exists."
            raise refuse(self.schema.name, message, status=409)
        iam._oidc_providers[arn] = {
            "Arn": arn,
            "Url": url,
            "ClientIDList": list(props.get("ClientIdList", [])),
            "ThumbprintList": [],
            "CreateDate": iam._now(),
            "Tags": list(props.get("Tags", [])),
        }
        return arn

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        provider = iam._oidc_providers[physical_id]
        provider["ClientIDList"] = list(new.get("ClientIdList", []))
        provisioners._reconcile_tag_list(provider["Tags"], old, new)

    def delete(self, physical_id: str, props: Props) -> None:  # noqa: ARG002 - the id says all
        iam._oidc_providers.pop(physical_id, None)

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - as above
        return {"Arn": physical_id}

    def read(self, physical_id: str, props: Props) -> Props | None:  # noqa: ARG002 - as above
        found = iam._oidc_providers.get(physical_id)
        return found and {"Url": found["Url"], "ClientIdList": found["ClientIDList"]}
