"""Where the packages lie; all else stands in pyproject.toml."""

from setuptools import find_packages, setup

# The folders of the top level are installed under keras_suite, so that site-packages gets one name.
ROOMS = {"keras_suite.experiments": "experiments", "keras_suite.tuning": "tuning"}

setup(packages=[*find_packages(include=["keras_suite*"]), *ROOMS], package_dir=ROOMS)
