"""The engine of `aws`: the CDK command line changes, CloudFormation and boto3 tell.

    engine.py    the verbs
    toolkit.py   the CDK command line: synthesise, prepare and execute a change set, destroy
    stack.py     the deployed stack, read through CloudFormation: state, changes, events, outputs
    prerequisites.py   what a deploy needs
    account.py   who we are
    quotas.py    the limits that a first deploy can run into
    drift.py     what was changed by hand
    builder.py   what builds the image, and whether it must be built
    failures.py  what mends a failure, by AWS's wording
    kept.py      what a teardown leaves: the bucket and the final snapshot, and their deletion

Nothing is provisioned here: what changes an account is the pinned CDK CLI, run as anybody would.
"""
