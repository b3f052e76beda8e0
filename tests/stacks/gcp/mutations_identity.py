"""Ways to break controls 7, 8 and 17."""

from __future__ import annotations

from tests.stacks.gcp.declared import (
    ALARM,
    BUCKET,
    BUCKET_GRANT,
    INSTANCE,
    LOG_BUCKET,
    PASSWORD,
    PROVIDER,
    SECRET_GRANT,
    SERVICE,
    USER,
    VERSION,
)
from tests.stacks.gcp.mutations import FRONT, SERVER, Mutation

COMPUTE = "123456789012-compute@developer.gserviceaccount.com"

MUTATIONS = (
    Mutation(
        7,
        "the server is the project's default account",
        lambda edit: edit.put(SERVICE, "template.serviceAccount", COMPUTE),
    ),
    Mutation(
        7,
        "the account is left to Google's default",
        lambda edit: edit.drop(SERVICE, "template.serviceAccount"),
    ),
    Mutation(
        7,
        "the account has a key",
        lambda edit: edit.add("gcp:serviceaccount/key:Key", serviceAccountId="mlops-prod-run"),
    ),
    Mutation(
        7,
        "the bucket has a key for the interoperable API",
        lambda edit: edit.add("gcp:storage/hmacKey:HmacKey", serviceAccountEmail="a"),
    ),
    Mutation(
        7,
        "the server is an editor of the project",
        lambda edit: edit.add(
            "gcp:projects/iAMMember:IAMMember",
            member="serviceAccount:mlops-prod-run@your-project-prod.iam.gserviceaccount.com",
            role="roles/editor",
        ),
    ),
    Mutation(
        7,
        "the server administers the bucket",
        lambda edit: edit.put(BUCKET_GRANT, "role", "roles/storage.admin"),
    ),
    Mutation(
        7,
        "the server may use all of the bucket",
        lambda edit: edit.drop(BUCKET_GRANT, "condition"),
    ),
    Mutation(
        7,
        "the condition is on another prefix",
        lambda edit: edit.put(
            BUCKET_GRANT,
            "condition.expression",
            'resource.name.startsWith("projects/_/buckets/")',
        ),
    ),
    Mutation(
        7,
        "the server may use another bucket",
        lambda edit: edit.put(BUCKET_GRANT, "bucket", "mlops-dev-1a2b3c4d"),
    ),
    Mutation(
        7,
        "everybody with an account may use the bucket",
        lambda edit: edit.put(BUCKET_GRANT, "member", "allAuthenticatedUsers"),
    ),
    Mutation(
        7,
        "the server may change its secrets",
        lambda edit: edit.put(SECRET_GRANT, "role", "roles/secretmanager.admin"),
    ),
    Mutation(
        7,
        "the server may read another environment's secret",
        lambda edit: edit.put(
            SECRET_GRANT,
            "secretId",
            "projects/p/secrets/mlops-dev-database-password",
            "database-password",
        ),
    ),
    Mutation(
        8,
        "the password is a plain variable",
        lambda edit: edit.variable("PGPASSWORD", "hunter2hunter2"),
    ),
    Mutation(8, "a token is a plain variable", lambda edit: edit.variable("SOME_TOKEN", "hunter2")),
    Mutation(
        8,
        "the URI has the password in it",
        lambda edit: edit.variable("MLFLOW_BACKEND_STORE_URI", "postgresql://u:pw@host/mlflow"),
    ),
    Mutation(
        8,
        "the command has the password in it",
        lambda edit: edit.put(
            SERVICE, f"{SERVER}.args", ["server", "--backend-store-uri", "postgresql://u:pw@h/m"]
        ),
    ),
    Mutation(
        8,
        "the front gets a secret in clear",
        lambda edit: edit.put(SERVICE, f"{FRONT}.envs", [{"name": "PASSWORD", "value": "a"}]),
    ),
    Mutation(
        8, "the held secret is not generated", lambda edit: edit.put(VERSION, "secretData", "a")
    ),
    Mutation(8, "the secret is in the state in clear", lambda edit: edit.bare(VERSION)),
    Mutation(8, "the database's password is in the state in clear", lambda edit: edit.bare(USER)),
    Mutation(8, "passwords are short", lambda edit: edit.put(PASSWORD, "length", 8)),
    Mutation(
        8,
        "a secret changes without a rollout",
        lambda edit: edit.injected("PGPASSWORD", version="latest"),
    ),
    Mutation(
        8,
        "the password is exported",
        lambda edit: edit.program.exports.update(password="the value of database-password"),
    ),
    Mutation(
        8,
        "something secret is exported",
        lambda edit: setattr(edit.program, "secret_exports", frozenset({"password"})),
    ),
    Mutation(
        17,
        "nothing is labelled",
        lambda edit: edit.put(PROVIDER, "defaultLabels", "{}"),
    ),
    Mutation(
        17,
        "nobody knows whom to ask",
        lambda edit: edit.put(
            PROVIDER, "defaultLabels", '{"project": "mlops", "environment": "prod"}'
        ),
    ),
    Mutation(
        17,
        "the bucket is made by another provider",
        lambda edit: edit.option(BUCKET, "provider", "urn:pulumi:x::y::pulumi:providers:gcp::a::b"),
    ),
    Mutation(17, "the alarms are not labelled", lambda edit: edit.put(ALARM, "userLabels", {})),
    Mutation(
        17,
        "the database is not labelled",
        lambda edit: edit.drop(INSTANCE, "settings.userLabels"),
    ),
    Mutation(17, "the service's name is fixed", lambda edit: edit.put(SERVICE, "name", "mlflow")),
    Mutation(
        17,
        "all environments share a log",
        lambda edit: edit.put(LOG_BUCKET, "bucketId", "mlops"),
    ),
)
