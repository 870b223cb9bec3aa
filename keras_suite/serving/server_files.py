"""The files that start TensorFlow Serving on a folder of models."""

import os
from collections.abc import Mapping
from pathlib import Path

from keras_suite.runs.read import NAME
from keras_suite.terminal import files

MAX_BATCH_SIZE, MAX_REQUEST_SIZE = 256, 8192
"""Rows of a batch, and of a request to a batched model; one larger than a batch is split."""

BATCHING = f"""\
# For a server without a GPU, as TensorFlow Serving's batching guide has it: a thread for each core,
# and no waiting for a batch to fill (0 is the value to start from; with many small requests at a
# time 1000 to 10000 may serve more of them).
max_batch_size {{ value: {MAX_REQUEST_SIZE} }}
enable_large_batch_splitting {{ value: true }}
max_execution_batch_size {{ value: {MAX_BATCH_SIZE} }}
batch_timeout_micros {{ value: 0 }}
num_batch_threads {{ value: {os.cpu_count()} }}
max_enqueued_batches {{ value: 100 }}
"""
MODEL = """\
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 1 }} }}
  }}
"""
COMPOSE = """\
# docker compose -f compose.yaml up
services:
  tensorflow-serving:
    image: tensorflow/serving:2.21.0  # the TensorFlow that wrote the models
    ports:  # for this machine alone, since the server asks nobody who they are
      - "127.0.0.1:8500:8500"
      - "127.0.0.1:8501:8501"
    volumes:
      - type: bind
        source: .
        target: /models
        read_only: true
    command:
      - --model_config_file=/models/models.config
      - --model_config_file_poll_wait_seconds=30
      - --enable_batching=true
      - --batching_parameters_file=/models/batching.config
      # Only models that have a batching_params.pbtxt are batched.
      - --enable_per_model_batching_parameters=true
"""


def versions(model: Path) -> list[Path]:
    """List the version folders of a model as a server sees them, the newest last."""
    folders = model.iterdir() if model.is_dir() else ()
    numbered = [each for each in folders if each.name.isdecimal() and each.is_dir()]
    return sorted(numbered, key=lambda each: int(each.name))


def write_server_files(models: Path) -> None:
    """Write ``models.config``, ``batching.config`` and ``compose.yaml``, each whole.

    Of each model the newest version alone is served: older ones would stay in memory, too. To go
    back to an older one, remove the newer's folder; the server sees it within a second.
    """
    named = [each.name for each in models.iterdir() if NAME.fullmatch(each.name)]
    names = sorted(name for name in named if versions(models / name))
    listed = "".join(MODEL.format(name=name) for name in names)
    files.write_text(models / "models.config", f"model_config_list {{\n{listed}}}\n")
    files.write_text(models / "batching.config", BATCHING)
    files.write_text(models / "compose.yaml", COMPOSE)


def can_batch(inputs: Mapping[str, dict]) -> bool:
    """Whether rows of different requests can be put together as they are.

    Where tokens or pixels vary in number from request to request, TF Serving refuses a mixed batch,
    or, told to pad, pads with the tensor's first element (``pad_variable_length_inputs``): an
    attention mask with ones, by which the answers would be wrong without a word. The inputs are
    those of a card.
    """
    return all(each["shape"] and None not in each["shape"][1:] for each in inputs.values())
