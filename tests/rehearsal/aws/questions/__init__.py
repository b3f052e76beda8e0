"""One question to a service for each resource type: is it there, and as the template says?"""

from tests.rehearsal.aws.questions import network, servers, stores
from tests.rehearsal.aws.questions.base import QUESTIONS

__all__ = ["QUESTIONS", "network", "servers", "stores"]
