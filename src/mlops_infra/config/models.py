"""The format of an environment file: one frozen model per section, every key with its meaning.

Rules that look at several keys at once are in `rules.py`; the file itself is read in `loader.py`.
Nothing but pydantic is imported here, so that a stack costs no more than what it deploys with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from mlops_infra.config.sizing import DATABASE_CONNECTIONS
from mlops_infra.config.texts import (
    AwsAccount,
    AwsRegion,
    AzureLocation,
    AzureSubscription,
    Email,
    GcpProject,
    GcpRegion,
    GithubRepository,
    Hostname,
    Image,
    Line,
    Name,
    Network,
    SecretsProvider,
    StateUrl,
    TagKey,
    TagValue,
)

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
"""Who signs the tokens of GitHub's jobs: https://docs.github.com/actions/reference/security/oidc"""


class Cloud(StrEnum):
    """Where a stack runs; also the name of the section that says how."""

    LOCAL = "local"
    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


class Section(BaseModel):
    """A part of an environment file: no unknown keys, no guessing at types, no changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Replicas(Section):
    """Copies of the server. Between `min` and `max` the platform scales on load."""

    min: int = Field(
        ge=0, le=20, description="Copies that always run. 0: none while idle where the cloud can"
    )
    max: int = Field(ge=1, le=20, description="Copies under full load; the database must fit them")


class Server(Section):
    """One replica of the MLflow server, and how many there are."""

    cpu: Literal[1, 2, 4] = Field(description="vCPUs of a replica; each runs one worker")
    memory_gib: int = Field(ge=1, le=30, description="Memory of a replica in GiB, 1 per worker")
    replicas: Replicas
    auth: Literal["basic", "none"] = Field(
        description="basic: MLflow asks for a user and a password. none: it asks nobody"
    )

    @property
    def workers(self) -> int:
        """Server processes in a replica: one per vCPU, more only compete for it."""
        return self.cpu

    @field_validator("cpu", mode="before")
    @classmethod
    def _is_whole(cls, value: object) -> object:
        if type(value) is not int:  # of a Literal pydantic asks equality: true is 1, and 2.0 is 2
            raise ValueError("not a whole number")
        return value


class Database(Section):
    """The PostgreSQL that holds experiments, runs, models and users."""

    size: Literal["micro", "small", "medium", "large"] = Field(
        description="Connections it accepts: micro 100, small 150, medium 400, large 800"
    )
    storage_gib: int = Field(ge=20, le=16384, description="Disk in GiB; it can grow, not shrink")
    high_availability: bool = Field(description="A standby in a second zone: twice the price")
    backup_days: int = Field(
        ge=1, le=35, description="Days back to which the database can be restored, to the second"
    )

    restore_from: Line | None = Field(
        default=None, description="A snapshot to make the database from; keep it in the file after"
    )

    @property
    def connections(self) -> int:
        """Connections the database must accept, whichever cloud it runs on."""
        return DATABASE_CONNECTIONS[self.size]


class Artifacts(Section):
    """The bucket that holds models and files."""

    access: Literal["proxied", "direct"] = Field(
        description="proxied: clients go through the server. direct: with credentials of their own"
    )
    versioning: bool = Field(description="Whether an overwritten or deleted file can be recovered")
    expire_noncurrent_days: int = Field(
        ge=1, le=36500, description="Days until an overwritten or deleted version is gone for good"
    )


class Access(Section):
    """Who reaches the server."""

    exposure: Literal["public", "private"] = Field(
        description="public: from the internet. private: from inside the network only"
    )
    allowed_cidrs: tuple[Network, ...] = Field(
        strict=False,  # YAML has lists, no tuples; items stay strict
        min_length=1,
        description="Networks that are let in, IPv4 or IPv6",
    )
    domain: Hostname | None = Field(
        default=None, description="A host name of your own; without one, the cloud's"
    )


class Alerts(Section):
    """Who is told when an alarm goes off."""

    email: Email = Field(description="One address; it must confirm the subscription once")


class Ci(Section):
    """Whose workflows deploy this environment: they sign in to its cloud, and no key is stored."""

    github: GithubRepository = Field(
        description="owner/name; owner@ID/name@ID where its OIDC subjects are immutable"
    )

    @property
    def repository(self) -> str:
        """The name without ids, as `gh` takes it and GitHub's claim `repository` has it."""
        return re.sub("@[0-9]+", "", self.github)

    @property
    def repository_id(self) -> str:
        """The id, which no other repository will ever have; empty where the file has none."""
        return self.github.rpartition("/")[2].partition("@")[2]


