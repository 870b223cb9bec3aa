"""transformers with its TF classes, imported in the one way that works here."""

import logging

logging.getLogger("transformers").setLevel(logging.ERROR)  # "TF classes are deprecated"

import tf_keras  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoConfig  # noqa: E402

__all__ = ["AutoConfig", "tf_keras", "transformers"]
