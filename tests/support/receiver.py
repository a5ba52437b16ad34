"""A server on loopback that takes webhooks, for tests."""

import http.server
import threading
from contextlib import contextmanager


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers as it was told, and remembers what came."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        status, headers = self.server.plan.pop(0) if self.server.plan else (204, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def listening(*plan):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.came, server.plan = [], list(plan)
    server.url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
