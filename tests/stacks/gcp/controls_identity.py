"""Controls 7, 8 and 17: what the server may do, its secrets, whose things they are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.stacks.gcp.declared import (
    ACCOUNT,
    BUCKET_GRANT,
    PASSWORD,
    PROVIDER,
    SECRET_GRANT,
    VERSION,
)
from tests.stacks.registered import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.gcp.declared import Declared

SECRETS = {"PGPASSWORD", "MLFLOW_CRYPTO_KEK_PASSPHRASE"}
AUTH_SECRETS = {"MLFLOW_FLASK_SERVER_SECRET_KEY", "MLFLOW_AUTH_ADMIN_PASSWORD"}
SECRET_NAME = re.compile(r"PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|(ACCESS|API)_?KEY")
LOGIN_IN_URL = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
GRANT = re.compile(r"(iam|access)(member|binding|policy|control|auditconfig)", re.IGNORECASE)
NAMES = ("name", "accountId", "bucketId", "repositoryId", "secretId", "displayName")
SHARED = {
    "gcp:projects/service:Service",  # one for the project, whoever asks for it first
    "gcp:sql/database:Database",  # inside the environment's own instance
    "gcp:sql/user:User",
}


def control_07(declared: Declared, environment: Environment) -> Iterator[str]:
    """The server's identity may do only what it needs, on its own things."""
    del environment
    account = declared.one(ACCOUNT)
    if not declared.template.get("serviceAccount", "").startswith(f"{account['accountId']}@"):
        yield f"the server is {declared.template.get('serviceAccount')}, none of the stack's"
    secrets = {str(each["secret"]) for each in declared.all(VERSION)}
    for each in declared.cloud:
        if "/key:" in each.token or "hmacKey" in each.token:
            yield f"{each.name}: a key that somebody could keep"
        if not GRANT.search(each.token):
            continue
        if each.token == SECRET_GRANT:
            if each["role"] != "roles/secretmanager.secretAccessor":
                yield f"{each.name} gives {each['role']}"
            if each["secretId"] not in secrets:
                yield f"the server may read {each['secretId']}, which is not its own"
        elif each.token == BUCKET_GRANT:
            yield from _is_on_bucket(declared, each.inputs)
        else:
            yield f"{each.token} gives more than the environment's own"
        if not each.get("member", "").startswith(f"serviceAccount:{account['accountId']}@"):
            yield f"{each.name} lets in {each.get('member')}"


def control_08(declared: Declared, environment: Environment) -> Iterator[str]:
    """Secrets are generated, held in Secret Manager and injected by reference."""
    wanted = SECRETS | (AUTH_SECRETS if environment.server.auth == "basic" else set())
    for name in sorted(wanted - set(declared.injected)):
        yield f"{name} is not injected"
    for name, source in declared.injected.items():
        versions = declared.versions(source["secret"])
        if not versions:
            yield f"{name} is no secret of the stack's: {source}"
        if source.get("version") != "1":
            yield f"{name} changes without a rollout: {source.get('version')}"
        if any("the value of" not in each["secretData"] for each in versions):
            yield f"{name} is not generated"
    for each in declared.all(PASSWORD):
        if each["length"] < 20:
            yield f"{each.name} can be guessed"
    values = {f"the value of {each.name}" for each in declared.all(PASSWORD)}
    for each in declared.program.resources:
        for path, value in leaves(each.inputs):
            if value in values and not any(path.startswith(secret) for secret in each.secrets):
                yield f"{each.name} has a secret in clear, at {path}"
    for container in declared.containers:
        for word in (*container.get("args", []), *container.get("commands", [])):
            if LOGIN_IN_URL.search(word):
                yield f"the command shows a secret: {word}"
        for variable in container.get("envs", []):
            name, value = variable["name"], variable.get("value", "")
            if "value" in variable and (name in wanted or SECRET_NAME.search(name)):
                yield f"{name} is a plain variable"
            if LOGIN_IN_URL.search(value):
                yield f"{name} shows a secret"
    if declared.program.secret_exports:
        yield f"secret exports: {sorted(declared.program.secret_exports)}"
    for name, value in declared.exports.items():
        if value in values:
            yield f"output {name} shows a secret"


def control_17(declared: Declared, environment: Environment) -> Iterator[str]:
    """Each resource is labelled, and none has a name that another environment would have."""
    wanted = {
        "project": environment.project,
        "environment": environment.name,
        "owner": environment.owner,
        **environment.tags,
    }
    providers = {f"{each.urn}::" for each in declared.all(PROVIDER)}
    for each in declared.all(PROVIDER):
        labels = json.loads(each.get("defaultLabels", "{}"))
        if wanted.items() - labels.items():
            yield f"resources lack {sorted(wanted.keys() - labels.keys())}"
    for each in declared.cloud:
        if not any(each.request.provider.startswith(provider) for provider in providers):
            yield f"{each.name} is not labelled by the stack's provider"
        # The provider labels only what calls them `labels`.
        user_labels = each.get("settings", each.inputs).get("userLabels")
        if each.token.startswith(("gcp:monitoring/", "gcp:sql/databaseInstance")) and (
            wanted.items() - (user_labels or {}).items()
        ):
            yield f"{each.name} is not labelled"
    own = f"{environment.project}-{environment.name}"
    for name, value in physical_names(declared):
        if own not in value:
            yield f"{name} is called {value}: so would another environment's be"


def physical_names(declared: Declared) -> Iterator[tuple[str, str]]:
    """Each resource that is given a name of its own, and that name."""
    for each in declared.cloud:
        if each.token in SHARED:
            continue
        for key in NAMES:
            if isinstance(each.get(key), str):
                yield each.name, each[key]


def _is_on_bucket(declared: Declared, grant: dict[str, object]) -> Iterator[str]:
    bucket = declared.bucket["name"]
    if grant["role"] != "roles/storage.objectUser":
        yield f"the server may {grant['role']} on the bucket"
    if grant["bucket"] != bucket:
        yield f"the server may use {grant['bucket']}"
    mine = f'resource.name.startsWith("projects/_/buckets/{bucket}/objects/artifacts/")'
    condition = grant.get("condition")
    expression = condition["expression"] if isinstance(condition, dict) else ""
    if expression != f'resource.type != "storage.googleapis.com/Object" || {mine}':
        yield f"the server may use what are not its artifacts: {expression}"
