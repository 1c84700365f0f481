"""A server that has the built site under a sub-path, as GitHub Pages does; what is said where a browser is missing."""

import contextlib
import functools
import http.server
import os
import threading

import pytest

PREFIX = "/repo-name/"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of connections that the browser closed."""


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def translate_path(self, path):
        """Serve what is below PREFIX, and nothing else."""
        inside = path.startswith(PREFIX)
        return super().translate_path(path[len(PREFIX) - 1 :] if inside else "/there/is/no/such/page")

    def log_message(self, *arguments):
        """Keep the tests' output to itself."""


@contextlib.contextmanager
def served(folder, handler=Handler):
    """Serve a folder; gives its address."""
    with Server(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()


def missing(what):
    """Skip on a reader's machine, fail where all tests must run (CI is set by .ci/run and by GitHub)."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"These tests drive a real browser, but {what}.")
