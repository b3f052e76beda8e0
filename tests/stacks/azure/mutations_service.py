"""Breaks controls 11, 12, 15, 16 and 19 on purpose."""

from __future__ import annotations

from tests.stacks.azure.mutations import (
    ACCOUNT,
    ALARM,
    APP,
    COLLECTED,
    DB,
    FRONT,
    INGRESS,
    PARAMETER,
    REGISTRY,
    SERVER,
    TOLD,
    WORKSPACE,
    Mutation,
)

SCALE = "template.scale"
CRITERION = "criteria.allOf.0"
CPU_RULE = {"name": "cpu", "custom": {"type": "cpu", "metadata": {"value": "60"}}}

MUTATIONS = (
    Mutation(11, "it never scales up", lambda edit: edit.put(APP, f"{SCALE}.maxReplicas", 2)),
    Mutation(11, "it scales to zero", lambda edit: edit.put(APP, f"{SCALE}.minReplicas", 0)),
    Mutation(11, "nothing scales it", lambda edit: edit.put(APP, f"{SCALE}.rules", [])),
    Mutation(
        11,
        "a replica is given more requests than it has threads",
        lambda edit: edit.put(APP, f"{SCALE}.rules.0.http.metadata.concurrentRequests", "1000"),
    ),
    Mutation(
        11,
        "a rule on CPU keeps a replica",
        lambda edit: edit.put(APP, f"{SCALE}.rules", [{"http": {}}, CPU_RULE]),
        "dev",
    ),
    Mutation(
        11,
        "the database takes no more connections than a small one",
        lambda edit: edit.put(PARAMETER, "value", "115", "max-connections"),
    ),
    Mutation(
        11,
        "Azure's own connections are forgotten",
        lambda edit: edit.put(PARAMETER, "value", "50", "max-connections"),
        "dev",
    ),
    Mutation(
        12,
        "a dead replica serves",
        lambda edit: edit.drop(APP, f"{SERVER}.probes.1"),
    ),
    Mutation(
        12,
        "a server that waits for its database is killed",
        lambda edit: edit.put(APP, f"{SERVER}.probes.0.periodSeconds", 5),
    ),
    Mutation(
        12,
        "the probe asks for more failures than Azure takes",
        lambda edit: edit.put(APP, f"{SERVER}.probes.0.failureThreshold", 24),
    ),
    Mutation(
        12,
        "the probe asks something else",
        lambda edit: edit.put(APP, f"{SERVER}.probes.1.httpGet.path", "/"),
    ),
    Mutation(
        12,
        "two revisions serve at once",
        lambda edit: edit.put(APP, "configuration.activeRevisionsMode", "Multiple"),
    ),
    Mutation(
        12,
        "traffic stays where it was",
        lambda edit: edit.put(
            APP, f"{INGRESS}.traffic", [{"revisionName": "mlflow--1", "weight": 100}]
        ),
    ),
    Mutation(
        12,
        "requests are cut off",
        lambda edit: edit.put(APP, "template.terminationGracePeriodSeconds", 1),
    ),
    Mutation(
        15,
        "the image is whatever a tag says",
        lambda edit: edit.put(APP, f"{SERVER}.image", "ghcr.io/mlflow/mlflow:v3.17.2"),
    ),
    Mutation(
        15,
        "the image is from another registry",
        lambda edit: edit.put(APP, f"{SERVER}.image", f"other.azurecr.io/mlflow-server:{'0' * 20}"),
    ),
    Mutation(
        15,
        "the platform signs in elsewhere",
        lambda edit: edit.put(APP, "configuration.registries.0.server", "other.azurecr.io"),
    ),
    Mutation(
        15,
        "a volume lies over the image",
        lambda edit: edit.put(APP, f"{SERVER}.volumeMounts", [{"mountPath": "/app"}]),
    ),
    Mutation(
        15,
        "something runs first",
        lambda edit: edit.put(APP, "template.initContainers", [{"name": "first"}]),
    ),
    Mutation(
        16, "logs are kept for a month", lambda edit: edit.put(WORKSPACE, "retentionInDays", 30)
    ),
    Mutation(
        16,
        "the server logs to nowhere",
        lambda edit: edit.drop(FRONT, "appLogsConfiguration"),
    ),
    Mutation(
        16, "nobody collects the server's log", lambda edit: edit.remove(COLLECTED, "environment")
    ),
    Mutation(
        16,
        "nobody collects the database's log",
        lambda edit: edit.put(COLLECTED, "logs.0.enabled", value=False, name="database"),
    ),
    Mutation(
        16,
        "logs go to another workspace",
        lambda edit: edit.put(COLLECTED, "workspaceId", "/other"),
    ),
    *(
        Mutation(16, f"nobody hears of {name}", lambda edit, name=name: edit.remove(ALARM, name))
        for name in (
            "server-errors",
            "unhealthy-replicas",
            "no-replica",
            "database-storage",
            "database-cpu",
            "database-connections",
            "database-alive",
        )
    ),
    Mutation(
        16,
        "every request is an error",
        lambda edit: edit.drop(ALARM, f"{CRITERION}.dimensions", "server-errors"),
    ),
    Mutation(
        16,
        "the alarm on the disk goes off when there is room",
        lambda edit: edit.put(ALARM, f"{CRITERION}.operator", "LessThan", "database-storage"),
    ),
    Mutation(
        16,
        "the alarm watches something else",
        lambda edit: edit.put(ALARM, "scopes", ["/other"], "database-cpu"),
    ),
    Mutation(
        16,
        "an alarm is switched off",
        lambda edit: edit.put(ALARM, "enabled", value=False, name="database-cpu"),
    ),
    Mutation(16, "an alarm tells nobody", lambda edit: edit.drop(ALARM, "actions", "database-cpu")),
    Mutation(16, "nobody reads the alarms", lambda edit: edit.put(TOLD, "emailReceivers", [])),
    Mutation(16, "nobody is told", lambda edit: edit.put(TOLD, "enabled", value=False)),
    Mutation(
        19,
        "replicas are larger than asked for",
        lambda edit: edit.put(APP, f"{SERVER}.resources.cpu", 4),
        "dev",
    ),
    Mutation(
        19,
        "machines are kept ready",
        lambda edit: edit.put(
            FRONT, "workloadProfiles", [{"name": "D4", "workloadProfileType": "D4"}]
        ),
        "dev",
    ),
    Mutation(
        19,
        "the server runs on a machine",
        lambda edit: edit.put(APP, "workloadProfileName", "D4"),
        "dev",
    ),
    Mutation(19, "there is a NAT gateway", lambda edit: edit.add("network:NatGateway"), "dev"),
    Mutation(
        19, "the registry is premium", lambda edit: edit.put(REGISTRY, "sku.name", "Premium"), "dev"
    ),
    Mutation(
        19,
        "the database is larger than asked for",
        lambda edit: edit.put(DB, "sku.name", "Standard_B2s"),
        "dev",
    ),
    Mutation(
        19,
        "three zones where one will do",
        lambda edit: edit.put(FRONT, "zoneRedundant", value=True),
        "dev",
    ),
    Mutation(
        19,
        "artifacts are in three zones",
        lambda edit: edit.put(ACCOUNT, "sku.name", "Standard_ZRS"),
        "dev",
    ),
)
