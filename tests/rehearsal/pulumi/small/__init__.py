"""A small platform and its cloud: what the tests of the Pulumi engine deploy.

provider.py  an emulated `gcp` of four types, with what makes the real one difficult
stacks/      a project's own stack of these, copied into the project of each test

Only the emulator imports `provider.py`: the SDK takes seconds, and warns of its own names.
"""

PROVIDER = "tests.rehearsal.pulumi.small.provider"
CONTENTS = "contents of a bucket"
"""A kind of its own in the cloud: a bucket's files, by the bucket's id."""
