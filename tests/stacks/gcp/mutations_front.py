"""Ways to break controls 1, 2, 3 and 13."""

from __future__ import annotations

from tests.stacks.gcp.declared import (
    BACKEND,
    CERTIFICATE,
    ENDPOINTS,
    HTTPS_PROXY,
    INSTANCE,
    NETWORK,
    POLICY,
    PRIVATE_BACKEND,
    PRIVATE_CERTIFICATE,
    PRIVATE_POLICY,
    PRIVATE_RULE,
    PRIVATE_TLS,
    RULE,
    SERVICE,
    SUBNET,
    TLS,
)
from tests.stacks.gcp.mutations import SERVER, Mutation

DOMAIN = "prod with a domain"
PRIVATE = "private dev without auth"
PRIVATE_DOMAIN = "private prod with a domain"
REACHED = "settings.ipConfiguration"
ANY = {
    "action": "allow",
    "priority": 1,
    "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
}

MUTATIONS = (
    Mutation(
        1,
        "the server is started without auth",
        lambda edit: edit.put(SERVICE, f"{SERVER}.args", ["server"]),
    ),
    Mutation(
        1,
        "a server without auth is opened to the internet",
        lambda edit: edit.put(SERVICE, "ingress", "INGRESS_TRAFFIC_ALL"),
        PRIVATE,
    ),
    Mutation(
        1,
        "the ingress is left to Google's default",
        lambda edit: edit.drop(SERVICE, "ingress"),
        PRIVATE,
    ),
    Mutation(
        1,
        "the load balancer caches what one user may see",
        lambda edit: edit.put(BACKEND, "enableCdn", value=True),
        DOMAIN,
    ),
    Mutation(
        1,
        "a private domain's service takes what public load balancers send",
        lambda edit: edit.put(SERVICE, "ingress", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        1,
        "a private domain has a public address, too",
        lambda edit: edit.add(RULE, portRange="443", target="RegionTargetHttpsProxy/mlops-prod"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        1,
        "a private domain's load balancer is a public one",
        lambda edit: edit.put(PRIVATE_RULE, "loadBalancingScheme", "EXTERNAL_MANAGED"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "clients are told plain HTTP",
        lambda edit: edit.program.exports.update(tracking_uri="http://mlflow"),
    ),
    Mutation(
        2,
        "port 80 serves, too",
        lambda edit: edit.add(RULE, portRange="80", target="TargetHttpProxy/mlops-prod"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the load balancer allows TLS 1.0",
        lambda edit: edit.put(TLS, "minTlsVersion", "TLS_1_0"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the load balancer has Google's default policy",
        lambda edit: edit.drop(HTTPS_PROXY, "sslPolicy"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the certificate is for another name",
        lambda edit: edit.put(CERTIFICATE, "managed.domains", ["ml.example.com"]),
        DOMAIN,
    ),
    Mutation(
        2,
        "the load balancer serves another service",
        lambda edit: edit.put(ENDPOINTS, "cloudRun.service", "mlops-dev"),
        DOMAIN,
    ),
    Mutation(
        2,
        "Cloud Run lets in who goes past the load balancer",
        lambda edit: edit.put(SERVICE, "ingress", "INGRESS_TRAFFIC_ALL"),
        DOMAIN,
    ),
    Mutation(
        2,
        "Cloud Run's own name answers, too",
        lambda edit: edit.put(SERVICE, "defaultUriDisabled", value=False),
        DOMAIN,
    ),
    Mutation(
        2,
        "the load balancer has no policy",
        lambda edit: edit.drop(BACKEND, "securityPolicy"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the policy lets everybody in, first",
        lambda edit: edit.put(POLICY, "rules.0", ANY),
        DOMAIN,
    ),
    Mutation(
        2,
        "the policy lets in who is left",
        lambda edit: edit.put(POLICY, "rules.2.action", "allow"),
        DOMAIN,
    ),
    Mutation(
        2, "one of allowed_cidrs is left out", lambda edit: edit.drop(POLICY, "rules.1"), DOMAIN
    ),
    Mutation(
        2,
        "a rule is only in preview",
        lambda edit: edit.put(POLICY, "rules.2.preview", value=True),
        DOMAIN,
    ),
    Mutation(
        2,
        "a rule has more networks than Google takes",
        lambda edit: edit.put(
            POLICY, "rules.0.match.config.srcIpRanges", [f"203.0.113.{n}/32" for n in range(11)]
        ),
        DOMAIN,
    ),
    Mutation(2, "there is no load balancer", lambda edit: edit.remove(RULE), DOMAIN),
    Mutation(
        2,
        "a private domain has none",
        lambda edit: edit.remove(PRIVATE_RULE),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "a private domain is served at port 80",
        lambda edit: edit.put(PRIVATE_RULE, "portRange", "80"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "a private domain is served with TLS 1.1",
        lambda edit: edit.put(PRIVATE_TLS, "minTlsVersion", "TLS_1_1"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "a private domain's certificate is for another name",
        lambda edit: edit.put(PRIVATE_CERTIFICATE, "managed.domains", ["ml.example.com"]),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "a private domain lets in all networks that reach it",
        lambda edit: edit.drop(PRIVATE_BACKEND, "securityPolicy"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "a private domain lets in all but some",
        lambda edit: edit.put(PRIVATE_POLICY, "rules.2.action", "allow"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        2,
        "a private domain's service answers at Google's name, too",
        lambda edit: edit.put(SERVICE, "defaultUriDisabled", value=False),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        3,
        "the database has a public address",
        lambda edit: edit.put(INSTANCE, f"{REACHED}.ipv4Enabled", value=True),
    ),
    Mutation(
        3,
        "the database's address is left to Google's default",
        lambda edit: edit.drop(INSTANCE, f"{REACHED}.ipv4Enabled"),
    ),
    Mutation(
        3,
        "the database accepts an administrator from the internet",
        lambda edit: edit.put(
            INSTANCE, f"{REACHED}.authorizedNetworks", [{"value": "203.0.113.7/32"}]
        ),
    ),
    Mutation(
        3,
        "the database is in the project's default network",
        lambda edit: edit.put(
            INSTANCE, f"{REACHED}.privateNetwork", "projects/p/global/networks/default"
        ),
    ),
    Mutation(
        3,
        "BigQuery and others get a path to the database",
        lambda edit: edit.put(
            INSTANCE, f"{REACHED}.enablePrivatePathForGoogleCloudServices", value=True
        ),
    ),
    Mutation(
        3,
        "the server is in another network than its database",
        lambda edit: edit.put(
            SERVICE, "template.vpcAccess.networkInterfaces.0.network", "Network/default"
        ),
    ),
    Mutation(
        3,
        "a private domain's network has a subnet for anybody",
        lambda edit: edit.add(SUBNET, name="mlops-prod-more", ipCidrRange="10.0.9.0/24"),
        PRIVATE_DOMAIN,
    ),
    Mutation(
        3,
        "the network makes subnets for all regions",
        lambda edit: edit.put(NETWORK, "autoCreateSubnetworks", value=True),
    ),
    Mutation(
        3,
        "a firewall rule lets others in",
        lambda edit: edit.add("gcp:compute/firewall:Firewall", sourceRanges=["0.0.0.0/0"]),
    ),
    Mutation(
        3,
        "another network is peered",
        lambda edit: edit.add("gcp:compute/networkPeering:NetworkPeering", network="Network/x"),
    ),
    Mutation(
        13, "any host is allowed", lambda edit: edit.variable("MLFLOW_SERVER_ALLOWED_HOSTS", "*")
    ),
    Mutation(
        13,
        "a foreign host is allowed, too",
        lambda edit: edit.variable(
            "MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow.example.com,mlflow.example.com:*,evil.example"
        ),
        DOMAIN,
    ),
    Mutation(
        13,
        "any origin is allowed",
        lambda edit: edit.variable("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "*"),
    ),
    Mutation(
        13,
        "the server's own check is switched off",
        lambda edit: edit.variable("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true"),
    ),
    Mutation(
        13,
        "the service has another name than the server expects",
        lambda edit: edit.put(SERVICE, "name", "mlops-other"),
    ),
)
