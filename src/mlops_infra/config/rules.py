"""What must hold between the keys of an environment file.

A rule names what it needs. It runs whenever just that is valid, however wrong the rest may be, so
that one look at the report is enough. Besides sections a rule can need `clouds` (those with a
section in the file, valid or not), `file_stem` and `in_ci`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_infra.config.models import Cloud
from mlops_infra.config.sizing import (
    CONNECTIONS_PER_WORKER,
    DATABASE_CONNECTIONS,
    RESERVED_CONNECTIONS,
    connections_needed,
)
from mlops_infra.config.wording import one_of, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from mlops_infra.config.models import (
        Access,
        Artifacts,
        Aws,
        Azure,
        Database,
        Gcp,
        Server,
        State,
    )


class Finding(NamedTuple):
    """A rule that does not hold, at the key to change."""

    keys: tuple[str, ...]
    message: str
    allowed: str


Rule = Callable[..., Iterator[Finding]]
_RULES: list[tuple[tuple[str, ...], Rule]] = []

PROTECTED_BACKUP_DAYS = 7
OUR_TAGS = ("project", "environment", "owner")

MEMORY_GIB: Mapping[Cloud, Mapping[int, range]] = {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
    Cloud.AWS: {1: range(2, 9), 2: range(4, 17), 4: range(8, 31)},
    # The consumption plan, 2 GiB per vCPU: https://learn.microsoft.com/azure/container-apps/containers
    Cloud.AZURE: {1: range(2, 3), 2: range(4, 5), 4: range(8, 9)},
    # https://cloud.google.com/run/docs/configuring/services/cpu
    Cloud.GCP: {1: range(1, 5), 2: range(1, 9), 4: range(2, 17)},
}
"""Memory that a container may have, per cloud and number of vCPUs."""

# https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage
AZURE_STORAGE_GIB = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
# https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-backup-restore
AZURE_BACKUP_DAYS = 7
# https://learn.microsoft.com/azure/storage/blobs/soft-delete-blob-overview
AZURE_DELETED_DAYS = 365


def findings(known: Mapping[str, Any]) -> Iterator[Finding]:
    """Every rule that does not hold, among those whose needs are all in `known`."""
    for needs, rule in _RULES:
        if all(need in known for need in needs):
            yield from rule(**{need: known[need] for need in needs})


def _rule(*needs: str) -> Callable[[Rule], Rule]:
    def declare(rule: Rule) -> Rule:
        _RULES.append((needs, rule))
        return rule

    return declare


@_rule("name", "file_stem")
def _name_is_the_files(*, name: str, file_stem: str) -> Iterator[Finding]:
    if name != file_stem:
        yield Finding(("name",), f"'{name}' is not the name of the file", file_stem)


@_rule("cloud", "clouds")
def _cloud_has_its_section(*, cloud: Cloud, clouds: Set[Cloud]) -> Iterator[Finding]:
    if cloud not in clouds:
        there = ", ".join(other for other in Cloud if other in clouds) or "none yet"
        message = f"'{cloud}' has no section of that name in this file"
        yield Finding(("cloud",), message, f"a cloud with a section: {there}")


@_rule("tags")
def _tags_leave_ours_alone(*, tags: Mapping[str, str]) -> Iterator[Finding]:
    for key in tags:
        if key.lower() in OUR_TAGS:
            message = f"'{key}' is a tag that every resource gets anyway"
            yield Finding(("tags", key), message, f"any but {', '.join(OUR_TAGS)}")


@_rule("server", "access")
def _public_means_auth(*, server: Server, access: Access) -> Iterator[Finding]:
    if access.exposure == "public" and server.auth == "none":
        message = "'none' would let the whole internet in: access.exposure is 'public'"
        yield Finding(("server", "auth"), message, "basic, or access.exposure: private")


@_rule("server")
def _min_replicas_below_max(*, server: Server) -> Iterator[Finding]:
    least, most = server.replicas.min, server.replicas.max
    if least > most:
        message = f"{least} is more than server.replicas.max, {most}"
        yield Finding(("server", "replicas", "min"), message, f"at most {most}")


@_rule("server")
def _memory_fits_the_workers(*, server: Server) -> Iterator[Finding]:
    # Measured on mlflow 3.17.2: 0.27 GiB a worker and 0.24 for their parent. With caches and an
    # upload under way that is 1 GiB for one worker, 2 for two.
    if server.memory_gib < server.workers:
        message = f"{server.memory_gib} GiB is too little for {server.workers} workers"
        yield Finding(("server", "memory_gib"), message, f"{server.workers} or more")


@_rule("server", "clouds")
def _memory_is_one_the_clouds_give(*, server: Server, clouds: Set[Cloud]) -> Iterator[Finding]:
    given = {cloud: MEMORY_GIB[cloud][server.cpu] for cloud in MEMORY_GIB if cloud in clouds}
    without = [cloud for cloud, gib in given.items() if server.memory_gib not in gib]
    if without:
        message = f"with cpu: {server.cpu}, {server.memory_gib} GiB is not on {one_of(without)}"
        least, most = max(gib[0] for gib in given.values()), min(gib[-1] for gib in given.values())
        allowed = str(least) if least == most else f"{least} to {most}"
        yield Finding(("server", "memory_gib"), message, allowed)


@_rule("server", "database")
def _connections_fit_the_database(*, server: Server, database: Database) -> Iterator[Finding]:
    replicas, workers = server.replicas.max, server.workers
    needed = connections_needed(replicas=replicas, workers=workers)
    if needed > database.connections:
        message = (
            f"{replicas} (replicas) x {workers} (workers) x {CONNECTIONS_PER_WORKER}"
            f" + {RESERVED_CONNECTIONS} = {needed} connections, and a {database.size} database"
            f" accepts {database.connections}"
        )
        most = (database.connections - RESERVED_CONNECTIONS) // (workers * CONNECTIONS_PER_WORKER)
        ways = [f"up to {most}"] if most else []
        larger = [size for size, accepted in DATABASE_CONNECTIONS.items() if accepted >= needed]
        ways += [f"database.size: {larger[0]}"] if larger else []
        yield Finding(
            ("server", "replicas", "max"), message, ", or ".join(ways) or "fewer replicas and cpu"
        )


@_rule("protected", "database")
def _protected_means_safe_data(*, protected: bool, database: Database) -> Iterator[Finding]:
    if protected and not database.high_availability:
        message = "false in a protected environment"
        yield Finding(("database", "high_availability"), message, "true")
    if protected and database.backup_days < PROTECTED_BACKUP_DAYS:
        message = f"{database.backup_days} is too few in a protected environment"
        yield Finding(("database", "backup_days"), message, f"{PROTECTED_BACKUP_DAYS} to 35")


@_rule("database")
def _availability_needs_a_size(*, database: Database) -> Iterator[Finding]:
    # Azure's burstable machines, which are its smallest, can't have a standby:
    # https://learn.microsoft.com/azure/reliability/reliability-postgresql-flexible-server
    if database.high_availability and database.size in {"micro", "small"}:
        message = f"'{database.size}' cannot be highly available"
        yield Finding(("database", "size"), message, "medium or large")


@_rule("database", "clouds")
def _database_is_one_azure_gives(*, database: Database, clouds: Set[Cloud]) -> Iterator[Finding]:
    if Cloud.AZURE not in clouds:
        return
    if database.storage_gib not in AZURE_STORAGE_GIB:
        message = f"azure has no disk of {database.storage_gib} GiB"
        allowed = ", ".join(map(str, AZURE_STORAGE_GIB))
        yield Finding(("database", "storage_gib"), message, allowed)
    if database.backup_days < AZURE_BACKUP_DAYS:
        message = f"azure cannot keep backups for only {database.backup_days} days"
        yield Finding(("database", "backup_days"), message, f"{AZURE_BACKUP_DAYS} to 35")


@_rule("artifacts", "clouds")
def _azure_keeps_what_is_deleted_for_a_year(
    *, artifacts: Artifacts, clouds: Set[Cloud]
) -> Iterator[Finding]:
    days = artifacts.expire_noncurrent_days
    if Cloud.AZURE in clouds and artifacts.versioning and days > AZURE_DELETED_DAYS:
        message = f"azure cannot keep a deleted file for {days} days"
        yield Finding(
            ("artifacts", "expire_noncurrent_days"), message, f"1 to {AZURE_DELETED_DAYS}"
        )


@_rule("azure", "in_ci")
def _azure_state_outlives_ci(*, azure: Azure, in_ci: bool) -> Iterator[Finding]:
    yield from _state_outlives_ci(Cloud.AZURE, azure.state, in_ci=in_ci)


@_rule("gcp", "in_ci")
def _gcp_state_outlives_ci(*, gcp: Gcp, in_ci: bool) -> Iterator[Finding]:
    yield from _state_outlives_ci(Cloud.GCP, gcp.state, in_ci=in_ci)


def _state_outlives_ci(cloud: Cloud, state: State, *, in_ci: bool) -> Iterator[Finding]:
    if in_ci and state.url.startswith("file://"):
        message = f"{shown(state.url)} is lost when the CI job ends"
        yield Finding((cloud, "state", "url"), message, "gs://, azblob:// or s3://")


@_rule("access", "aws")
def _aws_has_a_certificate_to_serve(*, access: Access, aws: Aws) -> Iterator[Finding]:
    """Without a domain CloudFront is the front door: open to all, with a certificate of its own."""
    if access.domain is not None and aws.hosted_zone is None:
        message = f"is missing: {access.domain} needs the Route 53 zone that it is made in"
        yield Finding(("aws", "hosted_zone"), message, "id and name of the zone")
    if access.domain is None and access.exposure == "private":
        message = "is missing: on AWS a private front door needs one for its certificate"
        yield Finding(("access", "domain"), message, "a host name in aws.hosted_zone")
    if access.domain is None and set(access.allowed_cidrs) - {"0.0.0.0/0", "::/0"}:
        message = "is missing: on AWS allowed_cidrs are kept by a load balancer with a certificate"
        yield Finding(("access", "domain"), message, "a host name in aws.hosted_zone")


@_rule("access", "clouds")
def _aws_lets_in_ipv4(*, access: Access, clouds: Set[Cloud]) -> Iterator[Finding]:
    """The load balancer has IPv4 addresses only; CloudFront, without a domain, has both."""
    without_effect = [network for network in access.allowed_cidrs if ":" in network]
    if Cloud.AWS in clouds and access.domain is not None and without_effect:
        message = f"{', '.join(without_effect)} lets nobody in: on AWS a domain is IPv4 only"
        yield Finding(("access", "allowed_cidrs"), message, "IPv4 networks")


@_rule("access", "gcp")
def _gcp_can_tell_who_is_let_in(*, access: Access, gcp: Gcp) -> Iterator[Finding]:
    """Without a domain Cloud Run is the front door: it knows inside and outside, no networks."""
    del gcp
    if access.domain is not None or not set(access.allowed_cidrs) - {"0.0.0.0/0", "::/0"}:
        return
    if access.exposure == "public":
        message = "is missing: on GCP allowed_cidrs are kept by a load balancer with a certificate"
        yield Finding(("access", "domain"), message, "a host name of your own")
    else:
        message = "on GCP a private front door without a domain is open to the project's networks"
        yield Finding(("access", "allowed_cidrs"), message, "0.0.0.0/0, or access.domain")
