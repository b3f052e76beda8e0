"""What a data scientist does with the server, and the removal of all that it leaves behind."""

from __future__ import annotations

import filecmp
import os
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mlops_infra.errors import UnhealthyError

if TYPE_CHECKING:
    from mlflow.entities import Experiment

    from mlops_infra.smoke.session import Session

LOSSES = (0.9, 0.5, 0.25)
ALIAS = "smoke"


def experiment(session: Session) -> str:
    """See that an experiment and a run in it can be created."""
    experiment_id = session.client.create_experiment(session.name)
    run = session.client.create_run(experiment_id, run_name=session.name)
    session.enter(experiment_id=experiment_id, run_id=run.info.run_id)
    return ""


def metrics(session: Session) -> str:
    """See that metrics, parameters and tags are taken as one batch, and history comes back."""
    from mlflow.entities import Metric, Param, RunTag

    now = time.time_ns() // 1_000_000
    session.client.log_batch(
        session.run_id,
        metrics=[Metric("loss", loss, now + step, step) for step, loss in enumerate(LOSSES)],
        params=[Param("depth", "3")],
        tags=[RunTag("purpose", "smoke")],
    )
    history = session.client.get_metric_history(session.run_id, "loss")
    found = tuple(entry.value for entry in sorted(history, key=lambda entry: entry.step))
    if found != LOSSES:
        raise UnhealthyError(f"logged {list(LOSSES)}, the history is {list(found)}")
    return ""


def search(session: Session) -> str:
    """See that a run is found by what was logged to it, and not by what was not."""
    filters = ("metrics.loss < 0.3", "params.depth = '3'", "tags.purpose = 'smoke'")
    expected = {text: [session.run_id] for text in filters} | {"metrics.loss > 0.3": []}
    for text, run_ids in expected.items():
        runs = session.client.search_runs([session.experiment_id], text)
        if [run.info.run_id for run in runs] != run_ids:
            raise UnhealthyError(f"{text} found {len(runs)} runs, expected {len(run_ids)}")
    return ""


def artifact(session: Session) -> str:
    """See that a file goes to the artifact store and comes back byte for byte."""
    _check_location(session)
    sent = session.folder / "artifact.bin"
    with sent.open("wb") as file:
        for _ in range(session.artifact_mib):
            file.write(os.urandom(2**20))
    started = time.monotonic()
    session.client.log_artifact(session.run_id, str(sent), "files")
    uploaded = time.monotonic()
    listed = {
        file.path: file.file_size for file in session.client.list_artifacts(session.run_id, "files")
    }
    if listed != {"files/artifact.bin": sent.stat().st_size}:
        raise UnhealthyError(f"uploaded files/artifact.bin, the list is {listed}")
    asked = time.monotonic()
    back = session.client.download_artifacts(
        session.run_id, "files/artifact.bin", _folder(session, "back")
    )
    downloaded = time.monotonic()
    if not filecmp.cmp(sent, back, shallow=False):
        raise UnhealthyError("what came back differs from what was sent")
    return (
        f"{session.artifact_mib} MiB, up in {uploaded - started:.1f} s, "
        f"down in {downloaded - asked:.1f} s"
    )


def _check_location(session: Session) -> None:
    """See that artifacts go through the server, or where it keeps them.

    A server that neither proxies nor names its store tells clients a folder: each would write to
    its own disk, read it back, and believe that it works.
    """
    location = session.client.get_experiment(session.experiment_id).artifact_location
    kept = session.outputs.artifact_uri
    if not _path(location).startswith(("mlflow-artifacts:", "http", _path(kept))):
        raise UnhealthyError(f"the server sends artifacts to '{location}', not to '{kept}'")


def _path(uri: str) -> str:
    return unquote(uri.removeprefix("file://"))


def model(session: Session) -> str:
    """See that a model is logged, registered, aliased, loaded by that alias, and still the same."""
    import mlflow
    import numpy as np
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    experiment_id = session.experiment_id
    features = np.arange(8.0).reshape(-1, 2)
    fitted = LinearRegression().fit(features, features.sum(axis=1))
    predicted = fitted.predict(features)
    # Nested, and in a run of its own: whatever run or experiment the caller has open stays so.
    with mlflow.start_run(experiment_id=experiment_id, nested=True):
        logged = mlflow.sklearn.log_model(
            fitted,
            name="model",
            registered_model_name=session.name,
            signature=infer_signature(features, predicted),
            pip_requirements=["scikit-learn"],  # given, or MLflow infers them in a subprocess
            await_registration_for=10,
        )
    session.client.set_registered_model_alias(session.name, ALIAS, logged.registered_model_version)
    loaded = mlflow.pyfunc.load_model(
        f"models:/{session.name}@{ALIAS}", dst_path=_folder(session, "model")
    )
    if not np.array_equal(np.asarray(loaded.predict(features)), predicted):
        raise UnhealthyError("the loaded model predicts something else")
    return ""


def trace(session: Session) -> str:
    """See that a trace is taken and found with its span."""
    import mlflow
    from mlflow.entities.trace_location import MlflowExperimentLocation

    place = MlflowExperimentLocation(session.experiment_id)
    with mlflow.start_span("smoke", trace_destination=place) as span:
        span.set_inputs({"question": session.name})
    # The client logs a failed export, and goes on: only the search tells.
    traces = session.client.search_traces(locations=[session.experiment_id])
    found = {found.info.trace_id: [span.name for span in found.data.spans] for found in traces}
    if found.get(span.trace_id) != ["smoke"]:
        raise UnhealthyError(f"logged one trace, found {len(found)} without it or its span")
    return ""


def clean_up(session: Session) -> str:
    """Remove what carries the session's name; what can't be removed doesn't keep the rest.

    Runs and experiment are marked as deleted, as MLflow does, until `mlflow gc` removes them; the
    files, by far the most, go now.
    """
    failures: list[str] = []
    removals = (_delete_registered_model, _delete_traces, _delete_models, _delete_files)
    for remove in (*removals, _delete_experiment):
        try:
            remove(session)
        except Exception as error:  # noqa: BLE001 - told below, with the others
            failures.append(session.describe(error))
            if not session.answers():
                break
    if failures:
        reasons = "; ".join(dict.fromkeys(failures))
        raise UnhealthyError(f"could not remove all of {session.name}: {reasons}")
    return ""


def _delete_registered_model(session: Session) -> None:
    for found in session.client.search_registered_models(f"name = '{session.name}'"):
        session.client.delete_registered_model(found.name)


def _delete_traces(session: Session) -> None:
    tomorrow = time.time_ns() // 1_000_000 + 86_400_000  # whatever the server's clock says
    for made in _experiments(session):
        session.client.delete_traces(made.experiment_id, max_timestamp_millis=tomorrow)


def _delete_models(session: Session) -> None:
    for made in _experiments(session):
        for logged in session.client.search_logged_models([made.experiment_id]):
            session.client.delete_logged_model(logged.model_id)


def _delete_files(session: Session) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    for made in _experiments(session):
        get_artifact_repository(made.artifact_location).delete_artifacts()


def _delete_experiment(session: Session) -> None:
    for made in _experiments(session):
        session.client.delete_experiment(made.experiment_id)


def _experiments(session: Session) -> list[Experiment]:
    """Return the session's experiment, by name: a lost answer may have hidden that it was made."""
    found = session.client.get_experiment_by_name(session.name)
    return [found] if found else []


def _folder(session: Session, name: str) -> str:
    folder = session.folder / name
    folder.mkdir()
    return str(folder)
