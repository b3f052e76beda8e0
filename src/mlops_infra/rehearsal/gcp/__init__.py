"""The emulated provider `gcp`: every type that `stacks/gcp` uses, and no other.

project.py      ids, APIs that must be on, labels: what Google does for every type
network.py data.py identity.py federation.py   the types
server.py front.py private_front.py watch.py   and more of them
web.py          what is asked over HTTPS: registry, status, logs, secrets
account.py      what is told of the login and of the project
running/     what of it runs on this machine

Ids and what they are made of: https://www.pulumi.com/registry/packages/gcp/
"""

from mlops_infra.rehearsal.gcp import (
    data,
    federation,
    front,
    identity,
    network,
    private_front,
    project,
    server,
    watch,
    web,
)
from mlops_infra.rehearsal.gcp.running import Running
from mlops_infra.rehearsal.pulumi.description import Provider

PROVIDER = Provider(
    name="gcp",
    version="10.2.0",
    functions=project.FUNCTIONS,
    types=(
        *project.TYPES,
        *network.TYPES,
        *data.TYPES,
        *identity.TYPES,
        *federation.TYPES,
        *server.TYPES,
        *front.TYPES,
        *private_front.TYPES,
        *watch.TYPES,
    ),
    sites=web.SITES,
    config=frozenset({"project", "region", "defaultLabels", "addPulumiAttributionLabel"}),
    running=Running,
)
