"""ministack's modules, as the untyped things they are; nothing else in the project imports them.

Importing this reads ministack's settings from the environment, so `__main__` sets them first.
"""

from importlib import import_module
from typing import Any


def _module(name: str) -> Any:  # noqa: ANN401 - ministack has no types
    return import_module(f"ministack.{name}")


actions = _module("core.iam_actions")
app = _module("app")
responses = _module("core.responses")
router = _module("core.router")

alb = _module("services.alb")
cloudcontrol = _module("services.cloudcontrol")
cloudfront = _module("services.cloudfront")
ec2 = _module("services.ec2")
ecr = _module("services.ecr")
ecs = _module("services.ecs")
iam = _module("services.iam")
rds = _module("services.rds")
route53 = _module("services.route53")
s3 = _module("services.s3")
secretsmanager = _module("services.secretsmanager")
sns = _module("services.sns")

changesets = _module("services.cloudformation.changesets")
cloudformation = _module("services.cloudformation")
drift = _module("services.cloudformation.drift")
handlers = _module("services.cloudformation.handlers")
provisioners = _module("services.cloudformation.provisioners")
stacks = _module("services.cloudformation.stacks")
