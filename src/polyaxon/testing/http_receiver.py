"""A web server for tests that keeps what it is told, and refuses what it is asked to refuse."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

__all__ = ["HttpReceiver"]


class HttpReceiver(HTTPServer):
    """Serves in a thread of its own while the `with` block lasts.

    `refusals` of the next posts get 503, and every one to `/broken` gets 500; `taken` are the documents of the others,
    `asked` the paths of all that is fetched.
    """

    def __init__(self, refusals: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals = refusals
        self.taken: list[Any] = []
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, name="receiver")

    def url(self, path: str = "/hook") -> str:
        """Return an address of it."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def __enter__(self) -> HttpReceiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HttpReceiver

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._answer(204)

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/broken":
            self._answer(500)
        elif self.server.refusals > 0:
            self.server.refusals -= 1
            self._answer(503)
        else:
            self.server.taken.append(document)
            self._answer(204)

    def _answer(self, code: int) -> None:
        self.send_response(code)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        del args
