"""What one environment is made of, per cloud: yours to read and to edit.

`image/` is the server image that every cloud runs; `local/` the same platform as processes of this
machine. A project's own `stacks/` wins over the one that ships with the package.
"""
