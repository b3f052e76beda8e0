"""A project's own stacks."""