class State(Section):
    """Where Pulumi keeps what it knows of a stack, and what encrypts the secrets in it."""

    url: StateUrl = Field(description="A bucket or container; a local folder is refused in CI")
    secrets_provider: SecretsProvider = Field(
        description="A key in a cloud's key service, or passphrase (PULUMI_CONFIG_PASSPHRASE)"
    )


class Local(Section):
    """This machine."""

    port: int | None = Field(
        default=None, ge=1024, le=65535, description="Without one, the first deploy picks and keeps"
    )


class HostedZone(Section):
    """A public Route 53 zone: the certificate is validated in it, the record is made in it."""

    id: Line = Field(description="The zone's id, such as Z0123456789ABCDEFGHIJ")
    name: Hostname = Field(description="The zone's domain, such as example.com")


class Aws(Section):
    """An AWS account and region."""

    account: AwsAccount = Field(description="The account's number, in quotes")
    region: AwsRegion = Field(description="The region, for instance eu-west-1")
    hosted_zone: HostedZone | None = Field(
        default=None, description="Where access.domain lives; needed with a domain"
    )


class Azure(Section):
    """An Azure subscription and location."""

    subscription_id: AzureSubscription = Field(description="The subscription's id")
    location: AzureLocation = Field(description="The location's short name, such as westeurope")
    state: State


class Gcp(Section):
    """A Google Cloud project and region."""

    project: GcpProject = Field(description="The project's id, not its name or number")
    region: GcpRegion = Field(description="The region, for instance europe-west4")
    state: State


class Environment(Section):
    """One environment, complete: nothing is inherited, nothing is filled in from elsewhere."""

    name: Name = Field(description="The file's name without .yaml; part of every cloud name")
    project: Name = Field(description="Prefix of every cloud name: projects can share an account")
    cloud: Cloud = Field(
        strict=False,  # YAML has texts, no enums
        description="Where this environment lives unless --cloud says otherwise",
    )
    owner: Line = Field(description="Whom to ask about a resource: a tag on each of them")
    protected: bool = Field(description="Teardown refuses; database and bucket resist deletion")
    server: Server
    database: Database
    artifacts: Artifacts
    access: Access
    alerts: Alerts | None = None
    ci: Ci | None = None
    image: Image = Field(description="build: from stacks/image. Else a pinned, prebuilt image")
    tags: Mapping[TagKey, TagValue] = Field(
        default_factory=dict,
        max_length=40,
        description="More tags for every resource, besides project, environment and owner",
    )
    local: Local | None = None
    aws: Aws | None = None
    azure: Azure | None = None
    gcp: Gcp | None = None

    @property
    def full_name(self) -> str:
        """What tells it from every other environment in one account: names of ours begin so."""
        return f"{self.project}-{self.name}"

    @property
    def deployer_name(self) -> str:
        """What whom CI deploys as is called, and what belongs to it."""
        return f"ci-{self.full_name}"

    @property
    def github_subject(self) -> str:
        """Who signs in: the jobs of the repository in GitHub's environment of this name.

        https://docs.github.com/actions/reference/security/oidc

        Raises:
            ValueError: the file has no section `ci`.
        """
        if self.ci is None:
            raise ValueError(f"environment '{self.name}' has no section 'ci'")
        return f"repo:{self.ci.github}:environment:{self.name}"

    @property
    def resource_tags(self) -> dict[str, str]:
        """What every resource is tagged with that can be: the file's tags, and whose it is."""
        ours = {"project": self.project, "environment": self.name, "owner": self.owner}
        return {**self.tags, **ours}

    @property
    def clouds(self) -> tuple[Cloud, ...]:
        """The clouds this environment can be deployed to: those it has a section for."""
        sections = {
            Cloud.LOCAL: self.local,
            Cloud.AWS: self.aws,
            Cloud.AZURE: self.azure,
            Cloud.GCP: self.gcp,
        }
        return tuple(cloud for cloud, section in sections.items() if section is not None)

    @field_validator("*")
    @classmethod
    def _note_as_valid(cls, value: object, info: ValidationInfo) -> object:
        """Notes each valid section in the context, so that rules run on what is valid."""
        valid: dict[str, Any] | None = info.context
        if valid is not None and info.field_name is not None:
            valid[info.field_name] = value
        return value
