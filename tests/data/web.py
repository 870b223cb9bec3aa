"""A real web server on loopback for the tests of downloads."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serve(content: bytes, *, status: int = 200, cut_after: int | None = None):
    """Serve ``content`` under any path; ``cut_after`` breaks the transfer off.

    Yields:
        The address and the list of request methods seen, which grows.
    """
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            requests.append(self.command)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()

        def do_GET(self):
            self.do_HEAD()
            self.wfile.write(content[:cut_after])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/creditcard.csv", requests
    finally:
        server.shutdown()
        server.server_close()
