"""Published deep-learning experiments, reproduced in TensorFlow/Keras 3.

Importing this package loads neither TensorFlow nor Keras; the modules that need them do.
"""

import os

__version__ = "0.3.0"

# Every model here is Keras 3 on TensorFlow, whatever ~/.keras/keras.json says.
os.environ["KERAS_BACKEND"] = "tensorflow"
# transformers reads these when it is first imported.
os.environ.update(USE_TORCH="0", USE_TF="1")
