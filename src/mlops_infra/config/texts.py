"""The kinds of text an environment file holds, each with its form in words a person can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler


@dataclass(frozen=True)
class Form:
    """A form that a text must have, and how it is told to whoever got it wrong.

    Editors tell it too: `patternErrorMessage` is what the YAML and JSON language servers show.
    """

    pattern: str
    allowed: str

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        pattern = f"^(?:{self.pattern})$"
        return {**handler(schema), "pattern": pattern, "patternErrorMessage": self.allowed}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(self.allowed)
        return text


def _check_network(text: str) -> str:
    ip_network(text)
    return text


Name = Annotated[
    str,
    Form(
        r"(?!.*--)[a-z][a-z0-9-]{0,14}[a-z0-9]",
        "2 to 16 lower-case letters, digits and single hyphens, a letter first and no hyphen last",
    ),
]
Line = Annotated[str, Form(r"\S(?:.{0,254}\S)?", "one line of up to 256 characters, not empty")]
TagKey = Annotated[str, Field(min_length=1, max_length=128)]
TagValue = Annotated[str, Field(max_length=256)]

Network = Annotated[
    str,
    Form(
        r"[0-9a-fA-F.:]+/[0-9]{1,3}",
        "a network such as 203.0.113.0/24 or 2001:db8::/32, with no bits set after the prefix",
    ),
    AfterValidator(_check_network),
]
Hostname = Annotated[
    str,
    Form(
        r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]",
        "a lower-case host name such as mlflow.example.com, without https:// and without a port",
    ),
]
Image = Annotated[
    str,
    Form(
        r"build|(?=.{3,512}$)(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
        r"(?:@sha256:[0-9a-f]{64}"
        r"|:(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?:@sha256:[0-9a-f]{64})?)",
        "build, or an image reference with a digest or with a tag other than latest",
    ),
]

Email = Annotated[
    str, Form(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an email address such as ml-platform@example.com")
]

GithubRepository = Annotated[
    str,
    Form(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}"
        r"|[A-Za-z0-9][A-Za-z0-9_-]{0,38}@[0-9]{1,20}/[A-Za-z0-9._-]{1,100}@[0-9]{1,20}",
        "owner/name, or owner@ID/name@ID with the ids of both",
    ),
]

AwsAccount = Annotated[str, Form(r"[0-9]{12}", "12 digits")]
AwsRegion = Annotated[str, Form(r"[a-z]+(?:-[a-z]+)+-[0-9]", "a region such as eu-west-1")]
AzureSubscription = Annotated[
    str,
    Form(
        r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "a subscription's id such as 00000000-0000-0000-0000-000000000000",
    ),
]
AzureLocation = Annotated[str, Form(r"[a-z]+[0-9]?", "a location such as westeurope")]
GcpProject = Annotated[
    str,
    Form(
        r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "a project's id: 6 to 30 lower-case letters, digits and hyphens, a letter first",
    ),
]
GcpRegion = Annotated[
    str, Form(r"[a-z]+-[a-z]+[0-9]+", "a region such as europe-west4, not a zone")
]

StateUrl = Annotated[
    str,
    Form(
        r"(?:gs|azblob|s3|file)://\S+", "gs://bucket, azblob://container, s3://bucket or file://dir"
    ),
]
SecretsProvider = Annotated[
    str,
    Form(
        r"passphrase|(?:gcpkms|azurekeyvault|awskms)://\S+",
        "gcpkms://key, azurekeyvault://key, awskms://key or passphrase",
    ),
]
