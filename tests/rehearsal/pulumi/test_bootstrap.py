"""`mlops-infra bootstrap` on Azure and Google Cloud: the real command, the real Pulumi engine.

What it makes in an object store is there for real; `test_three_steps.py` deploys after it, and
keeps the state there.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.rehearsal.gcp.project import API
from tests.conftest import Project, shipped
from tests.rehearsal.pulumi.platforms import nothing_made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi import EmulatedClouds
    from mlops_infra.rehearsal.pulumi.stores import Store

pytestmark = pytest.mark.slow

KEYS = {
    "azure": "azurekeyvault://your-vault.vault.azure.net/keys/pulumi",
    "gcp": "gcpkms://projects/your-project-dev/locations/europe-west4/keyRings/mlops/cryptoKeys/pulumi",
}
MADE = {
    "azure": {
        "azure-native:authorization:RoleAssignment": 2,
        "azure-native:keyvault:Key": 1,
        "azure-native:keyvault:Vault": 1,
        "azure-native:resources:ResourceGroup": 1,
        "azure-native:storage:BlobContainer": 1,
        "azure-native:storage:BlobServiceProperties": 1,
        "azure-native:storage:StorageAccount": 1,
    },
    "gcp": {
        "gcp:kms/cryptoKey:CryptoKey": 1,
        "gcp:kms/keyRing:KeyRing": 1,
        API: 4,
        "gcp:storage/bucket:Bucket": 1,
    },
}

DEPLOYER = {
    "azure": {
        "azure-native:authorization:RoleAssignment": 3,
        "azure-native:authorization:RoleDefinition": 1,
        "azure-native:managedidentity:FederatedIdentityCredential": 1,
        "azure-native:managedidentity:UserAssignedIdentity": 1,
    },
    "gcp": {
        "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": 1,
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": 1,
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": 1,
        "gcp:projects/iAMMember:IAMMember": 16,
        API: 3,
        "gcp:serviceaccount/account:Account": 1,
        "gcp:serviceaccount/iAMMember:IAMMember": 1,
        "gcp:storage/bucketIAMMember:BucketIAMMember": 1,
    },
}
"""What it makes besides where the file names a repository."""
VARIABLES = {
    "azure": ["AZURE_CLIENT_ID", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID"],
    "gcp": ["GCP_SERVICE_ACCOUNT", "GCP_WORKLOAD_IDENTITY_PROVIDER"],
}
TRUST = {
    "azure": (
        "azure-native:managedidentity:FederatedIdentityCredential",
        {"subject": "repo:octo-org/ml:pull_request"},
    ),
    "gcp": (
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
        {"attributeCondition": "assertion.repository_owner == 'octo-org'"},
    ),
}
"""Where it is said whose tokens get in, and how somebody might widen it by hand."""

SAFE = {
    "azure": {
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "enableHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
    },
    "gcp": {
        "publicAccessPrevention": "enforced",
        "uniformBucketLevelAccess": True,
        "versioning": {"enabled": True},
    },
}
"""How the account or bucket of the state is."""


WHERE = {"azure": "location", "gcp": "region"}


@dataclass(frozen=True)
class Account:
    """An empty subscription or project, and an environment that is to live in it."""

    cloud: str
    clouds: EmulatedClouds
    store: Store
    project: Project

    def write(self, *, ci: dict[str, str] | None = None, where: str = "", **state: str) -> None:
        found: dict[str, Any] = shipped("dev")[self.cloud]
        moved = {WHERE[self.cloud]: where} if where else {}
        section = {**found, **moved, "state": {"url": self.store.url, **state}}
        changes = {"cloud": self.cloud, "image": "ghcr.io/example/mlflow:1", self.cloud: section}
        self.project.write("dev", changes | ({"ci": ci} if ci else {}))

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        environ = {
            **self.clouds.environ,
            **self.store.environ,
            "MLOPS_INFRA_CLOUD": self.cloud,
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(self.project.folder / "pulumi-home"),
        }
        done = self.project.run(words[0], "-e", "dev", *words[1:], code=code, **environ)
        return done.stdout, done.stderr


@pytest.fixture(params=["azure", "gcp"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    cloud = request.param
    with nothing_made(cloud, tmp_path / "cloud") as (clouds, store):
        found = Account(cloud, clouds, store, Project(tmp_path))
        found.write(secrets_provider=KEYS[cloud])
        yield found


def test_it_makes_what_the_file_names_and_nothing_else(account: Account) -> None:
    account.write(secrets_provider="passphrase")
    _, said = account.run("deploy", "--yes", code=4)
    assert f"mlops-infra bootstrap -e dev --cloud {account.cloud}" in said
    assert account.clouds.cloud.kinds() == {}

    account.write(secrets_provider=KEYS[account.cloud])
    out, said = account.run("bootstrap", "--yes")
    assert out == ""
    assert "mlops-infra deploy -e dev" in said
    assert account.clouds.cloud.kinds() == MADE[account.cloud]


def test_it_may_be_run_again_and_makes_only_what_is_missing_or_changed(account: Account) -> None:
    account.write(secrets_provider=KEYS[account.cloud], ci={"github": "octo-org/ml"})
    _, said = account.run("bootstrap", code=3)
    assert "--yes" in said
    assert account.clouds.cloud.kinds() == {}
    commands = account.run("bootstrap", "--yes")[0].splitlines()
    assert len(commands) == 1 + len(VARIABLES[account.cloud])
    out, said = account.run("bootstrap")
    assert "nothing to do" in said
    assert out.splitlines() == commands

    kind, kept, changes = {
        "azure": (
            "azure-native:storage:StorageAccount",
            "azure-native:keyvault:Key",
            {"allowSharedKeyAccess": True},
        ),
        "gcp": (
            "gcp:storage/bucket:Bucket",
            "gcp:kms/cryptoKey:CryptoKey",
            {"versioning": {"enabled": False}},
        ),
    }[account.cloud]
    trust, widened = TRUST[account.cloud]
    cloud = account.clouds.cloud
    ((made, _), (let_in, trusted)) = (*cloud.of(kind).items(), *cloud.of(trust).items())
    cloud.change(kind, made, changes)
    cloud.change(trust, let_in, widened)
    cloud.delete(kept, next(iter(cloud.of(kept))))
    planned = json.loads(account.run("bootstrap", "--yes", "--json")[0])
    actions = {each["resource"]: each["action"] for each in planned["changes"]}
    assert actions == {"state": "update", "key": "create", "github": "update"}
    assert Counter(cloud.kinds()) == Counter(MADE[account.cloud]) + Counter(DEPLOYER[account.cloud])
    safe = SAFE[account.cloud]
    assert {key: cloud.of(kind)[made].inputs[key] for key in safe} == safe
    assert cloud.of(trust)[let_in].inputs == trusted.inputs
    assert sorted(planned["ci"]["variables"]) == VARIABLES[account.cloud]
    assert all(planned["ci"]["variables"].values())
    assert "nothing to do" in account.run("bootstrap")[1]


def test_what_environments_share_stays_where_the_first_of_them_made_it(account: Account) -> None:
    ci = {"github": "octo-org/ml"}
    account.write(secrets_provider=KEYS[account.cloud], ci=ci)
    account.run("bootstrap", "--yes")
    cloud = account.clouds.cloud
    made = {kind: cloud.of(kind) for kind in cloud.kinds()}
    moved = {"azure": "northeurope", "gcp": "us-central1"}[account.cloud]
    account.write(secrets_provider=KEYS[account.cloud], ci=ci, where=moved)
    assert "nothing to do" in account.run("bootstrap", "--yes")[1]
    assert {kind: cloud.of(kind) for kind in cloud.kinds()} == made


def test_what_would_make_the_account_or_the_key_of_all_states_anew_is_refused(
    account: Account,
) -> None:
    account.run("bootstrap", "--yes")
    cloud = account.clouds.cloud
    kind, change = {
        "azure": ("azure-native:storage:StorageAccount", {"kind": "BlobStorage"}),
        "gcp": ("gcp:kms/cryptoKey:CryptoKey", {"purpose": "MAC"}),
    }[account.cloud]
    cloud.change(kind, next(iter(cloud.of(kind))), change)
    made = cloud.kinds()
    _, said = account.run("bootstrap", "--yes", code=3)
    assert "is there already, and a bootstrap would make it anew" in said
    assert kind in said
    assert cloud.kinds() == made


def test_a_name_that_is_taken_is_told_and_the_next_run_goes_on(account: Account) -> None:
    kind, says, mends = {
        "azure": (
            "azure-native:storage:StorageAccount",
            'Code="StorageAccountAlreadyTaken" Message="The account named x is already taken."',
            "that name is taken",
        ),
        "gcp": (
            "gcp:storage/bucket:Bucket",
            "googleapi: Error 409: The requested bucket name is not available.",
            "bucket's name is taken",
        ),
    }[account.cloud]
    account.clouds.faults.fail_next(kind, says)
    _, said = account.run("bootstrap", "--yes", code=1)
    assert says in said
    assert mends in said
    account.run("bootstrap", "--yes")
    assert account.clouds.cloud.kinds() == MADE[account.cloud]


def test_where_nothing_is_the_cloud_s_there_is_nothing_to_do(account: Account) -> None:
    account.write(url="file://state", secrets_provider="passphrase")
    assert "nothing to do" in account.run("bootstrap")[1]
    account.write(url="s3://elsewhere", secrets_provider="passphrase")
    assert "s3://elsewhere" in account.run("bootstrap", code=3)[1]
