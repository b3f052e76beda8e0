"""Train a model, track it, register it, and use it from the registry: a day's work with MLflow.

    eval "$(mlops-infra login -e dev --cloud local)"
    python examples/train.py

Nothing here knows where the server runs: MLFLOW_TRACKING_URI and its companions say so.
"""

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL, ALIAS = "breast-cancer", "champion"


def train() -> str:
    # 569 real tumours, 30 measurements of each: is it malignant (0) or benign (1)?
    data = load_breast_cancer(as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(
        data.data, data.target, test_size=0.3, stratify=data.target, random_state=7
    )
    mlflow.set_experiment(MODEL)
    with mlflow.start_run() as run:
        # What goes in: to compare runs by, and to repeat this one.
        params = {"C": 0.5, "max_iter": 500}
        mlflow.log_params(params)
        classifier = make_pipeline(StandardScaler(), LogisticRegression(**params))
        classifier.fit(x_train, y_train)
        # What comes out, on tumours that it has not seen.
        mlflow.log_metric("accuracy", accuracy_score(y_test, classifier.predict(x_test)))
        mlflow.log_metric("log_loss", log_loss(y_test, classifier.predict_proba(x_test)))
        # Any file can be an artifact. This one says what the model looks at.
        weights = pd.Series(classifier[-1].coef_[0], data.feature_names, name="weight")
        mlflow.log_text(weights.sort_values().to_csv(index_label="measurement"), "weights.csv")
        # The model itself, and what its input looks like, as a new version under one name.
        version = mlflow.sklearn.log_model(
            classifier,
            name="model",
            signature=infer_signature(x_train, classifier.predict(x_train)),
            input_example=x_train.head(3),
            registered_model_name=MODEL,
        ).registered_model_version
    # The alias moves from version to version: whoever loads "@champion" never changes a line.
    mlflow.MlflowClient().set_registered_model_alias(MODEL, ALIAS, version)
    champion = mlflow.pyfunc.load_model(f"models:/{MODEL}@{ALIAS}")
    accuracy = accuracy_score(y_test, champion.predict(x_test))
    page = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    return (
        f"{MODEL} version {version} is {ALIAS}: accuracy {accuracy:.3f}\n"
        f"{mlflow.get_tracking_uri()}/{page}"
    )


if __name__ == "__main__":
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        sys.exit('MLFLOW_TRACKING_URI is not set: eval "$(mlops-infra login -e dev --cloud local)"')
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # MLflow tells its every step
        report = train()
    print(report)  # noqa: T201 - an example may
