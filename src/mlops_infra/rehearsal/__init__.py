"""The whole life of a stack run without a cloud account: an extra, `mlops-infra[rehearsal]`.

emulator.py    the process of an emulated cloud
faults.py      failures and delays on demand, in any of them
program.py     a program that stands for something in a cloud
container.py   runs a container that an emulated cloud has recorded, as a process
rollouts.py    replaces what runs for a service: the new one first
postgres.py    a database instance as a cloud gives it: by name, over TLS, with a password
doors.py       where TLS ends: the public names of a cloud, and its databases'
authority.py   who signs for those names
ports.py       ports of this machine for all of these
aws/           an emulated AWS, for the CDK CLI
pulumi/        emulated clouds for Pulumi's engine, of any provider, and stores for its state
azure/ gcp/    their providers `azure-native` and `gcp`

The files know no cloud: each emulated one hands over what it has recorded.
"""
