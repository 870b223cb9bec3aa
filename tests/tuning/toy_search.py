"""tuning/search.py, which also finds the experiments beside this file."""

import sys
from pathlib import Path

import keras_suite.experiments as experiments
from keras_suite.tuning import search

TOYS = str(Path(__file__).parent / "toys")


def main(arguments=None):
    """Search in this process, in which others look for experiments, too."""
    experiments.__path__.append(TOYS)
    try:
        return search.main(arguments)
    finally:
        experiments.__path__.remove(TOYS)


if __name__ == "__mp_main__":  # a worker of such a search
    experiments.__path__.append(TOYS)
if __name__ == "__main__":
    sys.exit(main())
