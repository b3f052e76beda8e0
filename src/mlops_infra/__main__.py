"""`mlops-infra` and `python -m mlops_infra`."""

import sys


def main() -> None:
    """Run the command line; exits with one of the codes of `errors.py`."""
    try:
        from mlops_infra.cli.app import run  # inside, so that Ctrl-C while importing is quiet, too

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
