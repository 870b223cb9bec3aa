import socket
import time

import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving import rest
from keras_suite.serving.card import read_signature
from keras_suite.serving.rest import decode, rest_model
from tests.experiments.processes import ROOT

ROWS = {"features": np.random.default_rng(0).normal(0, 1, (5, 3)).astype("float32")}
BUSY = 503, {"error": "too many requests at once"}


@pytest.fixture
def call(server, exported, monkeypatch):
    def call(name, inputs, version=None, url=server.url, timeout=10):
        _, outputs = read_signature(exported / name / "1")
        return rest_model(url, name, version, outputs, timeout)(inputs)

    monkeypatch.setattr(rest, "PATIENCE", rest.PATIENCE.new(backoff_factor=0))  # no waiting
    return call


def test_numbers_go_and_come_to_the_bit(call, server, compute):
    greatest = np.finfo("float32").max
    features = ROWS["features"].copy()
    features[0], features[1, 0], features[2, 0], features[3, 0] = 1e-45, np.nan, -np.inf, greatest
    found = call("fraud", {"features": features}, version=1)["fraud_probability"]
    expected = compute("fraud/1", features=features)["fraud_probability"]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32
    # The shortest digits of the greatest would be beyond float32's range.
    assert server.bodies[0]["inputs"]["features"][3][0] == float(greatest)


def test_strings_go_and_come_as_they_are(call, server, compute):
    words = np.array(["شاه", b"\x00\xff", "👑\n"], object)
    found = call("words", {"words": words})
    expected = compute("words/1", words=np.array(["شاه".encode(), b"\x00\xff", "👑\n".encode()]))
    assert found["neighbours"].tolist() == expected["neighbours"].tolist()
    np.testing.assert_array_equal(found["cosines"], expected["cosines"])
    assert server.bodies[0]["inputs"]["words"][1] == {"b64": "AP8="}


@pytest.mark.parametrize(
    ("body", "dtype", "expected"),
    [
        (b"[1.0, NaN, Infinity, -Infinity]", "float32", [1, np.nan, np.inf, -np.inf]),
        (b"[18446744073709551615]", "uint64", [2**64 - 1]),
        (b"[255]", "uint8", [255]),
        (b'["a", {"b64": "/wA="}, "\xff"]', "string", [b"a", b"\xff\x00", b"\xff"]),
    ],
)
def test_what_the_server_writes_is_read_exactly(body, dtype, expected):
    found = decode(b'{"outputs": %b}' % body, {"y": {"dtype": dtype}})["y"]
    np.testing.assert_array_equal(found, np.array(expected, found.dtype))
    assert found.dtype == (object if dtype == "string" else dtype)


@pytest.mark.parametrize(
    ("asked", "fault", "said"),
    [
        ({"version": 7}, None, r"refuses fraud/versions/7: Servable not .* \(status 404\)\.$"),
        ({"inputs": {"features": np.ones((2, 4))}}, None, "refuses fraud: Incompatible inputs: "),
        ({"url": "127.0.0.1:1"}, None, r"cannot be reached \(.*Connection refused\): start"),
        ({"url": "ftp://a:1"}, None, "cannot be reached .*--rest http://localhost:8501"),
        ({"url": "http://a b:1"}, None, "cannot be reached .*--rest http://localhost:8501"),
        ({}, (200, b"<html>"), "does not answer as .* status 200 and"),
        ({}, (404, b"<html>"), "does not answer as .* status 404 and"),
        ({}, (200, {"outputs": [[1], [1, 2]]}), "does not answer as .* status 200 and"),
        ({}, (200, b'{"outputs": ' + b"[" * 100_000), "does not answer as .* status 200 and"),
        ({}, (200, b'{"outputs": [1' + b"0" * 400 + b"]}"), "does not answer as .* status 200"),
        ({}, (500, b"[" * 100_000), "does not answer as .* status 500 and"),
        ({}, (400, {"error": "\x1b]0;owned\x07\nerror: two " + "a" * 999}),
         r"refuses fraud: \?\]0;owned\? error: two \(status 400\)\.$"),
        ({}, (500, []), "does not answer as .* status 500 and"),
    ],
)  # fmt: skip
def test_what_a_server_does_not_give_is_one_sentence(call, server, asked, fault, said):
    server.faults.extend([fault] * bool(fault))
    with pytest.raises(InputError, match=said):
        call("fraud", **{"inputs": ROWS} | asked)
    assert len(server.bodies) == ("url" not in asked)


def test_a_busy_server_is_asked_again_up_to_three_times(call, server, compute):
    server.faults.extend([BUSY, (429, {})])
    found = call("fraud", ROWS)["fraud_probability"]
    np.testing.assert_array_equal(found, compute("fraud/2", **ROWS)["fraud_probability"])
    server.faults.extend([BUSY] * 9)
    with pytest.raises(InputError, match=r"too many requests at once \(status 503\)"):
        call("fraud", ROWS)
    assert len(server.bodies) == 3 + 4


def test_silence_has_an_end_and_is_not_asked_again(call):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(InputError, match=r"gave no answer within 0\.3 s: .*--timeout"):
            call("fraud", ROWS, url=url, timeout=0.3)
        assert time.monotonic() - began < 3


def test_the_guides_plain_python_asks_a_server(server, compute):
    guide = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    code = guide.partition("```python\n")[2].partition("```")[0]
    code = code.replace("http://localhost:8501", server.url).replace("* 28", "* 2")
    code = code.replace("requests.get(url)", "status = requests.get(url)")
    told = {}
    exec(code.replace('answer.json()["', 'outputs = answer.json()["'), told)
    assert told["status"]["model_version_status"][0]["state"] == "AVAILABLE"
    expected = compute("fraud/2", features=np.array(told["rows"], "f4"))["fraud_probability"]
    assert told["outputs"] == expected.tolist()
