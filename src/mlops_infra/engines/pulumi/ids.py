"""The ids that clouds make of names, for what the stacks are made of.

Azure: the path of the resource manager, https://learn.microsoft.com/azure/azure-resource-manager/
GCP: the first import format of each resource, https://www.pulumi.com/registry/packages/gcp/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_infra.engines.pulumi.deployment import Document, Resource

_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"
_STORAGE = f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/{{accountName}}"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
_POSTGRES = f"{_GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{{serverName}}"
_APP = f"{_GROUP}/providers/Microsoft.App"
_ZONE = f"{_NETWORK}/privateDnsZones/{{privateZoneName}}"
_WATCH = f"{_GROUP}/providers/Microsoft.Insights"
_GLOBAL = "projects/{project}/global"
_REGION = "projects/{project}/regions/{region}"
_SQL = "projects/{project}/instances/{instance}"

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
    "azure-native:storage:ManagementPolicy": (
        f"{_STORAGE}/managementPolicies/{{managementPolicyName}}"
    ),
    "azure-native:keyvault:Vault": _VAULT,
    "azure-native:keyvault:Secret": f"{_VAULT}/secrets/{{secretName}}",
    "azure-native:dbforpostgresql:Server": _POSTGRES,
    "azure-native:dbforpostgresql:Database": f"{_POSTGRES}/databases/{{databaseName}}",
    "azure-native:dbforpostgresql:Configuration": (
        f"{_POSTGRES}/configurations/{{configurationName}}"
    ),
    "azure-native:managedidentity:UserAssignedIdentity": (
        f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
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
    "gcp:compute/address:Address": f"{_REGION}/addresses/{{name}}",
    "gcp:compute/firewall:Firewall": f"{_GLOBAL}/firewalls/{{name}}",
    "gcp:compute/router:Router": f"{_REGION}/routers/{{name}}",
    "gcp:sql/databaseInstance:DatabaseInstance": "projects/{project}/instances/{name}",
    "gcp:sql/database:Database": f"{_SQL}/databases/{{name}}",
    "gcp:storage/bucket:Bucket": "{project}/{name}",
    "gcp:artifactregistry/repository:Repository": (
        "projects/{project}/locations/{location}/repositories/{repositoryId}"
    ),
    "gcp:cloudrunv2/service:Service": "projects/{project}/locations/{location}/services/{name}",
    "gcp:cloudrunv2/job:Job": "projects/{project}/locations/{location}/jobs/{name}",
    "gcp:serviceaccount/account:Account": (
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"
    ),
    "gcp:secretmanager/secret:Secret": "projects/{project}/secrets/{secretId}",
    "gcp:dns/managedZone:ManagedZone": "projects/{project}/managedZones/{name}",
}

REPEATABLE = (
    "random:",  # it lives in the state alone
    "gcp:projects/",  # a grant, or an API that is switched on: a second one changes nothing
    "gcp:secretmanager/secretVersion:",  # the newest counts
    "gcp:secretmanager/secretIamMember:",
    "gcp:storage/bucketIAMMember:",
    "gcp:artifactregistry/repositoryIamMember:",
    "gcp:cloudrunv2/serviceIamMember:",
    "gcp:serviceaccount/iAMMember:",
    "gcp:servicenetworking/connection:",  # it is made or updated, whichever is needed
    "gcp:sql/user:",  # likewise
)
"""Types whose second create neither fails nor leaves a second thing behind."""


def id_of(resource: Resource, provider: Document) -> str | None:
    """Return the id that a resource has if it is there; None where it is not made of names."""
    pattern = PATTERNS.get(resource.kind)
    try:
        return pattern.format_map({**provider, **resource.inputs}) if pattern else None
    except KeyError:
        return None


def is_repeatable(kind: str) -> bool:
    """Return whether a create may simply be done again."""
    return kind.startswith(REPEATABLE)
