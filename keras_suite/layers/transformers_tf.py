"""transformers with its TF classes, imported in the one way that works here."""

import tf_keras
import transformers
from transformers import AutoConfig

__all__ = ["AutoConfig", "tf_keras", "transformers"]

# Comes after the import, which sets the level: "TF classes are deprecated", "newly initialized".
transformers.logging.set_verbosity_error()
