"""transformers with its TF classes, imported in the one way that works here."""

import logging
import os

os.environ.update(USE_TORCH="0", USE_TF="1")  # read when transformers is first imported
logging.getLogger("transformers").setLevel(logging.ERROR)  # "TF classes are deprecated"

import tf_keras  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoConfig  # noqa: E402

__all__ = ["AutoConfig", "tf_keras", "transformers"]
