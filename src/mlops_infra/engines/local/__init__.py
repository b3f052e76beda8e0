"""The engine of `local`: real PostgreSQL and MLflow processes that outlive the command.

    engine.py     the verbs
    prerequisites.py   what a deploy needs
    planning.py   what differs between what is wanted and what runs
    steps.py      carries that difference out
    parts.py      what the stack declares, put together with the things below
    home.py       one environment's folder: lock, secrets, what was deployed
    cluster.py    a PostgreSQL cluster: made, started, stopped
    servers.py    the server's processes: found, started, stopped
    processes.py  what other programs' processes have in common: alive, theirs, gone
    failure.py    why something did not come up
    ports.py      which ports are free, and holding one

Nothing here trusts a process id from a file: processes are found by what they carry.
"""
