"""The repository's own environment files, with the answers in the places of its examples.

They are changed as texts, so that comments and order stay.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import yaml

from mlops_infra.config.models import Cloud
from mlops_infra.project import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.scaffold.answers import Answers

    Values = dict[tuple[str, ...], str]
    """By the way to them in the file."""

AZURE_NAME_LENGTH = 24
"""Of storage accounts and vaults, whose names are taken by the whole world."""


def shipped_environments() -> list[Path]:
    """Return the repository's environment files."""
    return sorted(shipped("environments").glob("*.yaml"))


def environment_text(file: Path, answers: Answers) -> str:
    """Return a shipped environment file as a project's own: its cloud and this machine alone."""
    others = set(Cloud) - {Cloud.LOCAL, answers.cloud}
    sections = file.read_text("utf-8").rstrip("\n").split("\n\n")
    kept = [each for each in sections if each.partition(":")[0] not in others]
    if not answers.email:
        kept = [_commented(each) if each.startswith("alerts:") else each for each in kept]
    if answers.repository:
        kept = [_uncommented(each) if each.startswith("# ci:") else each for each in kept]
    text = "\n\n".join(kept) + "\n"
    if answers.domain and answers.cloud is Cloud.AWS:
        text = re.sub(r"(?m)^  # (domain|hosted_zone): ", r"  \1: ", text)
    elif answers.domain:  # what its DNS records must say is known after the first deploy
        domain = f"domain: {host(file.stem, answers.domain)}"
        text = re.sub(r"(?m)^  # domain: .*$", f"  # {domain}  # for the second deploy", text)
    for keys, value in _values(file.stem, answers).items():
        text = _with_value(text, keys, value)
    return text


def host(environment: str, domain: str) -> str:
    """Return the name that an environment's server has in a domain."""
    return f"mlflow.{domain}" if environment == "prod" else f"mlflow-{environment}.{domain}"


def _values(name: str, answers: Answers) -> Values:
    found: Values = {("project",): answers.project, ("cloud",): answers.cloud}
    if answers.email:
        found["alerts", "email"] = answers.email
    if answers.domain and answers.cloud is Cloud.AWS:
        found["access", "domain"] = host(name, answers.domain)
    if answers.repository:
        found["ci", "github"] = answers.repository
    return found | SECTIONS[answers.cloud](answers)


def _local(_: Answers) -> Values:
    return {}


def _aws(answers: Answers) -> Values:
    found: Values = {("aws", "account"): answers.account, ("aws", "region"): answers.region}
    if answers.domain:
        found["aws", "hosted_zone", "id"] = answers.hosted_zone
        found["aws", "hosted_zone", "name"] = answers.domain
    return found


def _azure(answers: Answers) -> Values:
    owner = hashlib.sha256(f"{answers.account}/{answers.project}".encode()).hexdigest()[:8]
    letters = answers.project.replace("-", "")[: AZURE_NAME_LENGTH - len(owner)]
    name = f"{letters}{owner}"
    return {
        ("azure", "subscription_id"): answers.account,
        ("azure", "location"): answers.region,
        ("azure", "state", "url"): f"azblob://pulumi?storage_account={name}",
        ("azure", "state", "secrets_provider"): (
            f"azurekeyvault://{name}.vault.azure.net/keys/pulumi"
        ),
    }


def _gcp(answers: Answers) -> Values:
    where = f"projects/{answers.account}/locations/{answers.region}"
    return {
        ("gcp", "project"): answers.account,
        ("gcp", "region"): answers.region,
        ("gcp", "state", "url"): f"gs://{answers.account}-{answers.project}-pulumi",
        ("gcp", "state", "secrets_provider"): (
            f"gcpkms://{where}/keyRings/{answers.project}/cryptoKeys/pulumi"
        ),
    }


SECTIONS = {Cloud.LOCAL: _local, Cloud.AWS: _aws, Cloud.AZURE: _azure, Cloud.GCP: _gcp}


def _commented(section: str) -> str:
    return "\n".join(f"# {line}" for line in section.splitlines())


def _uncommented(section: str) -> str:
    lines = (line.removeprefix("# ") for line in section.splitlines())
    return "\n".join(line.replace("  #", "    #") for line in lines)


def _with_value(text: str, keys: tuple[str, ...], value: str) -> str:
    """Return `text` with another value at `keys`; a comment after it stays where it is."""
    node: Any = yaml.compose(text, yaml.SafeLoader)
    for key in keys:
        node = next(value for name, value in node.value if name.value == key)
    start, end = node.start_mark.index, node.end_mark.index
    written = value if _is_plain(value) and not node.style else f'"{value}"'
    rest = re.match(r"( +)(#.*)", text[end:])
    if not rest:
        return text[:start] + written + text[end:]
    gap = max(2, end - start + len(rest[1]) - len(written))
    return text[:start] + written + " " * gap + text[end + rest.start(2) :]


def _is_plain(value: str) -> bool:
    """Whether YAML reads it as this text without quotes, between others, too."""
    try:
        return yaml.safe_load(f"[{value}]") == [value]
    except yaml.YAMLError:
        return False
