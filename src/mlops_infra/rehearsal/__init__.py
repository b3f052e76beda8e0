"""The whole life of a stack run without a cloud account: an extra, `mlops-infra[rehearsal]`.

container.py   runs a container that an emulated cloud has recorded, as a process
postgres.py    a database instance as a cloud gives it: by name, over TLS, with a password
doors.py       where TLS ends: the public names of a cloud, and its databases'
authority.py   who signs for those names
aws/           an emulated AWS

The first four know no cloud: each emulated one hands over what it has recorded.
"""
