"""What has to be known to write a project, and what is a good answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from mlops_infra.config.models import Cloud
from mlops_infra.config.schema import schema_at
from mlops_infra.config.wording import allowed, shown
from mlops_infra.scaffold.environment import shipped_environments
from mlops_infra.scaffold.folder import github_origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CI = {
    "github": ".github/workflows/deploy.yml",
    "azure-devops": "pipelines/azure-devops.yml",
    "cloud-build": "pipelines/cloudbuild.yaml",
}
"""What may run the commands, and the file by which that is seen of a project."""

NONE = "none"
CI_OF = {
    Cloud.AWS: ("github", NONE),
    Cloud.AZURE: ("github", "azure-devops", NONE),
    Cloud.GCP: ("github", "cloud-build", NONE),
}
"""Which of them can log in to a cloud without a stored key, the usual one first."""

ACCOUNTS = {
    Cloud.AWS: ("AWS account", "account"),
    Cloud.AZURE: ("Azure subscription", "subscription_id"),
    Cloud.GCP: ("Google Cloud project", "project"),
}
REGIONS = {
    Cloud.AWS: ("AWS region", "region"),
    Cloud.AZURE: ("Azure location", "location"),
    Cloud.GCP: ("Google Cloud region", "region"),
}
"""What a cloud calls them, and their keys in its section."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked for one of the `Answers`, by the name of its field and its flag."""

    name: str
    text: str
    schema: Mapping[str, Any]
    """What is allowed, as the environment file's schema has it."""
    offer: str = ""
    """What a person gets for an empty line."""
    default: str | None = None
    """What holds where there is no person. None: that is an error."""

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def prompt(self) -> str:
        """The question as a person reads it."""
        choices = f": {allowed(self.schema)}" if "enum" in self.schema else ""
        offer = self.offer or (NONE if self.default == "" else "")
        return f"{self.text}{choices}{f' [{offer}]' if offer else ''}: "

    def meant(self, line: str) -> str:
        """Return the answer that a line is."""
        answer = line or self.offer
        return "" if answer == NONE and self.default == "" else answer

    def problem(self, answer: str) -> str:
        """Return what is wrong with an answer; nothing where it will do."""
        if answer == self.default:
            return ""
        fits = (
            answer in self.schema["enum"]
            if "enum" in self.schema
            else re.fullmatch(self.schema["pattern"], answer)
        )
        return "" if fits else f"{shown(answer)} is not allowed; allowed: {allowed(self.schema)}"


def questions(folder: Path, found: Mapping[str, str]) -> Iterator[Question]:
    """Yield what is to be known, each when the answers to those before it are in `found`."""
    yield Question(name="cloud", text="cloud", schema=schema_at(("cloud",)))
    if not found["cloud"]:
        return
    cloud = Cloud(found["cloud"])
    schema = schema_at(("project",))
    name = folder.resolve().name.lower()
    fits = bool(re.fullmatch(schema["pattern"], name))
    text = "project, the first part of every name in the cloud"
    # Two projects of one name in one account would be the same platform: none is made up.
    default = name if fits else None
    yield Question(name="project", text=text, schema=schema, offer=default or "", default=default)
    if cloud is not Cloud.LOCAL:
        yield from _of_account(cloud)
        yield from _of_domain(cloud, found)
        text, schema = "email address that alarms go to", schema_at(("alerts", "email"))
        yield Question(name="email", text=text, schema=schema, default="")
        yield from _of_ci(cloud, folder, found)


def _of_account(cloud: Cloud) -> Iterator[Question]:
    text, key = ACCOUNTS[cloud]
    yield Question(name="account", text=text, schema=schema_at((cloud, key)))
    text, key = REGIONS[cloud]
    example = yaml.safe_load(shipped_environments()[0].read_text("utf-8"))[cloud][key]
    yield Question(name="region", text=text, schema=schema_at((cloud, key)), offer=example)


def _of_domain(cloud: Cloud, found: Mapping[str, str]) -> Iterator[Question]:
    text, schema = "domain of yours, for mlflow.DOMAIN", schema_at(("access", "domain"))
    yield Question(name="domain", text=text, schema=schema, default="")
    if found["domain"] and cloud is Cloud.AWS:
        text = f"id of the Route 53 zone {found['domain']}"
        schema = schema_at(("aws", "hosted_zone", "id"))
        yield Question(name="hosted_zone", text=text, schema=schema)


def _of_ci(cloud: Cloud, folder: Path, found: Mapping[str, str]) -> Iterator[Question]:
    choices = CI_OF[cloud]
    schema: Mapping[str, Any] = {"enum": choices}
    yield Question(
        name="ci", text="CI that deploys", schema=schema, offer=choices[0], default=choices[0]
    )
    if found["ci"] in {"github", "cloud-build"}:  # where bootstrap can make an account for it
        yield Question(
            name="repository",
            text="GitHub repository that bootstrap lets in without a stored key: owner/name, or as "
            "its tokens have it, OWNER@ID/NAME@ID, where it is from July 2026 or later",
            schema=schema_at(("ci", "github")),
            offer=github_origin(folder),
            default="",
        )
