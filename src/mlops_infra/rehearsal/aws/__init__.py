"""An emulated AWS that the real CDK CLI deploys to: ministack, completed and mended.

emulator.py    starts and stops it; knows nothing of ministack
__main__.py    the process that it starts: puts the rest in, then runs ministack
resources/     the resource types that ministack lacks
scaling.py     the Application Auto Scaling API, which it lacks too
lookups.py     what the CDK's context lookups ask of Cloud Control
mended/        what is wrong in ministack: the one place that changes its own behaviour
running/       runs what is recorded: services, databases, and the names they are reached by
faulty.py      failures and delays on demand
"""

from mlops_infra.rehearsal.aws.emulator import EmulatedAws

__all__ = ["EmulatedAws"]
