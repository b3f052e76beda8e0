"""The readme of a new project: from here to a tracking URI, and to a CI that deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.config.models import Cloud

if TYPE_CHECKING:
    from mlops_infra.scaffold.answers import Answers

DOCS = "https://github.com/mlops-infra/mlops-infra/tree/main/docs"
CLOUDS = {
    Cloud.LOCAL: "this machine",
    Cloud.AWS: "AWS",
    Cloud.AZURE: "Azure",
    Cloud.GCP: "Google Cloud",
}
LOGINS = {
    Cloud.AWS: "aws sso login",
    Cloud.AZURE: "az login",
    Cloud.GCP: "gcloud auth application-default login",
}
"""How a person gets credentials; any other way that the cloud's own tools know will do."""

CI = {
    "github": f"""\
A pull request shows its plan, a merge to `main` deploys dev, then staging, then prod: see
`.github/workflows`, and [what they need]({DOCS}/ci.md). Where an environment's file names the
repository in `ci.github`, `bootstrap` prints the variables for the repository's settings.
""",
    "azure-devops": f"`pipelines/azure-devops.yml`, and [what it needs]({DOCS}/ci.md).\n",
    "cloud-build": f"`pipelines/cloudbuild.yaml`, and [what it needs]({DOCS}/ci.md).\n",
}


def readme_text(answers: Answers) -> str:
    """Return the readme, without a section on CI where there is none."""
    install = "pip install -r requirements-deploy.txt"
    if answers.cloud is Cloud.AWS:
        install += " && npm install"
    login = LOGINS.get(answers.cloud)
    before = [f"$ {each}" for each in (install, login) if each]
    steps = "\n".join(
        [
            *before,
            "$ mlops-infra bootstrap -e dev    # once; shows what it makes, and asks",
            "$ mlops-infra deploy -e dev       # ends with the tracking URI",
        ]
    )
    ci = f"\n## In CI\n\n{CI[answers.ci]}" if answers.ci in CI else ""
    return f"""\
# {answers.project}

An MLflow platform on {CLOUDS[answers.cloud]}. Each environment is one complete file:
`environments/dev.yaml`, `staging.yaml` and `prod.yaml`. Read them, and change what does not suit
you; `mlops-infra validate` tells every mistake.

## From here to a tracking URI

```console
{steps}
```

`staging` and `prod` go the same way. A data scientist then needs no more than this:

```console
$ eval "$(mlops-infra login -e dev)"
$ python train.py
```
{ci}
## Later

After an upgrade of the package, `mlops-infra init` writes what is new and tells what differs.
More: `mlops-infra --help` and [the documentation]({DOCS}).
"""
