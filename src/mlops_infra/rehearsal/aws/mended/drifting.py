"""Drift-aware change sets, which ministack does not know."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

import json

from mlops_infra.rehearsal.aws.innards import changesets, cloudformation, drift, handlers, responses
from mlops_infra.rehearsal.aws.mended.ways import Props

Answer = tuple[int, Props, bytes]


def revert_drift() -> None:
    """A change set with `DeploymentMode=REVERT_DRIFT` compares templates like any other.

    Seen: after a bucket's versioning was switched off by hand, `cdk deploy --revert-drift` finds
    nothing to do. On AWS it sets what was changed, creates what was deleted, and a rollback
    restores what was there before:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
    """
    create = handlers._ACTION_HANDLERS["CreateChangeSet"]
    execute = handlers._ACTION_HANDLERS["ExecuteChangeSet"]

    def create_aware(params: Props) -> Answer:
        answer = create(params)
        if answer[0] == 200 and handlers._p(params, "DeploymentMode") == "REVERT_DRIFT":
            _look_at_what_is_there(_change_set(params))
        return answer

    def execute_aware(params: Props) -> Answer:
        change_set = _change_set(params) or {}
        if change_set.get("ExecutionStatus") == "AVAILABLE":
            _start_from_what_is_there(change_set)
        return execute(params)

    handlers._ACTION_HANDLERS |= {
        "CreateChangeSet": create_aware,
        "ExecuteChangeSet": execute_aware,
    }


def _change_set(params: Props) -> Props:
    name, stack = (handlers._p(params, key) for key in ("ChangeSetName", "StackName"))
    return changesets._find_change_set(name, stack)[1]


def _look_at_what_is_there(change_set: Props) -> None:
    stack = cloudformation._stacks[change_set["StackName"]]
    declared = change_set["_template"].get("Resources", {})
    drifted = [
        drift.detect_resource_drift(stack, logical_id, record, responses.now_iso())
        for logical_id, record in stack["_resources"].items()
        if logical_id in declared and drift.supports_drift(record["ResourceType"])
    ]
    change_set["_drifted"] = [
        found for found in drifted if found["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")
    ]
    if not change_set["_drifted"]:
        return
    changed = {found["LogicalResourceId"]: _change(found) for found in change_set["_drifted"]}
    kept = [
        each
        for each in change_set["Changes"]
        if each["ResourceChange"]["LogicalResourceId"] not in changed
    ]
    change_set |= {
        "Changes": [*kept, *({"ResourceChange": each} for each in changed.values())],
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "StatusReason": "",
    }


def _change(found: Props) -> Props:
    told = {key: found[key] for key in ("LogicalResourceId", "ResourceType", "PhysicalResourceId")}
    if found["StackResourceDriftStatus"] == "DELETED":
        return {**told, "Action": "Add"}
    details = [
        {
            "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
        for name in sorted(_names(found))
    ]
    return {
        **told,
        "Action": "Modify",
        "Replacement": "False",
        "Scope": ["Properties"],
        "Details": details,
    }


def _names(found: Props) -> set[str]:
    """Return the properties in which a resource differs, at the top of its template."""
    return {each["PropertyPath"].split("/")[1] for each in found["PropertyDifferences"]}


def _start_from_what_is_there(change_set: Props) -> None:
    """Let the update begin at the actual state: then it sees what is to be done."""
    resources = cloudformation._stacks[change_set["StackName"]]["_resources"]
    for found in change_set.get("_drifted", ()):
        logical_id = found["LogicalResourceId"]
        if found["StackResourceDriftStatus"] == "DELETED":
            del resources[logical_id]
            continue
        props, actual = resources[logical_id]["Properties"], json.loads(found["ActualProperties"])
        for name in _names(found):
            props.pop(name, None)
            if name in actual:
                props[name] = actual[name]
