import os
import re

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from keras_suite.serving.server_files import can_batch, versions, write_server_files


@pytest.fixture
def models(tmp_path):
    for folder in (
        "fraud/1",
        "fraud/10",
        "fraud/9",
        "fraud/.partial-7-11",
        "lora/2",
        "half/notes",
        'x" }\n/1',
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lora" / "3").touch()
    write_server_files(tmp_path)
    return tmp_path


def test_the_models_are_those_with_a_folder_of_a_number_as_the_published_message_reads(models):
    found = [[each.name for each in versions(models / name)] for name in ("fraud", "lora", "half")]
    assert found == [["1", "9", "10"], ["2"], []]
    assert versions(models / "missing") == []
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((models / "models.config").read_text(), config)
    named = {each.name: each.base_path for each in config.model_config_list.config}
    assert named == {"fraud": "/models/fraud", "lora": "/models/lora"}
    for each in config.model_config_list.config:
        assert each.model_platform == "tensorflow"
        assert each.model_version_policy.latest.num_versions == 1


def test_the_server_is_of_this_machine_alone_reads_only_and_splits_large_requests(models):
    (server,) = yaml.safe_load((models / "compose.yaml").read_text())["services"].values()
    assert server["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    (mount,) = server["volumes"]
    assert mount == {"type": "bind", "source": ".", "target": "/models", "read_only": True}
    named = [flag.partition("=/models/")[2] for flag in server["command"] if "file=" in flag]
    assert named == ["models.config", "batching.config"]
    fields = dict(re.findall(r"^(\w+) \{ value: (\w+) \}$", (models / named[1]).read_text(), re.M))
    assert fields == {
        "max_batch_size": "8192", "enable_large_batch_splitting": "true",
        "max_execution_batch_size": "256", "batch_timeout_micros": "0",
        "num_batch_threads": str(os.cpu_count()), "max_enqueued_batches": "100",
    }  # fmt: skip


def test_only_models_whose_rows_are_all_of_one_shape_are_batched():
    fixed, open_, unknown = {"shape": [None, 28, 28]}, {"shape": [None, None]}, {"shape": None}
    assert can_batch({"images": fixed, "ids": {"shape": [None]}})
    for inputs in ({"ids": open_, "images": fixed}, {"any": unknown}, {"scalar": {"shape": []}}):
        assert not can_batch(inputs)
