"""What is wrong in ministack 1.5.33: the one place that changes its own behaviour.

Each mend says what was seen, by asking a resource's own API after a deploy and comparing the answer
with the template. `tests/rehearsal/aws/test_resources.py` asks the same questions, so a newer
ministack shows which mends it no longer needs: take one out and see whether a test fails.
"""

from mlops_infra.rehearsal.aws.mended import (
    containers,
    databases,
    drifting,
    engine,
    network,
    secrets,
    stores,
)


def mend() -> None:
    """Mend all of it."""
    engine.tell_what_replaces()
    engine.import_buckets_that_exist()
    engine.tell_which_change_set_was_executed()
    engine.refuse_deletes()
    engine.skip_nothing_where_nothing_is_named()
    drifting.revert_drift()
    containers.keep_what_a_container_needs()
    containers.keep_what_a_service_needs()
    containers.miss_images()
    secrets.refer_to_secrets_by_arn()
    secrets.generate_secrets_as_told()
    stores.keep_what_a_bucket_needs()
    stores.keep_what_a_topic_needs()
    databases.restore_from_snapshots()
    databases.describe_databases()
    databases.name_final_snapshots_apart()
    network.describe_load_balancers()
    network.describe_rules_of_prefix_lists()
    network.describe_addresses_of_nat_gateways()
