"""A toy one of whose three networks needs more memory than there is."""

import dataclasses
import os
import signal

import keras_suite.experiments.toy as toy
from keras_suite.experiments.toy import *  # noqa: F403


def search_space(hp, config):
    return dataclasses.replace(config, units=hp.Choice("units", [2, 4, 62]))


def build(config, split):
    if config.units == 62:
        os.kill(os.getpid(), signal.SIGKILL)
    return toy.build(config, split)
