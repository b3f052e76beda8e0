"""The ids that clouds make of names, for what the stacks are made of.

Azure: the path of the resource manager, https://learn.microsoft.com/azure/azure-resource-manager/
GCP: what a create sets and an import takes, https://github.com/hashicorp/terraform-provider-google
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_infra.engines.pulumi.deployment import Document

_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"
_STORAGE = f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/{{accountName}}"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
_POSTGRES = f"{_GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{{serverName}}"
_APP = f"{_GROUP}/providers/Microsoft.App"
_ZONE = f"{_NETWORK}/privateDnsZones/{{privateZoneName}}"
_WATCH = f"{_GROUP}/providers/Microsoft.Insights"
_GLOBAL = "projects/{project}/global"
_GRANT = "{role}/{member}"
_POOL = "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}"
_REGION = "projects/{project}/regions/{region}"

PATTERNS = {
    "azure-native:resources:ResourceGroup": _GROUP,
    "azure-native:network:VirtualNetwork": f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}",
    "azure-native:network:Subnet": (
        f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}"
    ),
    "azure-native:network:NetworkSecurityGroup": (
        f"{_NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}"
    ),
    "azure-native:network:PrivateEndpoint": f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}",
    "azure-native:network:PrivateDnsZoneGroup": (
        f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}"
        "/privateDnsZoneGroups/{privateDnsZoneGroupName}"
    ),
    "azure-native:privatedns:PrivateZone": _ZONE,
    "azure-native:privatedns:VirtualNetworkLink": (
        f"{_ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}"
    ),
    "azure-native:privatedns:PrivateRecordSet": f"{_ZONE}/{{recordType}}/{{relativeRecordSetName}}",
    "azure-native:storage:StorageAccount": _STORAGE,
    "azure-native:storage:BlobServiceProperties": f"{_STORAGE}/blobServices/{{blobServicesName}}",
    "azure-native:storage:BlobContainer": (
        f"{_STORAGE}/blobServices/default/containers/{{containerName}}"
    ),
    "azure-native:keyvault:Vault": _VAULT,
    "azure-native:keyvault:Secret": f"{_VAULT}/secrets/{{secretName}}",
    "azure-native:keyvault:Key": f"{_VAULT}/keys/{{keyName}}",
    "azure-native:dbforpostgresql:Server": _POSTGRES,
    "azure-native:dbforpostgresql:Database": f"{_POSTGRES}/databases/{{databaseName}}",
    "azure-native:dbforpostgresql:Configuration": (
        f"{_POSTGRES}/configurations/{{configurationName}}"
    ),
    "azure-native:managedidentity:UserAssignedIdentity": (
        f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": (
        f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
        "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}"
    ),
    "azure-native:authorization:RoleDefinition": (
        "{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}"
    ),
    "azure-native:authorization:RoleAssignment": (
        "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"
    ),
    "azure-native:authorization:ManagementLockByScope": (
        "{scope}/providers/Microsoft.Authorization/locks/{lockName}"
    ),
    "azure-native:containerregistry:Registry": (
        f"{_GROUP}/providers/Microsoft.ContainerRegistry/registries/{{registryName}}"
    ),
    "azure-native:operationalinsights:Workspace": (
        f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}"
    ),
    "azure-native:app:ManagedEnvironment": f"{_APP}/managedEnvironments/{{environmentName}}",
    "azure-native:app:ManagedCertificate": (
        f"{_APP}/managedEnvironments/{{environmentName}}"
        "/managedCertificates/{managedCertificateName}"
    ),
    "azure-native:app:ContainerApp": f"{_APP}/containerApps/{{containerAppName}}",
    "azure-native:monitor:ActionGroup": f"{_WATCH}/actionGroups/{{actionGroupName}}",
    "azure-native:monitor:MetricAlert": f"{_WATCH}/metricAlerts/{{ruleName}}",
    "azure-native:monitor:DiagnosticSetting": (
        "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}"
    ),
    "gcp:compute/network:Network": f"{_GLOBAL}/networks/{{name}}",
    "gcp:compute/subnetwork:Subnetwork": f"{_REGION}/subnetworks/{{name}}",
    "gcp:compute/globalAddress:GlobalAddress": f"{_GLOBAL}/addresses/{{name}}",
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": (
        f"{_REGION}/networkEndpointGroups/{{name}}"
    ),
    "gcp:compute/securityPolicy:SecurityPolicy": f"{_GLOBAL}/securityPolicies/{{name}}",
    "gcp:compute/backendService:BackendService": f"{_GLOBAL}/backendServices/{{name}}",
    "gcp:compute/managedSslCertificate:ManagedSslCertificate": (
        f"{_GLOBAL}/sslCertificates/{{name}}"
    ),
    "gcp:compute/sSLPolicy:SSLPolicy": f"{_GLOBAL}/sslPolicies/{{name}}",
    "gcp:compute/uRLMap:URLMap": f"{_GLOBAL}/urlMaps/{{name}}",
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": f"{_GLOBAL}/targetHttpsProxies/{{name}}",
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": f"{_GLOBAL}/forwardingRules/{{name}}",
    "gcp:compute/address:Address": f"{_REGION}/addresses/{{name}}",
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": (
        f"{_REGION}/securityPolicies/{{name}}"
    ),
    "gcp:compute/regionBackendService:RegionBackendService": f"{_REGION}/backendServices/{{name}}",
    "gcp:compute/regionSslPolicy:RegionSslPolicy": f"{_REGION}/sslPolicies/{{name}}",
    "gcp:compute/regionUrlMap:RegionUrlMap": f"{_REGION}/urlMaps/{{name}}",
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": (
        f"{_REGION}/targetHttpsProxies/{{name}}"
    ),
    "gcp:compute/forwardingRule:ForwardingRule": f"{_REGION}/forwardingRules/{{name}}",
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": (
        "projects/{project}/locations/{location}/dnsAuthorizations/{name}"
    ),
    "gcp:certificatemanager/certificate:Certificate": (
        "projects/{project}/locations/{location}/certificates/{name}"
    ),
    "gcp:sql/databaseInstance:DatabaseInstance": "{name}",
    "gcp:sql/database:Database": "projects/{project}/instances/{instance}/databases/{name}",
    "gcp:storage/bucket:Bucket": "{name}",
    "gcp:projects/service:Service": "{project}/{service}",
    "gcp:kms/keyRing:KeyRing": "projects/{project}/locations/{location}/keyRings/{name}",
    "gcp:kms/cryptoKey:CryptoKey": "{keyRing}/cryptoKeys/{name}",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": f"{{cryptoKeyId}}/{_GRANT}",
    "gcp:storage/bucketIAMMember:BucketIAMMember": f"b/{{bucket}}/{_GRANT}",
    "gcp:projects/iAMMember:IAMMember": f"{{project}}/{_GRANT}",
    "gcp:serviceaccount/iAMMember:IAMMember": f"{{serviceAccountId}}/{_GRANT}",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": _POOL,
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
        f"{_POOL}/providers/{{workloadIdentityPoolProviderId}}"
    ),
    "gcp:artifactregistry/repository:Repository": (
        "projects/{project}/locations/{location}/repositories/{repositoryId}"
    ),
    "gcp:cloudrunv2/service:Service": "projects/{project}/locations/{location}/services/{name}",
    "gcp:serviceaccount/account:Account": (
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"
    ),
    "gcp:secretmanager/secret:Secret": "projects/{project}/secrets/{secretId}",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": (
        "projects/{project}/locations/{location}/buckets/{bucketId}"
    ),
    "gcp:logging/projectSink:ProjectSink": "projects/{project}/sinks/{name}",
}

NUMBERED = {
    "gcp:monitoring/alertPolicy:AlertPolicy": "projects/{project}/alertPolicies",
    "gcp:monitoring/notificationChannel:NotificationChannel": (
        "projects/{project}/notificationChannels"
    ),
}
"""Types that Google makes numbers up for, and which of Cloud Monitoring's lists has them."""

