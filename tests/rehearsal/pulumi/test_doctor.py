"""What `doctor` finds on an emulated Azure and Google Cloud: each fault, and what mends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.storage.blob import BlobServiceClient

from mlops_infra.rehearsal.gcp.account import EMAIL
from mlops_infra.rehearsal.pulumi import EmulatedClouds, stores
from tests.conftest import Project, shipped
from tests.rehearsal.pulumi.platforms import PROGRAMS
from tools import fake_gcs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.stores import Store

pytestmark = pytest.mark.slow

STATE = {"url": "file://state", "secrets_provider": "passphrase"}
NO_VAULT = "azurekeyvault://longer-than-the-name-of-any-vault.vault.azure.net/keys/pulumi"
NOTE = {
    "pid": 12,
    "username": "ada",
    "hostname": "elsewhere",
    "timestamp": "2026-01-01T12:00:00.123456789Z",
}

QUESTIONS = {
    "azure": "pulumi clock login subscription providers permissions state key quotas lock builder",
    "gcp": "pulumi clock login project billing apis permissions state key quotas lock builder",
}
FAULTS: dict[str, dict[str, Any]] = {
    "azure": {
        "unregistered": ["App", "Storage"],
        "permissions": [
            {"actions": ["*/read"], "notActions": []},
            {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]},
        ],
        "usages": {"ManagedEnvironmentCount": 0},
    },
    "gcp": {
        "is_unpaid": True,
        "apis_off": ["serviceusage.googleapis.com"],
        "denied": ["run.services.create"],
        "quotas": {"NETWORKS": 0},
    },
}
"""What an account can lack at the same time; the clock of each is wrong, too."""

TOLD = {
    "azure": {
        "clock": (" s behind that of management.azure.com", "sudo timedatectl set-ntp true"),
        "providers": ("not registered for App, Storage", "in App Storage; do az provider register"),
        "permissions": (
            "may not do Microsoft.Authorization/roleAssignments/write",
            "--role 'User Access Administrator' --scope /subscriptions/",
        ),
        "quotas": ("0 of 0 ManagedEnvironmentCount are taken in westeurope", "QuotaMenuBlade"),
        "key": ("kept with a passphrase, and there is none", "export PULUMI_CONFIG_PASSPHRASE"),
    },
    "gcp": {
        "clock": (" s behind that of cloudresourcemanager", "sudo timedatectl set-ntp true"),
        "billing": ("nobody pays for project your-project-dev", "gcloud billing projects link"),
        "apis": ("has not been used in project", "gcloud services enable"),
        "permissions": (
            "may not do run.services.create",
            f"--member serviceAccount:{EMAIL} --role roles/run.admin",
        ),
        "quotas": ("0 of 0 NETWORKS are taken", "iam-admin/quotas?project=your-project-dev"),
        "key": ("kept with a passphrase, and there is none", "export PULUMI_CONFIG_PASSPHRASE"),
    },
}
LOGINS = [
    ("azure", {"AZURE_CLIENT_SECRET": "mistyped"}, {}, "AADSTS7000215", "az login"),
    ("azure", {}, {"is_expired": True}, "AADSTS7000222", "az login"),
    (
        "gcp",
        {"GOOGLE_OAUTH_ACCESS_TOKEN": "of yesterday"},
        {},
        "refused, or it has expired",
        "gcloud auth application-default login",
    ),
    (
        "gcp",
        {"GOOGLE_OAUTH_ACCESS_TOKEN": "", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/at/all"},
        {},
        "no login to gcp",
        "gcloud auth application-default login",
    ),
]
PLACES = [
    ("azure", {"subscriptions": []}, "knows no subscription", "az account list"),
    ("azure", {"state": "Disabled"}, "is disabled", "az account show"),
    ("gcp", {"projects": []}, "does not have permission", "gcloud projects list"),
    ("gcp", {"state": "DELETE_REQUESTED"}, "is delete requested", "gcloud projects undelete"),
    (
        "gcp",
        {"apis_off": ["cloudresourcemanager.googleapis.com"]},
        "has not been used in project",
        "gcloud services enable cloudresourcemanager.googleapis.com",
    ),
]


@dataclass(frozen=True)
class Patient:
    """The shipped dev on one cloud, which nobody has deployed."""

    clouds: EmulatedClouds
    cloud: str
    project: Project

    def write(self, **changes: Any) -> None:  # noqa: ANN401 - keys of the file
        section = {**shipped("dev")[self.cloud], "state": {**STATE, **changes.pop("state", {})}}
        common = {"cloud": self.cloud, "image": "ghcr.io/example/mlflow:1", self.cloud: section}
        self.project.write("dev", {**common, **changes})

    def run(self, *words: str, code: int, **more: str) -> str:
        environ = {
            **self.clouds.environ,
            "MLOPS_INFRA_CLOUD": self.cloud,
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(self.project.folder / "pulumi-home"),
            "CDK_DOCKER": "true",  # which exists, works and builds nothing
        }
        done = self.project.run(*words, "-e", "dev", code=code, **{**environ, **more})
        return done.stdout if "--json" in words else done.stdout + done.stderr

    def examined(self, *, code: int, **more: str) -> dict[str, dict[str, str]]:
        document = json.loads(self.run("doctor", "--json", code=code, **more))
        return {each["name"]: each for each in document["findings"]}


def put_blob(store: Store, key: str, body: bytes) -> None:
    address = f"http://{store.address}/{stores.AZURE_ACCOUNT}"
    with BlobServiceClient(address, credential=stores.AZURE_KEY) as client:
        client.get_blob_client(BUCKET, key).upload_blob(body)


def put_object(store: Store, key: str, body: bytes) -> None:
    address = f"http://{store.address}/upload/storage/v1/b/{BUCKET}/o"
    where = {"uploadType": "media", "name": key}
    httpx.post(address, params=where, content=body).raise_for_status()


BUCKET = "pulumi"
STORES = {
    "azure": lambda: stores.azure(PROGRAMS / "azurite-blob", BUCKET),
    "gcp": lambda: stores.google(fake_gcs.program(), BUCKET),
}
PUT = {"azure": put_blob, "gcp": put_object}


def verdicts(found: dict[str, dict[str, str]], verdict: str) -> set[str]:
    return {name for name, each in found.items() if each["verdict"] == verdict}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EmulatedClouds]]:
    """Both clouds, recording only."""
    names = {each: f"mlops_infra.rehearsal.{each}" for each in QUESTIONS}
    with EmulatedClouds(tmp_path_factory.mktemp("both"), *names.values(), runs=False) as both:
        yield dict.fromkeys(names, both)


@pytest.fixture
def patient(running: dict[str, EmulatedClouds], cloud: str, tmp_path: Path) -> Patient:
    found = Patient(running[cloud], cloud, Project(tmp_path))
    found.write()
    return found


@pytest.mark.parametrize("cloud", QUESTIONS)
def test_a_cloud_that_is_ready_is_told_line_by_line(patient: Patient) -> None:
    found = patient.examined(code=0)
    assert list(found) == QUESTIONS[patient.cloud].split()
    assert verdicts(found, "ok") == set(found), found


@pytest.mark.parametrize("cloud", QUESTIONS)
def test_all_that_an_account_lacks_is_told_at_once_and_keeps_nobody_from_a_plan(
    patient: Patient,
) -> None:
    without = {"PULUMI_CONFIG_PASSPHRASE": ""}
    with patient.clouds.settings.having(clock_seconds=3600, **FAULTS[patient.cloud]):
        found = patient.examined(code=4, **without)
        said = patient.run("deploy", "--yes", code=4)
        patient.run("plan", code=2)
    assert verdicts(found, "missing") == set(TOLD[patient.cloud]), found
    for name, (says, mends) in TOLD[patient.cloud].items():
        assert says in found[name]["detail"]
        assert mends in found[name]["remedy"]
        assert name == "key" or mends in said
    assert not list(patient.project.folder.rglob("state/.pulumi/stacks/**/dev.json"))


@pytest.mark.parametrize(("cloud", "variables", "settings", "says", "mends"), LOGINS)
def test_a_login_that_does_not_do_is_told_alone(
    patient: Patient, variables: dict[str, str], settings: dict[str, Any], says: str, mends: str
) -> None:
    with patient.clouds.settings.having(**settings):
        found = patient.examined(code=4, **variables)
    assert verdicts(found, "missing") == {"login"}
    assert says in found["login"]["detail"]
    assert found["login"]["remedy"] == mends
    assert found["state"]["detail"] == "not asked: 'login' comes first"


@pytest.mark.parametrize(("cloud", "settings", "says", "mends"), PLACES)
def test_a_subscription_or_project_that_cannot_be_used_is_told_before_a_plan(
    patient: Patient, settings: dict[str, Any], says: str, mends: str
) -> None:
    with patient.clouds.settings.having(**settings):
        said = patient.run("plan", code=4)
    assert says in said
    assert mends in said


@pytest.mark.parametrize("cloud", QUESTIONS)
def test_who_holds_the_lock_is_told(patient: Patient) -> None:
    locks = patient.project.folder / "state/.pulumi/locks/organization/mlops/dev"
    locks.mkdir(parents=True)
    (locks / "one.json").write_text(json.dumps(NOTE))
    found = patient.examined(code=4)
    assert verdicts(found, "busy") == {"lock"}
    assert "another deploy (ada@elsewhere, process 12)" in found["lock"]["detail"]
    assert "pulumi cancel --stack organization/mlops/dev" in found["lock"]["remedy"]


@pytest.mark.parametrize("cloud", QUESTIONS)
def test_who_holds_the_lock_in_the_cloud_s_own_store_is_told(patient: Patient) -> None:
    key = ".pulumi/locks/organization/mlops/dev/one.json"
    with STORES[patient.cloud]() as store:
        patient.write(state={"url": store.url})
        assert patient.examined(code=0, **store.environ)["lock"]["detail"] == "nobody has it"
        PUT[patient.cloud](store, key, json.dumps(NOTE).encode())
        found = patient.examined(code=4, **store.environ)
    assert verdicts(found, "busy") == {"lock"}
    assert "another deploy (ada@elsewhere, process 12)" in found["lock"]["detail"]


@pytest.mark.parametrize("cloud", ["azure"])
def test_a_state_or_key_that_is_not_there_is_told_with_what_makes_it(patient: Patient) -> None:
    url = "azblob://pulumi?storage_account=nowhere"
    patient.write(state={"url": url, "secrets_provider": NO_VAULT})
    found = patient.examined(code=4)
    assert verdicts(found, "missing") == {"state", "key"}
    for each in ("state", "key"):
        assert "mlops-infra bootstrap -e dev --cloud azure" in found[each]["remedy"]


@pytest.mark.parametrize("cloud", QUESTIONS)
def test_without_a_builder_a_first_deploy_is_told_so_and_a_plan_is_made(patient: Patient) -> None:
    patient.write(image="build")
    without = {"CDK_DOCKER": "/nowhere/docker"}
    found = patient.examined(code=4, **without)
    assert verdicts(found, "missing") == {"builder"}
    assert "/nowhere/docker not installed" in found["builder"]["detail"]
    assert "apt install podman" in found["builder"]["remedy"]
