"""The hosts that experiments fetch from, on loopback: one proxy answers for all, over TLS too."""

import ssl
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import trustme
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

PROXIES = "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"
NOWHERE = dict.fromkeys(PROXIES, "http://127.0.0.1:9") | {"no_proxy": "", "NO_PROXY": ""}
"""The environment of a process that reaches no host."""


class Files:
    """Files by path; ``refused`` is the beginning of user agents that get 403, as Zenodo does."""

    def __init__(self, files: dict[str, bytes], refused: str = "never"):
        self.files, self.refused = files, refused

    def __call__(self, request: Request) -> Response:
        if request.headers.get("User-Agent", "").startswith(self.refused):
            return Response(status=403)
        if request.path not in self.files:
            return Response(status=404)
        content = self.files[request.path]
        answer = Response(content)
        return answer.make_conditional(request, accept_ranges=True, complete_length=len(content))


def cut(answer: Response, body: bytes, hosts: "Hosts") -> Response:
    return shortened(answer, len(body), [body[: hosts.random.integers(len(body))]])


def stalled(answer: Response, body: bytes, hosts: "Hosts") -> Response:
    def pieces():
        yield body[: len(body) // 2]
        hosts.over.wait(60)

    return shortened(answer, len(body), pieces())


def web_page(answer: Response, body: bytes, hosts: "Hosts") -> Response:
    return Response("<!doctype html><title>Sign in</title>", mimetype="text/html")


def wrong_byte(answer: Response, body: bytes, hosts: "Hosts") -> Response:
    place = len(body) // 2
    answer.set_data(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    return answer


def refusing(status: int) -> Callable:
    return lambda answer, body, hosts: Response(status=status)


def shortened(answer: Response, size: int, pieces) -> Response:
    headers = dict(answer.headers) | {"Content-Length": str(size)}
    return Response(pieces, answer.status, headers)


FAULTS = {
    "cut at a random byte": cut,
    "503": refusing(503),
    "403": refusing(403),
    "404": refusing(404),
    "a web page": web_page,
    "a wrong checksum": wrong_byte,
    "stalled": stalled,
}


class Hosts:
    """What answers by the host's name, and the fault, of FAULTS, that befalls some paths."""

    def __init__(self, answers: dict[str, Callable[[Request], Response]]):
        self.answers, self.fault, self.befalls = answers, "", ""
        self.random, self.over = np.random.default_rng(0), threading.Event()
        self.asked: list[tuple[str, str]] = []

    @contextmanager
    def suffering(self, fault: str, befalls: str = ""):
        """Let a fault befall all paths that hold ``befalls``."""
        self.fault, self.befalls = fault, befalls
        yield
        self.fault = ""

    def __call__(self, request: Request) -> Response:
        self.asked.append((request.host, request.path))
        if request.host not in self.answers:
            return Response(status=404)
        answer = self.answers[request.host](request)
        body = b"" if request.method == "HEAD" else answer.get_data()
        befallen = self.fault and self.befalls in request.path
        if befallen and (body or self.fault.isdigit()):
            return FAULTS[self.fault](answer, body, self)
        return answer


@contextmanager
def reached(hosts: Hosts, folder: Path):
    """Serve hosts; yields the environment of a process that reaches them alone.

    They show certificates of an authority that is made anew and kept in ``folder``.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts.answers).configure_cert(context)

    class Handler(WSGIRequestHandler):
        def do_CONNECT(self):  # noqa: N802 - as http.server has it
            self.send_response_only(200)
            self.end_headers()
            self.wfile.flush()
            self.request = context.wrap_socket(self.request, server_side=True)
            self.setup()
            self.close_connection = False

        def finish(self):
            super().finish()
            self.request.close()

        def log(self, *_):
            pass

    app = Request.application(hosts)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    proxies = dict.fromkeys(PROXIES, f"http://127.0.0.1:{server.port}")
    trusted = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(folder / "authority.pem"))
    try:
        yield NOWHERE | proxies | trusted
    finally:
        hosts.over.set()
        server.shutdown()
