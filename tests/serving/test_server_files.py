import os
import re

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from keras_suite.serving.server_files import (
    MAX_BATCH_SIZE,
    MAX_REQUEST_SIZE,
    can_batch,
    versions,
    write_server_files,
)


@pytest.fixture
def models(tmp_path):
    for folder in ("fraud/1", "fraud/10", "fraud/9", "fraud/.partial-7-11", "lora/2", "half/notes"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lora" / "3").touch()
    write_server_files(tmp_path)
    return tmp_path


def test_versions_are_the_folders_with_a_number_in_the_order_of_numbers(models):
    assert [each.name for each in versions(models / "fraud")] == ["1", "9", "10"]
    assert [each.name for each in versions(models / "lora")] == ["2"]
    assert versions(models / "half") == versions(models / "missing") == []


def test_the_published_message_reads_models_config(models):
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((models / "models.config").read_text(), config)
    fraud, lora = config.model_config_list.config
    assert (fraud.name, fraud.base_path) == ("fraud", "/models/fraud")
    assert (lora.name, lora.base_path) == ("lora", "/models/lora")
    assert {each.model_platform for each in (fraud, lora)} == {"tensorflow"}
    assert fraud.model_version_policy.latest.num_versions == 1


def test_batching_config_has_the_servers_fields(models):
    lines = (models / "batching.config").read_text().splitlines()
    fields = dict(re.fullmatch(r"(\w+) \{ value: (\w+) \}", line).groups() for line in lines[3:])
    assert fields.pop("enable_large_batch_splitting") == "true"
    assert {name: int(number) for name, number in fields.items()} == {
        "max_batch_size": MAX_REQUEST_SIZE,
        "max_execution_batch_size": MAX_BATCH_SIZE,
        "batch_timeout_micros": 0,
        "num_batch_threads": os.cpu_count(),
        "max_enqueued_batches": 100,
    }


def test_the_server_listens_to_this_machine_alone_and_cannot_change_the_models(models):
    (server,) = yaml.safe_load((models / "compose.yaml").read_text())["services"].values()
    assert re.fullmatch(r"tensorflow/serving:\d+\.\d+\.\d+", server["image"])
    assert server["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    (mount,) = server["volumes"]
    assert mount == {"type": "bind", "source": ".", "target": "/models", "read_only": True}
    named = [flag.partition("=")[2] for flag in server["command"] if "file=" in flag]
    assert named == ["/models/models.config", "/models/batching.config"]
    assert all((models / name.removeprefix("/models/")).exists() for name in named)


def test_only_models_whose_rows_are_all_of_one_shape_are_batched():
    fixed, open_, unknown = {"shape": [None, 28, 28]}, {"shape": [None, None]}, {"shape": None}
    assert can_batch({"images": fixed})
    assert can_batch({"ids": {"shape": [None]}})
    assert not can_batch({"input_ids": open_, "images": fixed})
    assert not can_batch({"anything": unknown})
    assert not can_batch({"scalar": {"shape": []}})
