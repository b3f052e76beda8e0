"""`mlops-infra` and `python -m mlops_infra`."""

import gc
import sys

OBJECTS_BEFORE_COLLECTION = 500_000
"""With Python's own 700, what is imported of a cloud's SDK is walked again and again for garbage
that is not there. Most commands end before they make this many objects; a long one is tidied."""


def main() -> None:
    """Run the command line; exits with one of the codes of `errors.py`."""
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    try:
        from mlops_infra.cli.app import run  # inside, so that Ctrl-C while importing is quiet, too

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
