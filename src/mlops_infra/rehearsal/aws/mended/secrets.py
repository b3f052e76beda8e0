"""Mends of Secrets Manager."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import drift, provisioners, secretsmanager

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props


def refer_to_secrets_by_arn() -> None:
    """`Ref` of a secret is its name; on AWS it is the ARN, which policies and tasks need.

    Seen: the execution role's policy names `mlops-dev-Tracking…` as a resource.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """
    kind = "AWS::SecretsManager::Secret"
    handler = provisioners._RESOURCE_HANDLERS[kind]
    create, update, delete = (handler[verb] for verb in ("create", "update", "delete"))
    read, readable = drift._DRIFT_READERS[kind]

    def name(arn: str) -> str:
        return secretsmanager._resolve(arn)[0] or arn

    def by_arn(made: tuple[str, Props]) -> tuple[str, Props]:
        return made[1]["Arn"], made[1]

    handler["create"] = lambda *words: by_arn(create(*words))
    handler["update"] = lambda arn, *words: by_arn(update(name(arn), *words))
    handler["delete"] = lambda arn, props: delete(name(arn), props)
    drift._DRIFT_READERS[kind] = (lambda arn, props: read(name(arn), props), readable)


def generate_secrets_as_told() -> None:
    """A generated secret heeds only its length and the excluded characters.

    Seen: `ExcludePunctuation: true` yields `;eFLBl}WMP^4A9Y080$QmjKKkX`. GetRandomPassword, which
    CloudFormation calls, is right in ministack, so it is asked.
    """

    def secret_string(props: Props) -> str:
        wanted = props.get("GenerateSecretString")
        if not wanted or props.get("SecretString"):
            return props.get("SecretString", "")
        status, _, body = secretsmanager._get_random_password(wanted)
        answer = json.loads(body)
        if status != 200:
            raise ValueError(answer["message"])
        if "SecretStringTemplate" not in wanted:
            return answer["RandomPassword"]
        template = json.loads(wanted["SecretStringTemplate"])
        return json.dumps({**template, wanted["GenerateStringKey"]: answer["RandomPassword"]})

    provisioners._sm_secret_string = secret_string
