"""The emulated provider `azure-native`: every type that `stacks/azure` uses, and no other.

arm.py       ids, parents, locks: what Azure's resource manager does for every type
network.py data.py server.py watch.py   the types
web.py       what is asked over HTTPS: registry, login, status, logs
subscription.py   what is told of the subscription
running/     what of it runs on this machine
"""

from mlops_infra.rehearsal.azure import data, network, server, watch, web
from mlops_infra.rehearsal.azure.running import Running
from mlops_infra.rehearsal.pulumi.description import Provider

PROVIDER = Provider(
    name="azure-native",
    version="3.29.0",
    functions=server.FUNCTIONS,
    types=(*network.TYPES, *data.TYPES, *server.TYPES, *watch.TYPES),
    sites=web.SITES,
    config=frozenset({"subscriptionId", "tenantId", "clientId", "location", "environment"}),
    running=Running,
)
