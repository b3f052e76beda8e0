"""Breaks controls 7, 8 and 17 on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks.aws.mutations import BUCKET, CONTAINER, DB, SECRET, TASK, Mutation

if TYPE_CHECKING:
    from tests.stacks.aws.mutations import Edit

FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
GENERATED = "GenerateSecretString"


def _first(edit: Edit, within: str, **changes: object) -> None:
    next(edit.statements("IAM::Policy", within)).update(changes)


MUTATIONS = (
    Mutation(
        7,
        "the task may do all with S3",
        lambda edit: edit.put("IAM::Role", "ManagedPolicyArns", [FULL_ACCESS], "TaskTaskRole"),
    ),
    Mutation(
        7,
        "starting it needs a policy of AWS's",
        lambda edit: edit.put(
            "IAM::Role",
            "ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
            "ExecutionRole",
        ),
    ),
    Mutation(
        7,
        "the task may use every bucket",
        lambda edit: edit.allow("TaskTaskRole", Action="s3:GetObject", Resource="*"),
    ),
    Mutation(
        7,
        "the task may do anything to its bucket",
        lambda edit: _first(edit, "TaskTaskRole", Action="s3:*"),
    ),
    Mutation(
        7,
        "the task may list all of its bucket",
        lambda edit: _first(edit, "TaskTaskRole", Condition={}),
    ),
    Mutation(
        7,
        "the task may use the log bucket",
        lambda edit: edit.allow(
            "TaskTaskRole",
            Action="s3:GetObject",
            Resource={
                "Fn::Join": [
                    "",
                    [{"Fn::GetAtt": [edit.name(BUCKET, "Logs"), "Arn"]}, "/artifacts/*"],
                ]
            },
        ),
    ),
    Mutation(
        7,
        "the task may read secrets itself",
        lambda edit: edit.allow(
            "TaskTaskRole",
            Action="secretsmanager:GetSecretValue",
            Resource={"Ref": edit.name(SECRET, "Admin")},
        ),
    ),
    Mutation(
        7,
        "all but something is allowed",
        lambda edit: edit.allow("TaskTaskRole", NotAction="iam:*", Resource="*"),
    ),
    Mutation(
        7,
        "every secret of the account can be read",
        lambda edit: edit.allow(
            "ExecutionRole", Action="secretsmanager:GetSecretValue", Resource="*"
        ),
    ),
    Mutation(
        7,
        "every repository can be read",
        lambda edit: edit.allow(
            "ExecutionRole",
            Action="ecr:BatchGetImage",
            Resource="arn:aws:ecr:eu-west-1:1:repository/*",
        ),
    ),
    Mutation(
        7,
        "signing in to ECR brings more with it",
        lambda edit: edit.allow(
            "ExecutionRole", Resource="*", Action=["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]
        ),
    ),
    Mutation(
        7,
        "anybody in the account can take the role",
        lambda edit: edit.put(
            "IAM::Role",
            "AssumeRolePolicyDocument.Statement.0.Principal",
            {"AWS": "*"},
            "TaskTaskRole",
        ),
    ),
    Mutation(7, "there is a user with keys", lambda edit: edit.add("IAM::AccessKey", UserName="a")),
    Mutation(7, "the task has no role of its own", lambda edit: edit.drop(TASK, "TaskRoleArn")),
    Mutation(
        8,
        "a secret's value is in the template",
        lambda edit: edit.put(SECRET, "SecretString", "hunter2hunter2", "Admin"),
    ),
    Mutation(8, "a secret is not generated", lambda edit: edit.drop(SECRET, GENERATED, "Flask")),
    Mutation(
        8,
        "the database's password is a variable",
        lambda edit: edit.variable("PGPASSWORD", "hunter2hunter2"),
    ),
    Mutation(
        8,
        "the database's password is resolved into a variable",
        lambda edit: edit.variable("DATABASE", "{{resolve:secretsmanager:db:SecretString}}"),
    ),
    Mutation(
        8,
        "the database's URI holds a login",
        lambda edit: edit.variable(
            "MLFLOW_BACKEND_STORE_URI", "postgresql://mlflow:hunter2@db/mlflow"
        ),
    ),
    Mutation(
        8,
        "keys of a user are variables",
        lambda edit: edit.variable("AWS_SECRET_ACCESS_KEY", "abc"),
    ),
    Mutation(
        8,
        "the command holds a login",
        lambda edit: edit.put(
            TASK,
            f"{CONTAINER}.Command",
            ["server", "--backend-store-uri", "postgresql://mlflow:hunter2@db/mlflow"],
        ),
    ),
    Mutation(
        8,
        "the password is an output",
        lambda edit: edit.body["Outputs"].update(
            Password={"Value": "{{resolve:secretsmanager:admin:SecretString}}"}
        ),
    ),
    Mutation(
        8,
        "the database's password is in the template",
        lambda edit: edit.put(DB, "MasterUserPassword", "hunter2hunter2"),
    ),
    Mutation(
        8,
        "a secret of somebody else's is injected",
        lambda edit: edit.put(
            TASK,
            f"{CONTAINER}.Secrets.0.ValueFrom",
            "arn:aws:secretsmanager:eu-west-1:1:secret:other",
        ),
    ),
    Mutation(
        8,
        "MLflow keeps its well-known passphrase",
        lambda edit: edit.put(TASK, f"{CONTAINER}.Secrets", []),
    ),
    Mutation(17, "a resource has no tags", lambda edit: edit.drop(DB, "Tags")),
    Mutation(
        17,
        "a resource says another environment",
        lambda edit: edit.put(
            BUCKET, "Tags.1", {"Key": "environment", "Value": "dev"}, "Artifacts"
        ),
    ),
    Mutation(
        17,
        "a role has a name that every environment would give it",
        lambda edit: edit.put("IAM::Role", "RoleName", "mlflow-task", "TaskTaskRole"),
    ),
    Mutation(
        17,
        "a cluster has a name that every environment would give it",
        lambda edit: edit.put("ECS::Cluster", "ClusterName", "mlflow"),
    ),
    Mutation(
        17,
        "a database has a name that every environment would give it",
        lambda edit: edit.put(DB, "DBInstanceIdentifier", "mlflow"),
    ),
)
