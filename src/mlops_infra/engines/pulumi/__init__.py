"""The engine of `azure` and `gcp`: the Pulumi engine changes, its state tells.

    engine.py      the verbs
    clouds/        what knows one cloud
    prerequisites.py   what a deploy needs
    locks.py       who holds a stack; releases a dead process's
    bootstrap.py   makes what must be there before the first one
    cli.py         the pinned Pulumi command line: found, installed or built
    state.py       where the file keeps the state
    files.py       the files that it keeps a stack in, for locks.py and for
    reading.py     what the state says, without Pulumi
    workspace.py   one stack through the command line: make, export, import, remove
    deployment.py  what a stack's state says: resources, outputs, what a teardown keeps
    automation.py  preview, up and destroy through the Automation API, with their steps
    drift.py       what was changed in the cloud since
    planning.py    what a deploy or a teardown would change
    steps.py       carries a plan out
    settling.py    what a killed run left: a create whose answer nobody heard
    troubles.py    what Pulumi says, as errors that a person can act on
    images.py      the images that a program's server is made of: built, then pushed

`automation.py` alone needs Pulumi's SDK, and only what changes something or plans it needs that.
"""
