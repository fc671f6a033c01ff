"""The other side of a webhook."""
import http.server
import threading
import time


class Receiver:
    """A webhook's other side on a free port; verifies each message with Python's hmac."""

    def __init__(self, port=0):
        self.messages = []
        self.status = 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append({"path": self.path, "headers": dict(self.headers), "body": body})
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, count, timeout=60):
        end = time.monotonic() + timeout
        while len(self.messages) < count:
            assert time.monotonic() < end, f"{len(self.messages)} of {count} messages"
            time.sleep(0.05)
        return self.messages


def put_secret(state_dir, name, value, mode=0o600):
    folder = state_dir / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state_dir.chmod(0o700)
    (folder / name).write_bytes(value)
    (folder / name).chmod(mode)
