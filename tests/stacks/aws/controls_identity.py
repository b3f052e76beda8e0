"""Controls 7, 8 and 17: what the server may do, its secrets, whose things they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.stacks.aws.template import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.aws.template import Resource, Template

TASK_ACTIONS = {
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
}
START_ACTIONS = {
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
}
SECRETS = {"PGPASSWORD", "MLFLOW_CRYPTO_KEK_PASSPHRASE"}
AUTH_SECRETS = {"MLFLOW_FLASK_SERVER_SECRET_KEY", "MLFLOW_AUTH_ADMIN_PASSWORD"}
SECRET_NAME = re.compile(r"PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|(ACCESS|API)_?KEY")
LOGIN_IN_URL = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
NOT_NAMES = {"PolicyName", "ServiceName", "MetricName", "DBName"}
"""Properties that end like a name and name no resource of the account's."""
REFERRING = {
    "CACertificateIdentifier",
    "DBSubnetGroupName",
    "DBParameterGroupName",
    "DBSnapshotIdentifier",
    "DomainName",
}


def control_07(template: Template, environment: Environment) -> Iterator[str]:
    """The server's identity may do only what it needs, on its own things."""
    del environment
    for kind in ("IAM::User", "IAM::AccessKey", "IAM::Group"):
        for each in template.all(kind):
            yield f"{each.name}: keys that somebody could keep"
    task = template.one("ECS::TaskDefinition")
    bucket = template.artifacts.att("Arn")
    for key, actions in (("TaskRoleArn", TASK_ACTIONS), ("ExecutionRoleArn", START_ACTIONS)):
        role = template.at(task.get(key, ""))
        if role is None:
            yield f"{key} is none of the stack's roles"
            continue
        yield from _is_narrow(template, role, actions)
        if key == "TaskRoleArn":
            yield from _is_on_bucket(template, role, bucket)


def control_08(template: Template, environment: Environment) -> Iterator[str]:
    """Secrets are generated, held in Secrets Manager and injected by reference."""
    for each in template.all("SecretsManager::Secret"):
        if "SecretString" in each.properties or "GenerateSecretString" not in each.properties:
            yield f"{each.name} has its value in the template"
    injected = {each["Name"]: each["ValueFrom"] for each in template.container.get("Secrets", [])}
    wanted = SECRETS | (AUTH_SECRETS if environment.server.auth == "basic" else set())
    for name in sorted(wanted - set(injected)):
        yield f"{name} is not injected"
    for name, source in injected.items():
        held = template.at(source)
        if held is None or not held.kind.startswith("AWS::SecretsManager::Secret"):
            yield f"{name} is no secret of the stack's: {source}"
    for name, value in template.variables.items():
        if name in wanted or SECRET_NAME.search(name):
            yield f"{name} is a plain variable"
        yield from _is_open(name, value)
    for word in template.container.get("Command", []):
        yield from _is_open("the command", word)
    for name, value in template.outputs.items():
        yield from _is_open(f"output {name}", value)
    password = template.one("RDS::DBInstance").get("MasterUserPassword", "")
    if not password.startswith("{{resolve:secretsmanager:${"):
        yield "the database's password is in the template"


def control_17(template: Template, environment: Environment) -> Iterator[str]:
    """Each resource is tagged, and none has a name that another environment would have."""
    wanted = {
        "project": environment.project,
        "environment": environment.name,
        "owner": environment.owner,
        **environment.tags,
    }
    for each in template.resources.values():
        if _is_taggable(each):
            missing = wanted.items() - _tags(each.get("Tags", [])).items()
            if missing:
                yield f"{each.name} ({each.kind}) lacks {sorted(key for key, _ in missing)}"
    own = f"{environment.project}{environment.name}"
    for name, value in physical_names(template):
        if own not in re.sub(r"[^a-z0-9]", "", value.lower()):
            yield f"{name} is called {value}: so would another environment's be"


def physical_names(template: Template) -> Iterator[tuple[str, str]]:
    """Each resource that is given a name of its own, and that name."""
    for each in template.resources.values():
        if each.kind in {"AWS::Route53::RecordSet", "AWS::CertificateManager::Certificate"}:
            continue  # named by the file's own domain
        for key, value in _top(each):
            if key in NOT_NAMES | REFERRING or not isinstance(value, str):
                continue
            if re.search(r"(^|[a-z])(Name|Identifier|Alias)$", key) and not value.startswith("${"):
                yield each.name, value


def _top(resource: Resource) -> Iterator[tuple[str, Any]]:
    yield from resource.properties.items()
    yield from resource.get("VpcOriginEndpointConfig", {}).items()


def _is_taggable(resource: Resource) -> bool:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", resource.kind).schema
    return bool(schema.get("tagging", {}).get("taggable", "Tags" in schema["properties"]))


def _tags(found: Any) -> dict[str, str]:  # noqa: ANN401 - a list or a mapping, by the resource
    return found if isinstance(found, dict) else {each["Key"]: each["Value"] for each in found}


def _is_open(where: str, value: str) -> Iterator[str]:
    if "{{resolve:" in value or LOGIN_IN_URL.search(value):
        yield f"{where} shows a secret"


def _is_narrow(template: Template, role: Resource, allowed: set[str]) -> Iterator[str]:
    if role.get("ManagedPolicyArns"):
        yield f"{role.name} has policies of others: {role['ManagedPolicyArns']}"
    for statement in role["AssumeRolePolicyDocument"]["Statement"]:
        if statement["Principal"] != {"Service": "ecs-tasks.amazonaws.com"}:
            yield f"{role.name} can be taken by {statement['Principal']}"
    for statement in template.statements(role):
        if statement["Effect"] != "Allow":
            continue
        if "NotAction" in statement or "NotResource" in statement:
            yield f"{role.name} may do all but something"
            continue
        actions = listed(statement["Action"])
        if set(actions) - allowed:
            yield f"{role.name} may {sorted(set(actions) - allowed)}"
        for resource in listed(statement["Resource"]):
            if resource == "*" and actions == ["ecr:GetAuthorizationToken"]:
                continue
            if "*" in resource.removesuffix("/artifacts/*"):
                yield f"{role.name} may {actions} on {resource}"
            is_image = re.fullmatch(r"arn:[^*]+:ecr:[^*]+:repository/[^*]+", resource)
            if template.at(resource) is None and not is_image:
                yield f"{role.name} may {actions} on what is not the stack's: {resource}"


def _is_on_bucket(template: Template, role: Resource, bucket: str) -> Iterator[str]:
    for statement in template.statements(role):
        resources = set(listed(statement.get("Resource", "*")))
        if "s3:ListBucket" in listed(statement.get("Action", [])):
            prefixes = {"StringLike": {"s3:prefix": ["artifacts", "artifacts/*"]}}
            if resources != {bucket} or statement.get("Condition") != prefixes:
                yield "the server may list what are not its artifacts"
        elif resources != {f"{bucket}/artifacts/*"}:
            yield f"the server may use {sorted(resources)}"
