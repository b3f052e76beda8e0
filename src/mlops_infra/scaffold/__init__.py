"""What `mlops-infra init` writes: a project, for whoever has the package and no clone of this one.

    questions.py    what has to be known for that
    answers.py      what is known: given by flags, found in the project, or asked for
    environment.py  the repository's own environment files, with the answers filled in
    readme.py       the project's readme
    files.py        every file of a project, and how it is written: never over one that is there
    folder.py       the folder that it is made in

Nothing here prints or reads a terminal.
"""

from mlops_infra.scaffold.answers import find_answers
from mlops_infra.scaffold.files import project_files, write
from mlops_infra.scaffold.folder import (
    has_stacks,
    install_cdk,
    lacks_cdk,
    require_place,
    root_above,
)
from mlops_infra.scaffold.questions import NONE

__all__ = [
    "NONE",
    "find_answers",
    "has_stacks",
    "install_cdk",
    "lacks_cdk",
    "project_files",
    "require_place",
    "root_above",
    "write",
]
