"""The HTTP edge against the real gateway: crowds of slow and of idle clients, and raw bytes that must reach nothing."""
import concurrent.futures
import re
import resource
import selectors
import socket
import threading
import time

import pytest

from support.gateway import until

SLOW, IDLE, ASKED = 500, 2000, 300


@pytest.fixture
def local(gateway, folder):
    return gateway(clusters=[{"name": "local", "type": "local", "workspace": str(folder / "work")}],
                   config={"limits": {"connections": IDLE}})


@pytest.fixture
def many_files():
    """This process and the gateway it starts may hold so many descriptors open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * (SLOW + IDLE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.fail(f"RLIMIT_NOFILE allows {hard} descriptors only; this drill wants {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(gw):
    made = socket.create_connection(("127.0.0.1", gw.port), timeout=60)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def head(gw, line, *more):
    return "\r\n".join([line, f"Host: 127.0.0.1:{gw.port}", *more]).encode() + b"\r\n"


def idle_client(gw):
    """Asks once, then says nothing more."""
    made = connect(gw)
    made.sendall(head(gw, "GET /healthz HTTP/1.1") + b"\r\n")
    assert made.recv(4096).startswith(b"HTTP/1.1 200")
    return made


class SlowCrowd(threading.Thread):
    """Headers and bodies that never end, a byte a second each, until the server ends them all."""

    def __init__(self, gw, count):
        super().__init__()
        self.left = set()
        begin = [head(gw, "GET /api/v1/jobs HTTP/1.1") + b"X-Slow: ",
                 head(gw, "POST /api/v1/jobs HTTP/1.1", "Content-Type: application/json", "Content-Length: 60000") + b'\r\n{"'
                 ]
        for number in range(count):
            made = connect(gw)
            made.sendall(begin[number % 2])
            made.setblocking(False)
            self.left.add(made)
        self.given_up = threading.Event()

    def run(self):
        while self.left and not self.given_up.wait(1):
            selector = selectors.DefaultSelector()
            for one in self.left:
                selector.register(one, selectors.EVENT_READ)
            for key, _ in selector.select(0):
                self._take(key.fileobj)
            for one in list(self.left):
                try:
                    one.send(b"a")
                except OSError:
                    self._drop(one)
            selector.close()

    def _take(self, one):
        try:
            if not one.recv(65536):
                self._drop(one)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(one)

    def _drop(self, one):
        self.left.discard(one)
        one.close()


def test_500_slow_and_2000_idle_clients_keep_nobody_out(local, many_files, project):
    name = local.register(project())["name"]
    """More than limits.connections: those that wait longest make room."""
    idle = [idle_client(local) for _ in range(IDLE)]
    slow = SlowCrowd(local, SLOW)
    slow.start()
    try:
        took = []

        def ask(_):
            began = time.monotonic()
            answer = local.get("/jobs?limit=50")
            took.append(time.monotonic() - began)
            return answer.status

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(ask, range(ASKED)))
        assert statuses == [200] * ASKED
        took.sort()
        print(f"beside {SLOW} slow and {IDLE} idle clients: p50 {took[ASKED // 2] * 1000:.1f} ms, "
              f"p99 {took[ASKED * 99 // 100] * 1000:.1f} ms")
        job = local.submit(project=name, cluster="local")
        assert local.wait_final(job["id"])["state"] == "completed"
        until(lambda: not slow.left, "the deadlines for header and body end the slow ones", timeout=120)
        assert local.get("/healthz").status == 200
    finally:
        slow.given_up.set()
        slow.join()
        for one in idle:
            one.close()


def say(gw, raw):
    """These bytes on a connection of their own; all that came back until the server closed it."""
    with connect(gw) as made:
        made.settimeout(30)
        made.sendall(raw)
        made.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            try:
                piece = made.recv(65536)
            except ConnectionResetError:
                return got
            if not piece:
                return got
            got += piece


def post_with(gw, *headers, body=b"{}"):
    return head(gw, "POST /api/v1/jobs HTTP/1.1", "Content-Type: application/json", *headers) + b"\r\n" + body


def smuggled(gw):
    """A second request that would be answered by 200."""
    return head(gw, "GET /healthz HTTP/1.1") + b"\r\n"


BYTES = {
    "te-and-cl": lambda gw: post_with(gw, "Transfer-Encoding: chunked", "Content-Length: 4",
                                      body=b"0\r\n\r\n" + smuggled(gw)),
    "cl-twice": lambda gw: post_with(gw, "Content-Length: 2", f"Content-Length: {2 + len(smuggled(gw))}",
                                     body=b"{}" + smuggled(gw)),
    "cl-twice-the-same": lambda gw: post_with(gw, "Content-Length: 2", "Content-Length: 2"),
    "te-twice": lambda gw: post_with(gw, "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"0\r\n\r\n"),
    "no-host": lambda gw: b"GET /api/v1/jobs HTTP/1.1\r\n\r\n",
    "host-twice": lambda gw: head(gw, "GET /api/v1/jobs HTTP/1.1", "Host: example.org") + b"\r\n",
    "foreign-host": lambda gw: b"GET /api/v1/jobs HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "obs-fold": lambda gw: head(gw, "GET /api/v1/jobs HTTP/1.1", "X-A: 1", " folded") + b"\r\n",
    "nul-in-header": lambda gw: head(gw, "GET /api/v1/jobs HTTP/1.1", "X-A: a\0b") + b"\r\n",
    "nul-in-target": lambda gw: head(gw, "GET /api/v1/jobs\0 HTTP/1.1") + b"\r\n",
    "nul-escaped": lambda gw: head(gw, "GET /api/v1/jobs%00 HTTP/1.1") + b"\r\n",
}


@pytest.mark.parametrize("raw", BYTES.values(), ids=BYTES.keys())
def test_bytes_that_two_readers_read_two_ways_are_refused_and_the_connection_ends(local, raw):
    got = say(local, raw(local))
    assert set(re.findall(rb"^HTTP/1\.[01] (\d+)", got, re.M)) == {b"400"}, got  # libmicrohttpd says some twice
    assert local.jobs() == []


CLIMBS = ["/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../etc/passwd",
          "/assets/%2e%2e%2f%2e%2e%2fsluice.db", "/assets/..%5c..%5cetc%5cpasswd", "//etc/passwd", "/assets//etc/passwd",
          "/api/v1/jobs/../../../etc/passwd", "/api/v1/projects/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/state/sluice.db",
          "/%252e%252e/etc/passwd"]


@pytest.mark.parametrize("target", CLIMBS)
def test_no_path_climbs_to_a_file(local, target):
    got = say(local, head(local, f"GET {target} HTTP/1.1", "Connection: close") + b"\r\n")
    assert b"root:" not in got and b"SQLite format" not in got
    assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404")) or b"<!doctype html" in got.lower(), got[:300]
