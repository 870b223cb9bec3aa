"""tuning/search.py, which also finds the experiments beside this file."""

import sys
from pathlib import Path

import keras_suite.experiments as experiments
from keras_suite.tuning.search import main

experiments.__path__.append(str(Path(__file__).parent / "toys"))

if __name__ == "__main__":
    sys.exit(main())
