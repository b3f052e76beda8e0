"""Mends of RDS."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from mlops_infra.rehearsal.aws.innards import provisioners, rds, responses
from mlops_infra.rehearsal.aws.mended.ways import afterwards, rewritten

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props

KIND = "AWS::RDS::DBInstance"
OF_THE_SNAPSHOT = ("DBName", "MasterUsername", "StorageEncrypted")


def describe_databases() -> None:
    """An instance never exports logs: its API answers a constant, empty list."""

    def mend_instance(identifier: str, props: Props) -> None:
        exports = props.get("EnableCloudwatchLogsExports", [])
        rds._instances[identifier]["EnabledCloudwatchLogsExports"] = exports

    def exports(xml: str, instance: Props) -> str:
        names = instance.get("EnabledCloudwatchLogsExports", [])
        members = "".join(f"<member>{escape(name)}</member>" for name in names)
        tag = "EnabledCloudwatchLogsExports"
        return xml.replace(f"<{tag}/>", f"<{tag}>{members}</{tag}>")

    rewritten(rds, "_instance_xml", exports)
    afterwards(KIND, mend_instance)


def restore_from_snapshots() -> None:
    """`DBSnapshotIdentifier` is ignored: the snapshot need not exist, and nothing comes from it.

    Seen: an instance made from a snapshot of ours has the master user `admin`, the database `mydb`
    and no encryption.
    """
    create = provisioners._rds_db_instance_create

    def create_or_restore(logical_id: str, props: Props, stack: str) -> tuple[str, Props]:
        wanted = props.get("DBSnapshotIdentifier")
        if not wanted:
            return create(logical_id, props, stack)
        snapshot = rds._snapshots.get(wanted.rpartition(":")[2])
        if snapshot is None:
            raise ValueError(f"DBSnapshot not found: {wanted}")
        made = create(logical_id, props, stack)
        kept = {key: snapshot[key] for key in OF_THE_SNAPSHOT}
        rds._instances[made[0]].update(kept)
        return made

    provisioners._RESOURCE_HANDLERS[KIND]["create"] = create_or_restore
    provisioners._rds_db_instance_create = create_or_restore  # what an update replaces with


def name_final_snapshots_apart() -> None:
    """The final snapshot of an instance always has the same name, and overwrites the one before.

    Seen: two teardowns of an environment leave one snapshot, `mlops-dev-final-snapshot`.
    """

    def snapshot_id(physical_id: str) -> str:
        return f"{physical_id}-snapshot-{responses.new_uuid()[-12:]}"

    provisioners._snapshot_id = snapshot_id
