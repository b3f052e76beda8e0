"""Whom CI deploys as: a service account without a key, for the jobs of one GitHub environment.

https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from mlops_infra.config.models import GITHUB_ISSUER

if TYPE_CHECKING:
    from mlops_infra.config.models import Ci
    from stacks.gcp.names import Names

APIS = ("iam", "iamcredentials", "sts")
"""What a token of GitHub's is exchanged by, for one of the account's."""

PROVIDER = "github"
CLAIMS = {
    # Not the token's own subject, which may be longer than the 127 letters that Google takes.
    "google.subject": "assertion.repository_id + '/' + assertion.environment",
    "attribute.deployer": "assertion.repository + '/' + assertion.environment",
}
"""What Google keeps of a token; one without an environment has nothing to map, and is refused."""

ROLES = (
    "roles/artifactregistry.admin",
    "roles/certificatemanager.admin",
    "roles/cloudsql.admin",
    "roles/compute.loadBalancerAdmin",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/logging.configWriter",
    "roles/monitoring.alertPolicyEditor",
    "roles/monitoring.notificationChannelEditor",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/servicenetworking.networksAdmin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
)
"""What makes the parts of the stack, in the project: no role of Google's is for one environment.

https://cloud.google.com/iam/docs/roles-permissions
"""
USES_STATE, USES_KEY = "roles/storage.objectUser", "roles/cloudkms.cryptoKeyEncrypterDecrypter"


class Deployer:
    """The account, what it may do, and whose tokens become it.

    The pool of identities is the environment's own, so nobody else's token is anybody in it.
    """

    def __init__(self, *, names: Names, ci: Ci, opts: pulumi.ResourceOptions) -> None:
        self._names, self._project, self._opts = names, names.gcp.project, opts
        self._email = f"{names.deployer}@{self._project}.iam.gserviceaccount.com"
        self._account = gcp.serviceaccount.Account(
            "deployer",
            account_id=names.deployer,
            display_name=f"GitHub deploys {names.base}",
            project=self._project,
            opts=opts,
        )
        pool = gcp.iam.WorkloadIdentityPool(
            "github",
            workload_identity_pool_id=names.deployer,
            description=f"GitHub deploys {names.base}",
            project=self._project,
            opts=opts,
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            "github",
            workload_identity_pool_id=names.deployer,
            workload_identity_pool_provider_id=PROVIDER,
            attribute_mapping=CLAIMS,
            attribute_condition=_condition(ci, names.environment.name),
            # Its own name is the only audience.
            oidc=gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=GITHUB_ISSUER),
            project=self._project,
            opts=self._after(pool),
        )
        where = self._pool()
        everybody = f"attribute.deployer/{ci.repository}/{names.environment.name}"
        gcp.serviceaccount.IAMMember(
            "github",
            service_account_id=f"projects/{self._project}/serviceAccounts/{self._email}",
            role="roles/iam.workloadIdentityUser",
            member=pulumi.Output.concat(
                "principalSet://iam.googleapis.com/", where, f"/{everybody}"
            ),
            opts=self._after(self._account, provider),
        )
        for role in ROLES:
            gcp.projects.IAMMember(
                role.removeprefix("roles/"),
                project=self._project,
                role=role,
                member=self._member,
                opts=self._after(self._account),
            )
        self.variables = {
            "GCP_WORKLOAD_IDENTITY_PROVIDER": pulumi.Output.concat(where, f"/providers/{PROVIDER}"),
            "GCP_SERVICE_ACCOUNT": self._email,
        }

    def let_into(self, bucket: gcp.storage.Bucket, name: str) -> None:
        """Let it keep the state in a bucket called `name`."""
        gcp.storage.BucketIAMMember(
            "state",
            bucket=name,
            role=USES_STATE,
            member=self._member,
            opts=self._after(self._account, bucket),
        )

    def let_use(self, key: gcp.kms.CryptoKey, path: str) -> None:
        """Let it encrypt the state's secrets with the key at `path`."""
        gcp.kms.CryptoKeyIAMMember(
            "key",
            crypto_key_id=path,
            role=USES_KEY,
            member=self._member,
            opts=self._after(self._account, key),
        )

    @property
    def _member(self) -> str:
        return f"serviceAccount:{self._email}"

    def _pool(self) -> pulumi.Output[str]:
        """Return the pool's name, which has the project's number in it and not its id.

        The account that Cloud Storage has in each project tells the number; the API that is for it
        is off in a new project.
        """
        found = gcp.storage.get_project_service_account_output(
            project=self._project, opts=pulumi.InvokeOutputOptions(provider=self._opts.provider)
        )
        number = found.email_address.apply(lambda email: email.partition("@")[0].rpartition("-")[2])
        where = f"/locations/global/workloadIdentityPools/{self._names.deployer}"
        return pulumi.Output.concat("projects/", number, where)

    def _after(self, *made: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=made))


def _condition(ci: Ci, environment: str) -> str:
    """Return which tokens are let in, in Google's expression language.

    https://cloud.google.com/iam/docs/workload-identity-federation#conditions
    """
    wanted = {"repository": ci.repository, "environment": environment}
    if ci.repository_id:
        wanted["repository_id"] = ci.repository_id
    return " && ".join(f'assertion.{claim} == "{value}"' for claim, value in wanted.items())
