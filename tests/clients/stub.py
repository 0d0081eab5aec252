"""A server for every host there is. It answers as a provider does, and keeps all that it was sent."""

import gzip
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from answers import answer


class Request:
    """One request, as it came."""

    def __init__(self, host, method, path, headers, body):
        self.host, self.method, self.path, self.headers, self.body = host, method, path, headers, body

    def texts(self):
        """Everything in it that could carry a credential: where in the request, and what stands there."""
        yield "host", self.host
        yield "path", self.path
        for name, value in self.headers:
            yield f"header {name.lower()}", value
        yield "body", self.body.decode("utf-8", "replace")

    def __str__(self):
        carriers = [f"{name}: {value}" for name, value in self.headers if name.lower() in CARRIERS]
        return " ".join([self.method, self.host + self.path, *carriers])


CARRIERS = {"authorization", "x-api-key", "api-key", "x-goog-api-key", "chatgpt-account-id", "cookie"}


class Stub:
    """Answers at the usual ports from when it is made."""

    def __init__(self, authority):
        self._requests, self._lock = [], threading.Lock()
        for port, context in ((80, None), (443, authority.context())):
            server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
            server.daemon_threads = True
            # A client that doesn't believe the certificate is no reason to fill the screen.
            server.handle_error = lambda *_: None
            if context:
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def take(self):
        """What has come since the last call."""
        with self._lock:
            taken, self._requests = self._requests, []
        return taken

    def _handler(stub):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _any(self):
                body = _readable(self.headers.get("content-encoding", ""), self._body())
                host = self.headers.get("host", "").split(":")[0]
                request = Request(host, self.command, self.path, self.headers.items(), body)
                with stub._lock:
                    stub._requests.append(request)
                if "upgrade" in self.headers:
                    # No client needs a WebSocket; who asks for one goes on without.
                    status, media_type, content = 426, "text/plain", b""
                else:
                    status, media_type, content = answer(self.path, _as_json(body))
                self.send_response(status)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any

            def _body(self):
                if "chunked" not in self.headers.get("transfer-encoding", ""):
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

        return Handler


def _readable(encoding, body):
    """What can't be read could hide a credential, so an unknown encoding is an error of the harness."""
    match encoding:
        case "" | "identity":
            return body
        case "gzip":
            return gzip.decompress(body)
        case "zstd":
            return subprocess.run(["zstd", "-dcq"], input=body, capture_output=True, check=True).stdout
    raise ValueError(f"a body is encoded as {encoding}, which the stub can't read")


def _as_json(body):
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
