"""Breaks controls 1, 2, 3 and 13 on purpose."""

from __future__ import annotations

from tests.stacks.azure.mutations import (
    APP,
    DB,
    ENDPOINT,
    FRONT,
    GUARD,
    INGRESS,
    RECORDS,
    SERVER,
    SUBNET,
    Mutation,
)

DOMAIN, PRIVATE = "prod with a domain", "private staging"
LET_IN = f"{INGRESS}.ipSecurityRestrictions"

MUTATIONS = (
    Mutation(1, "the server asks nobody", lambda edit: edit.put(APP, f"{SERVER}.args", ["server"])),
    Mutation(
        1,
        "a private front door gets a public address",
        lambda edit: edit.put(FRONT, "vnetConfiguration.internal", value=False),
        PRIVATE,
    ),
    Mutation(
        1,
        "a private environment takes the internet's traffic",
        lambda edit: edit.put(FRONT, "publicNetworkAccess", "Enabled"),
        PRIVATE,
    ),
    Mutation(
        1,
        "the server is in a network of Azure's",
        lambda edit: edit.drop(FRONT, "vnetConfiguration"),
    ),
    Mutation(
        1,
        "the front door leads past the server",
        lambda edit: edit.put(APP, f"{INGRESS}.targetPort", 5001),
    ),
    Mutation(
        1,
        "there is a second way in",
        lambda edit: edit.put(
            APP, f"{INGRESS}.additionalPortMappings", [{"external": True, "targetPort": 22}]
        ),
    ),
    Mutation(1, "everybody is let in", lambda edit: edit.drop(APP, LET_IN), DOMAIN),
    Mutation(
        1,
        "one network is kept out, and all others let in",
        lambda edit: edit.put(APP, f"{LET_IN}.0.action", "Deny"),
        DOMAIN,
    ),
    Mutation(
        1,
        "a network more is let in",
        lambda edit: edit.put(APP, f"{LET_IN}.0.ipAddressRange", "203.0.0.0/16"),
        DOMAIN,
    ),
    Mutation(
        2,
        "plain HTTP is served",
        lambda edit: edit.put(APP, f"{INGRESS}.allowInsecure", value=True),
    ),
    Mutation(
        2,
        "clients are told plain HTTP",
        lambda edit: edit.export("tracking_uri", "http://mlflow.example.com"),
    ),
    Mutation(
        2, "the front door is a TCP port", lambda edit: edit.put(APP, f"{INGRESS}.transport", "tcp")
    ),
    Mutation(
        2,
        "the domain has no certificate",
        lambda edit: edit.remove("app:ManagedCertificate"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the certificate is for another domain",
        lambda edit: edit.put("app:ManagedCertificate", "properties.subjectName", "example.com"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the certificate is not used",
        lambda edit: edit.put(APP, f"{INGRESS}.customDomains.0.bindingType", "Disabled"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the domain is not served",
        lambda edit: edit.drop(APP, f"{INGRESS}.customDomains"),
        DOMAIN,
    ),
    Mutation(
        3,
        "the database has a public address",
        lambda edit: edit.put(DB, "network.publicNetworkAccess", "Enabled"),
    ),
    Mutation(
        3,
        "the database lets in an address",
        lambda edit: edit.add(
            "dbforpostgresql:FirewallRule", startIpAddress="20.0.0.1", endIpAddress="20.0.0.1"
        ),
    ),
    Mutation(3, "nothing leads to the database", lambda edit: edit.remove(ENDPOINT, "database")),
    Mutation(
        3,
        "the guard lets in the whole network",
        lambda edit: edit.put(GUARD, "securityRules.0.sourceAddressPrefix", "VirtualNetwork"),
    ),
    Mutation(
        3,
        "the guard opens every port",
        lambda edit: edit.put(GUARD, "securityRules.0.destinationPortRanges", ["*"]),
    ),
    Mutation(
        3,
        "the guard leaves the rest to Azure",
        lambda edit: edit.drop(GUARD, "securityRules.1"),
    ),
    Mutation(
        3,
        "the guard is ignored by private endpoints",
        lambda edit: edit.put(SUBNET, "privateEndpointNetworkPolicies", "Disabled", "endpoints"),
    ),
    Mutation(
        3, "nobody guards", lambda edit: edit.drop(SUBNET, "networkSecurityGroup", "endpoints")
    ),
    Mutation(3, "the name leads to no endpoint", lambda edit: edit.remove(RECORDS, "database")),
    Mutation(
        3,
        "another network resolves the name",
        lambda edit: edit.put("privatedns:VirtualNetworkLink", "virtualNetwork.id", "/other"),
    ),
    Mutation(
        13,
        "every host is allowed",
        lambda edit: edit.variable("MLFLOW_SERVER_ALLOWED_HOSTS", "*"),
    ),
    Mutation(
        13,
        "every origin is allowed",
        lambda edit: edit.variable("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "*"),
    ),
    Mutation(
        13,
        "nobody looks at Host and Origin",
        lambda edit: edit.variable("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true"),
    ),
    Mutation(
        13,
        "the front door answers for origins itself",
        lambda edit: edit.put(APP, f"{INGRESS}.corsPolicy", {"allowedOrigins": ["*"]}),
    ),
    Mutation(
        13,
        "clients are told Azure's name, and the server knows the domain",
        lambda edit: edit.export("tracking_uri", "https://mlflow.calmsea.azurecontainerapps.io"),
        DOMAIN,
    ),
    Mutation(
        13,
        "clients are told another app's name",
        lambda edit: edit.export("tracking_uri", "https://other.calmsea.azurecontainerapps.io"),
    ),
)
