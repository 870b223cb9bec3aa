"""A toy whose hyperparameters depend on each other."""

import dataclasses

from keras_suite.experiments.toy import *  # noqa: F403


def search_space(hp, config):
    optimizer = hp.Choice("optimizer", ["adam", "rmsprop", "sgd"])
    with hp.conditional_scope("optimizer", ["rmsprop", "sgd"]):
        rate = hp.Float("rate", 1e-3, 1e-1, sampling="log")
    with hp.conditional_scope("optimizer", ["sgd"]):
        units = [hp.Int(f"units_{layer}", 2, 64) for layer in (1, 2) if optimizer == "sgd"]
    sampled = {"units": max(units, default=8), "learning_rate": rate or 0.01}
    return dataclasses.replace(config, optimizer=optimizer, **sampled)
