"""What the CDK's context lookups ask of Cloud Control: managed prefix lists, as EC2 has them.

ministack's Cloud Control knows only what was made through itself.
"""

# ruff: noqa: SLF001 - ministack offers no other door to what it holds

from __future__ import annotations

import json
from typing import Any

from mlops_infra.rehearsal.aws.innards import cloudcontrol, ec2, responses

PREFIX_LIST = "AWS::EC2::PrefixList"

CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"
CLOUDFRONT_ENTRIES = 55
"""Its weight in a security group's quota; ministack gives all lists 20.
https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html"""


def is_cloudfront(prefix_list_id: str) -> bool:
    """Tell whether a rule names the addresses of CloudFront."""
    return prefix_list_id == ec2._aws_pl_id_from_name(CLOUDFRONT)


def install() -> None:
    """Let ListResources and GetResource answer for prefix lists too."""
    list_resources, get_resource = cloudcontrol._list_resources, cloudcontrol._get_resource

    def list_or_look_up(data: dict[str, Any]) -> Any:  # noqa: ANN401 - ministack's response
        if data.get("TypeName") != PREFIX_LIST:
            return list_resources(data)
        return responses.json_response(
            {"TypeName": PREFIX_LIST, "ResourceDescriptions": _prefix_lists()}
        )

    def get_or_look_up(data: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
        if data.get("TypeName") != PREFIX_LIST:
            return get_resource(data)
        wanted = [item for item in _prefix_lists() if item["Identifier"] == data.get("Identifier")]
        if not wanted:
            return get_resource(data)  # answers that there is none
        return responses.json_response({"TypeName": PREFIX_LIST, "ResourceDescription": wanted[0]})

    cloudcontrol._list_resources = list_or_look_up
    cloudcontrol._get_resource = get_or_look_up


def _prefix_lists() -> list[dict[str, str]]:
    managed: list[dict[str, Any]] = [
        {
            "PrefixListId": item["PrefixListId"],
            "PrefixListName": item["PrefixListName"],
            "OwnerId": "AWS",
            "AddressFamily": item["AddressFamily"],
            "MaxEntries": CLOUDFRONT_ENTRIES
            if is_cloudfront(item["PrefixListId"])
            else item["MaxEntries"],
            "Version": 1,
            "Arn": f"arn:aws:ec2:{responses.get_region()}:aws:prefix-list/{item['PrefixListId']}",
        }
        for item in ec2._get_aws_managed_prefix_lists()
    ]
    own: list[dict[str, Any]] = [
        {
            **{key: item[key] for key in ("PrefixListId", "PrefixListName")},
            "OwnerId": responses.get_account_id(),
        }
        for item in ec2._prefix_lists.values()
    ]
    return [
        {"Identifier": item["PrefixListId"], "Properties": json.dumps(item)}
        for item in [*managed, *own]
    ]
