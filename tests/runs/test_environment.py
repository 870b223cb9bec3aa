import importlib.metadata
import json
import platform

from keras_suite.runs.environment import environment


def test_versions_system_and_cores_are_named_and_go_into_json():
    found = json.loads(json.dumps(environment()))
    assert found["python"] == platform.python_version()
    assert found["tensorflow"] == importlib.metadata.version("tensorflow")
    assert found["cores"] >= 1
    assert found["cpu"]
