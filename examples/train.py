"""Train a model, track it, register it, and use it from the registry: a day's work with MLflow.

    eval "$(mlops-infra login -e dev --cloud local)"
    python examples/train.py

Nothing here knows where the server runs: MLFLOW_TRACKING_URI and its companions say so.
"""

import os
import sys

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

EXPERIMENT = "wine"
MODEL = "wine-cultivar"
ALIAS = "champion"


def main() -> None:
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        sys.exit('no MLFLOW_TRACKING_URI: run eval "$(mlops-infra login -e dev --cloud local)"')

    # 178 Italian wines, 13 chemical measurements each; which of three cultivars is it?
    wine = load_wine(as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(
        wine.data, wine.target, test_size=0.3, stratify=wine.target, random_state=7
    )

    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run() as run:
        # What went in: to compare runs by, and to repeat this one.
        params = {"C": 0.5, "max_iter": 500}
        mlflow.log_params(params)
        classifier = make_pipeline(StandardScaler(), LogisticRegression(**params))
        classifier.fit(x_train, y_train)

        # What came out, on wines it has not seen.
        mlflow.log_metric("accuracy", accuracy_score(y_test, classifier.predict(x_test)))
        mlflow.log_metric("log_loss", log_loss(y_test, classifier.predict_proba(x_test)))

        # Any file can be an artifact; this table shows up in the UI.
        weights = pd.DataFrame(classifier[-1].coef_.T, wine.feature_names, wine.target_names)
        mlflow.log_text(weights.to_csv(index_label="measurement"), "weights.csv")

        # The model, with the columns it wants, under a name that others find it by.
        logged = mlflow.sklearn.log_model(
            classifier,
            name="model",
            registered_model_name=MODEL,
            signature=infer_signature(x_train, classifier.predict(x_train)),
            input_example=x_train.head(3),
        )

    # An alias moves from version to version; whoever loads `@champion` needs no new code.
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(MODEL, ALIAS, logged.registered_model_version)

    # From here on, as another program would: by name and alias alone.
    champion = mlflow.pyfunc.load_model(f"models:/{MODEL}@{ALIAS}")
    accuracy = accuracy_score(y_test, champion.predict(x_test))
    print(f"{MODEL} version {logged.registered_model_version}: accuracy {accuracy:.3f}")
    uri = mlflow.get_tracking_uri()
    print(f"{uri}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}")


if __name__ == "__main__":
    main()
