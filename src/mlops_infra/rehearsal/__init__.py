"""The whole life of a stack run without a cloud account: an extra, `mlops-infra[rehearsal]`."""