REPEATABLE = (
    "pulumi:",  # a provider: it lives in the state alone
    "random:",  # so does this
    "gcp:projects/service:",  # an API that is on stays on
    "gcp:secretmanager/secretVersion:",  # the newest counts
    "gcp:secretmanager/secretIamMember:",
    "gcp:storage/bucketIAMMember:",
    "gcp:servicenetworking/connection:",  # it is made or updated, whichever is needed
    # Likewise: https://github.com/hashicorp/terraform-provider-google/issues/1057 makes `postgres`,
    # who is always there.
    "gcp:sql/user:",
)
"""Types whose second create neither fails nor leaves a second thing behind."""


def id_of(kind: str, inputs: Document, provider: Document) -> str | None:
    """Return the id that a resource has if it is there; None where it is not made of names.

    `provider` has the inputs of the provider that it is made by.
    """
    return _filled(PATTERNS.get(kind), inputs, provider)


def list_of(kind: str, inputs: Document, provider: Document) -> str | None:
    """Return the list that a resource is in that has a number for an id; None where it has none."""
    return _filled(NUMBERED.get(kind), inputs, provider)


def _filled(pattern: str | None, inputs: Document, provider: Document) -> str | None:
    try:
        return pattern.format_map({**provider, **inputs}) if pattern else None
    except KeyError:
        return None


def is_repeatable(kind: str) -> bool:
    """Return whether a create may simply be done again."""
    return kind.startswith(REPEATABLE)
