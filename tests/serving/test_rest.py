import json
import socket
import time

import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.card import read_signature
from keras_suite.serving.rest import decode, encode, rest_model
from tests.experiments.processes import ROOT

ROWS = {"features": np.random.default_rng(0).normal(0, 1, (5, 3)).astype("float32")}
BUSY = 503, {"error": "too many requests at once"}


@pytest.fixture
def call(server, exported):
    def call(name, inputs, version=None, url=server.url, timeout=10):
        _, outputs = read_signature(exported / name / "1")
        return rest_model(url, name, version, outputs, timeout)(inputs)

    return call


@pytest.mark.parametrize("version", [None, 1, 2])
def test_a_prediction_is_what_the_model_computes_to_the_bit(call, compute, version):
    features = ROWS["features"].copy()
    features[0], features[1, 0], features[2, 0] = 1e-45, np.nan, -np.inf
    found = call("fraud", {"features": features}, version)["fraud_probability"]
    expected = compute(f"fraud/{version or 2}", features=features)["fraud_probability"]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


def test_strings_go_and_come_as_they_are(call, server, compute):
    words = np.array(["شاه", b"\x00\xff", "👑\n"], object)
    found = call("words", {"words": words})
    expected = compute("words/1", words=np.array(["شاه".encode(), b"\x00\xff", "👑\n".encode()]))
    assert found["neighbours"].tolist() == expected["neighbours"].tolist()
    np.testing.assert_array_equal(found["cosines"], expected["cosines"])
    assert server.bodies[0]["inputs"]["words"][1] == {"b64": "AP8="}


def test_the_greatest_float32_is_written_within_its_range():
    greatest = np.finfo("float32").max
    (sent,) = json.loads(encode({"x": np.array([greatest])}))["inputs"]["x"]
    assert sent == float(greatest)


@pytest.mark.parametrize(
    ("body", "dtype", "expected"),
    [
        (b'{"outputs": [1.0, NaN, Infinity, -Infinity]}', "float32", [1, np.nan, np.inf, -np.inf]),
        (b'{"outputs": [18446744073709551615]}', "uint64", [2**64 - 1]),
        (b'{"outputs": ["a", {"b64": "/wA="}, "\xff"]}', "string", [b"a", b"\xff\x00", b"\xff"]),
    ],
)
def test_what_the_server_writes_is_read_exactly(body, dtype, expected):
    found = decode(body, {"y": {"dtype": dtype}})["y"]
    np.testing.assert_array_equal(found, np.array(expected, found.dtype))
    assert found.dtype == (object if dtype == "string" else dtype)


@pytest.mark.parametrize(
    ("inputs", "version", "said"),
    [
        (ROWS, 7, r"refuses fraud/versions/7: Servable not found .* \(status 404\)\.$"),
        ({"features": np.ones((2, 4))}, None, r"refuses fraud: Incompatible inputs: .*status 400"),
        ({"figures": np.ones((2, 3))}, None, r"refuses fraud: Incompatible inputs: 'features'"),
    ],
)
def test_a_refusal_is_one_sentence_with_the_servers_words(call, server, inputs, version, said):
    with pytest.raises(InputError, match=said):
        call("fraud", inputs, version)
    assert len(server.bodies) == 1


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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:{port}", r"http://127.0.0.1:\d+ cannot be reached \(.*Connection refused\): "),
        ("ftp://127.0.0.1:{port}", "cannot be reached .*--rest http://localhost:8501"),
        ("http://a b:1", "cannot be reached .*--rest http://localhost:8501"),
    ],
)
def test_no_server_is_one_sentence(call, url, said):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.raises(InputError, match=said):
            call("fraud", ROWS, url=url.format(port=taken.getsockname()[1]))


@pytest.mark.parametrize(
    "answer",
    [(200, b"<html>"), (404, b"<html>"), (200, {}), (200, {"outputs": [[1], [1, 2]]}), (500, [])],
)
def test_what_is_not_tf_serving_is_said_to_be_none(call, server, answer):
    server.faults.append(answer)
    with pytest.raises(InputError, match=f"does not answer as .* status {answer[0]} and"):
        call("fraud", ROWS)


def test_the_guides_plain_python_asks_a_server(server, compute):
    guide = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    lines = guide.partition("```python\n")[2].partition("```")[0].splitlines()
    code = "\n".join(lines).replace("http://localhost:8501", server.url).replace("* 28", "* 2")
    code = code.replace("requests.get(url)", "status = requests.get(url)")
    told = {}
    exec(code.replace('answer.json()["', 'outputs = answer.json()["'), told)
    assert told["status"]["model_version_status"][0]["state"] == "AVAILABLE"
    expected = compute("fraud/2", features=np.array(told["rows"], "f4"))["fraud_probability"]
    assert told["outputs"] == expected.tolist()
