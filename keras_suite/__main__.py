"""``python -m keras_suite``."""

import sys

from keras_suite.cli import main

if __name__ == "__main__":  # a search's workers import this file, too
    sys.exit(main())
