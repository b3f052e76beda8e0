"""CloudFront's way into a VPC: made through the API that ministack has, which checks everything."""

# ruff: noqa: SLF001 - ministack's API functions are private to it

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

from mlops_infra.rehearsal.aws.innards import cloudfront, provisioners
from mlops_infra.rehearsal.aws.resources.base import Schema, refuse

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.resources.base import Props

DEFAULTS = {"HTTPPort": 80, "HTTPSPort": 443}
"""The API has none, the resource type has; both from its page."""


class VpcOrigin:
    """A load balancer that CloudFront may reach without it being public.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-vpcorigin.html
    """

    schema = Schema(
        name="AWS::CloudFront::VpcOrigin",
        properties=frozenset({"Tags", "VpcOriginEndpointConfig"}),
        required=frozenset({"VpcOriginEndpointConfig"}),
        is_tagged=True,
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - the config has the name
        request = Element("CreateVpcOriginRequest")
        request.append(_endpoint(props))
        answer = self._answer(cloudfront._create_vpc_origin(tostring(request)))
        origin = fromstring(answer).findtext("{*}Id")
        self._tag(origin, {}, props)
        return origin

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        if old["VpcOriginEndpointConfig"] != new["VpcOriginEndpointConfig"]:
            body = tostring(_endpoint(new))
            self._answer(cloudfront._update_vpc_origin(physical_id, _match(physical_id), body))
        self._tag(physical_id, old, new)

    def delete(self, physical_id: str, props: Props) -> None:  # noqa: ARG002 - the id says all
        if physical_id in cloudfront._vpc_origins:
            self._answer(cloudfront._delete_vpc_origin(physical_id, _match(physical_id)))

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - as above
        origin = cloudfront._vpc_origins.get(physical_id) or {}
        shown = ("AccountId", "Arn", "CreatedTime", "Id", "LastModifiedTime", "Status")
        return {key: origin.get(key) for key in shown}

    def read(self, physical_id: str, props: Props) -> Props | None:
        origin = cloudfront._vpc_origins.get(physical_id)
        if origin is None:
            return None
        wanted = props["VpcOriginEndpointConfig"]
        found = origin["VpcOriginEndpointConfig"]
        names = {key: _api_name(key) for key in wanted}
        return {"VpcOriginEndpointConfig": {key: found[name] for key, name in names.items()}}

    def _answer(self, response: tuple[int, Any, bytes]) -> bytes:
        status, _, body = response
        if status >= 400:
            raise refuse(
                self.schema.name, fromstring(body).findtext(".//{*}Message") or "", status=status
            )
        return body

    def _tag(self, physical_id: str, old: Props, new: Props) -> None:
        arn = cloudfront._vpc_origins[physical_id]["Arn"]
        own = {key: _without_system_tags(props) for key, props in (("old", old), ("new", new))}
        tags = cloudfront._tags.setdefault(arn, [])
        provisioners._reconcile_tag_list(tags, own["old"], own["new"])


def _without_system_tags(props: Props) -> Props:
    # The schema says cloudFormationSystemTags: false.
    return {"Tags": [tag for tag in props.get("Tags", []) if not tag["Key"].startswith("aws:")]}


def _api_name(key: str) -> str:
    return "OriginSslProtocols" if key == "OriginSSLProtocols" else key


def _endpoint(props: Props) -> Element:
    config = Element("VpcOriginEndpointConfig")
    for key, value in {**DEFAULTS, **props["VpcOriginEndpointConfig"]}.items():
        child = SubElement(config, _api_name(key))
        if isinstance(value, list):
            SubElement(child, "Quantity").text = str(len(value))
            items = SubElement(child, "Items")
            for item in value:
                SubElement(items, "SslProtocol").text = item
        else:
            child.text = str(value)
    return config


def _match(physical_id: str) -> dict[str, str]:
    version = cloudfront._vpc_origins[physical_id]["Version"]
    return {"if-match": cloudfront._vpc_origin_etag(version)}
