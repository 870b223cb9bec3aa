"""transformers with its TF classes, imported in the one way that works here."""

import tf_keras
import transformers
from transformers import AutoConfig

from keras_suite.terminal.quiet import use_float32

__all__ = ["AutoConfig", "tf_keras", "transformers"]

# Comes after the import, which sets the level: "TF classes are deprecated", "newly initialized".
transformers.logging.set_verbosity_error()
use_float32(tf_keras.backend)
