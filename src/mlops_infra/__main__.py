"""`mlops-infra` and `python -m mlops_infra`."""

import sys


def main() -> None:
    """Run the command line; exits with one of the codes of `errors.py`."""
    from mlops_infra.cli.app import run  # nothing is imported before it is asked for

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
