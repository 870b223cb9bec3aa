"""Real web servers on loopback."""

import threading
from contextlib import contextmanager

from werkzeug import Request, Response
from werkzeug.serving import make_server


@contextmanager
def answering(app):
    """Serve what a function of the request answers; yields the address."""
    server = make_server("127.0.0.1", 0, Request.application(app), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()


@contextmanager
def serve(content: bytes, *, status: int = 200, cut_after: int | None = None):
    """Serve ``content`` under any path; ``cut_after`` breaks the transfer off.

    Yields:
        The address and the list of request methods seen, which grows.
    """
    requests = []

    def app(request):
        requests.append(request.method)
        return Response([content[:cut_after]], status, {"Content-Length": str(len(content))})

    with answering(app) as url:
        yield f"{url}/creditcard.csv", requests
