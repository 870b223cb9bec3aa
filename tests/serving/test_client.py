import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc as grpc_package
import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.client import Client
from keras_suite.serving.protocol import Spec
from tests.serving import servers
from tests.serving.server_models import Models, RefusalError, bad_request

ROWS = {"features": np.random.default_rng(0).normal(0, 1, (5, 3)).astype("float32")}
BUSY = RefusalError(grpc_package.StatusCode.UNAVAILABLE, "too many requests at once")
FULL = RefusalError(grpc_package.StatusCode.RESOURCE_EXHAUSTED, "the batching queue is full")


def predictions(serving) -> int:
    return sum(each.endswith((":predict", "predict")) for each in serving.asked)


def test_a_prediction_is_what_the_model_computes_to_the_bit(served, compute):
    serving, protocol = served
    client = Client(serving.address, protocol)
    features = ROWS["features"].copy()
    features[0], features[1, 0], features[2, 0] = 1e-45, np.nan, -np.inf
    for version in (None, 1, 2):
        given = client.predict("fraud", {"features": features}, version)
        expected = compute("fraud", version, features=features)
        assert given.keys() == expected.keys()
        np.testing.assert_array_equal(given["fraud_probability"], expected["fraud_probability"])
        assert given["fraud_probability"].dtype == np.float32


@pytest.mark.parametrize("words", [["شاه", "a", "👑\n"], ["شاه".encode(), b"\x00\xff"]])
def test_strings_go_and_come_as_they_are(served, compute, words):
    serving, protocol = served
    given = Client(serving.address, protocol).predict("words", {"words": np.array(words, object)})
    as_bytes = [word if isinstance(word, bytes) else word.encode() for word in words]
    expected = compute("words", words=np.array(as_bytes, object))
    assert given["neighbours"].tolist() == expected["neighbours"].tolist()
    np.testing.assert_array_equal(given["cosines"], expected["cosines"])


def test_outputs_come_in_the_order_of_their_names_whatever_the_servers_is(served):
    serving, protocol = served
    given = Client(serving.address, protocol).predict("words", {"words": np.array(["a"], object)})
    assert list(given) == ["cosines", "neighbours"]


def test_a_signature_is_that_of_the_servers_metadata_and_asked_for_once(served):
    serving, protocol = served
    client = Client(serving.address, protocol)
    for _ in range(2):
        assert client.signature("photos") == {
            "inputs": {"images": Spec("uint8", (None, None, None, 3))},
            "outputs": {"probabilities": Spec("float32", (None, 3))},
        }
    assert client.signature("words")["inputs"] == {"words": Spec("string", (None,))}
    assert len(serving.asked) == 2


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("nothing", None, r"refuses nothing: Servable not found for request: Latest\(nothing\)"),
        ("fraud", 7, r"refuses fraud, version 7: Servable not found .* Specific\(fraud, 7\)"),
    ],
)
def test_an_unknown_model_is_one_sentence_with_the_servers_words(served, name, version, said):
    serving, protocol = served
    with pytest.raises(InputError, match=said):
        Client(serving.address, protocol).predict(name, ROWS, version)
    assert len(serving.asked) == 1


def test_wrong_inputs_are_refused_in_the_servers_words_and_not_sent_again(served):
    serving, protocol = served
    with pytest.raises(InputError, match=r"refuses fraud: Matrix size-incompatible: features"):
        Client(serving.address, protocol).predict("fraud", {"features": np.ones((2, 4), "f4")})
    serving.faults.extend([bad_request("no")])
    with pytest.raises(InputError, match=r"refuses fraud: no \("):
        Client(serving.address, protocol).signature("fraud")
    assert predictions(serving) == 1
    assert len(serving.asked) == 3


def test_a_busy_server_is_asked_again(served, compute):
    serving, protocol = served
    client = Client(serving.address, protocol)
    client.signature("fraud")
    serving.faults.extend([BUSY, FULL if protocol == "rest" else BUSY])
    given = client.predict("fraud", ROWS)["fraud_probability"]
    np.testing.assert_array_equal(given, compute("fraud", **ROWS)["fraud_probability"])
    assert predictions(serving) == 3


def test_the_tries_have_an_end(served):
    serving, protocol = served
    serving.faults.extend([BUSY] * 9)
    said = r"cannot be reached \(.*too many requests at once; 2 tries\)"
    with pytest.raises(InputError, match=said):
        Client(serving.address, protocol, retries=1).signature("fraud")
    assert len(serving.asked) == 2


@pytest.mark.parametrize(("protocol", "port"), [("rest", 8501), ("grpc", 8500)])
def test_no_server_is_one_sentence(protocol, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = rf"^{address} cannot be reached \(.*refused.*; 2 tries\): .*usually {port}\.$"
        with pytest.raises(InputError, match=said):
            Client(address, protocol, retries=1).predict("fraud", ROWS)


def test_silence_has_an_end_and_is_not_asked_again(served):
    serving, protocol = served
    client = Client(serving.address, protocol, timeout=0.4)
    client.signature("fraud")
    serving.faults.extend([servers.SILENCE])
    began = time.monotonic()
    with pytest.raises(InputError, match=r"gave no answer within 0\.4 s"):
        client.predict("fraud", ROWS)
    assert time.monotonic() - began < 3
    assert predictions(serving) == 1


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_a_client_waits_for_a_server_that_starts_late(protocol, models):
    start = {"rest": servers.start_rest, "grpc": servers.start_grpc}[protocol]
    serving, stop = start(models)
    stop()
    port = int(serving.address.rpartition(":")[2])
    later = {}
    starter = threading.Timer(0.5, lambda: later.update(started=start(models, port)))
    starter.start()
    Client(serving.address, protocol).wait_until_ready(["fraud", "words"], 20)
    starter.join()
    later["started"][1]()


def test_a_model_that_never_comes_is_named(served):
    serving, protocol = served
    client = Client(serving.address, protocol)
    with pytest.raises(InputError, match=r"^nothing is not ready after 0.3 s: .*Latest\(nothing\)"):
        client.wait_until_ready(["fraud", "nothing"], 0.3)


def test_a_model_is_ready_only_when_a_version_is_available(served, monkeypatch):
    serving, protocol = served
    monkeypatch.setattr(Models, "versions", lambda *_: [])
    with pytest.raises(InputError, match=r"fraud is not ready .* says no version\.$"):
        Client(serving.address, protocol).wait_until_ready(["fraud"], 0)


def test_what_is_not_tf_serving_is_said_to_be_none():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        def log_message(self, *_):
            """Not on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        client = Client(f"127.0.0.1:{server.server_port}")
        with pytest.raises(InputError, match=r"does not answer as TF Serving .*<html>Welcome"):
            client.signature("fraud")
        server.shutdown()


def test_the_other_protocols_port_is_one_sentence(rest, grpc):
    for serving, protocol in ((grpc, "rest"), (rest, "grpc")):
        with pytest.raises(InputError, match=r"cannot be reached \(.*HTTP.*its port for this"):
            Client(serving.address, protocol, retries=0).signature("fraud")


@pytest.mark.parametrize(
    "address", ["http://localhost:8501", "localhost", "a b:1", "h:0", "h:99999"]
)
def test_an_address_is_host_and_port(address):
    with pytest.raises(InputError, match="is not HOST:PORT, such as localhost:8501"):
        Client(address)
