"""What the program registers, as controls read it: by its part in the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.registered import Program, Registered

SERVICE = "gcp:cloudrunv2/service:Service"
INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
USER = "gcp:sql/user:User"
BUCKET = "gcp:storage/bucket:Bucket"
BUCKET_GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
SECRET = "gcp:secretmanager/secret:Secret"
VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
SECRET_GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"
ACCOUNT = "gcp:serviceaccount/account:Account"
PASSWORD = "random:index/randomPassword:RandomPassword"
NETWORK = "gcp:compute/network:Network"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
ALARM = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
PROVIDER = "pulumi:providers:gcp"
ENDPOINTS = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
BACKEND = "gcp:compute/backendService:BackendService"
POLICY = "gcp:compute/securityPolicy:SecurityPolicy"
RULE = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
HTTPS_PROXY = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
TLS = "gcp:compute/sSLPolicy:SSLPolicy"
CERTIFICATE = "gcp:compute/managedSslCertificate:ManagedSslCertificate"
PRIVATE_BACKEND = "gcp:compute/regionBackendService:RegionBackendService"
PRIVATE_POLICY = "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy"
PRIVATE_RULE = "gcp:compute/forwardingRule:ForwardingRule"
PRIVATE_PROXY = "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy"
PRIVATE_TLS = "gcp:compute/regionSslPolicy:RegionSslPolicy"
PRIVATE_CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
AUTHORIZATION = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"


class Declared:
    """One environment, as the engine is asked for it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.all = program.all
        self.one = program.one
        self.exports = program.exports

    @property
    def service(self) -> Registered:
        return self.one(SERVICE)

    @property
    def template(self) -> dict[str, Any]:
        """What an instance of the service is made of."""
        return self.service["template"]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return self.template["containers"]

    @property
    def server(self) -> dict[str, Any]:
        """MLflow's container."""
        (found,) = (each for each in self.containers if "ports" not in each)
        return found

    @property
    def front(self) -> dict[str, Any]:
        """The container that Cloud Run sends requests to."""
        (found,) = (each for each in self.containers if "ports" in each)
        return found

    @property
    def variables(self) -> dict[str, str]:
        """The server's plain variables."""
        return {each["name"]: each["value"] for each in self.server["envs"] if "value" in each}

    @property
    def injected(self) -> dict[str, dict[str, str]]:
        """The server's variables that come from Secret Manager: which secret, which version."""
        return {
            each["name"]: each["valueSource"]["secretKeyRef"]
            for each in self.server["envs"]
            if "valueSource" in each
        }

    @property
    def instance(self) -> Registered:
        return self.one(INSTANCE)

    @property
    def settings(self) -> dict[str, Any]:
        """The database's."""
        return self.instance["settings"]

    @property
    def bucket(self) -> Registered:
        """The bucket that the server keeps artifacts in."""
        variables = self.variables
        uri = variables.get("MLFLOW_ARTIFACTS_DESTINATION") or variables.get(
            "MLFLOW_DEFAULT_ARTIFACT_ROOT", ""
        )
        found = [each for each in self.all(BUCKET) if uri == f"gs://{each['name']}/artifacts"]
        assert found, f"the server keeps artifacts elsewhere: {uri}"
        return found[0]

    @property
    def has_balancer(self) -> bool:
        return bool(self.of(RULE, PRIVATE_RULE))

    def of(self, *tokens: str) -> list[Registered]:
        """Everything of these types: what one load balancer calls so, the other calls otherwise."""
        return [each for token in tokens for each in self.all(token)]

    @property
    def subnets(self) -> list[Registered]:
        """Those that servers can be in; a load balancer's proxies have one of their own."""
        return [each for each in self.all(SUBNET) if each.get("purpose", "PRIVATE") == "PRIVATE"]

    def versions(self, secret_id: str) -> list[Registered]:
        """The versions of a secret, by the id that a service refers to it with."""
        return [
            each
            for each in self.all(VERSION)
            if str(each["secret"]).rsplit("/", 1)[-1] == secret_id
        ]

    @property
    def cloud(self) -> Iterator[Registered]:
        """Everything that is there in Google Cloud."""
        return (each for each in self.program.resources if each.token.startswith("gcp:"))
