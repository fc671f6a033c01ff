"""GET /api/v1/jobs?limit=50 of 100,000 jobs: the gateway's one thread against FastAPI + sqlite3 with two workers on the same
file, and beside a static answer of the gateway's. wrk asks all of them, turn by turn."""
import os
import re
import shutil
import subprocess
import sys
import urllib.request

from figures import ROOT, at_least, at_most, fill, folder, gateway, median
from support.gateway import free_port, until

JOBS, ROUNDS, SECONDS, CONNECTIONS = 100_000, 5, 3, 16
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def wrk(url):
    """(requests/s, p99 in ms)"""
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", url], check=True,
                          capture_output=True, text=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"{url}:\n{done.stdout}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    return rate, float(value) * UNITS[unit]


class Rival:
    """uvicorn with two workers on a copy of the database."""

    def __init__(self, place, database):
        copy = place / "rival.db"
        shutil.copy(database, copy)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/v1/jobs?limit=50"
        words = ["/usr/bin/python3", "-m", "uvicorn", "rival:app", "--workers", "2", "--port", str(self.port),
                 "--no-access-log", "--log-level", "warning"]
        self.process = subprocess.Popen(words, cwd=ROOT / "tests" / "bench", env={**os.environ, "RIVAL_DB": str(copy),
                                                                                  "PYTHONDONTWRITEBYTECODE": "1"})
        until(self.answers, "the rival answers")

    def answers(self):
        try:
            return fetch(self.url)
        except OSError:
            return None

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def measure(urls):
    """{name: (median rate, median p99)}"""
    seen = {name: [] for name in urls}
    for _ in range(ROUNDS):
        for name, url in urls.items():
            seen[name].append(wrk(url))
    return {name: (median([rate for rate, _ in runs]), median([p99 for _, p99 in runs])) for name, runs in seen.items()}


def nearest_static(gw, size):
    """The answer kept in memory whose size is nearest: the page's own files, the OpenAPI document."""
    page = fetch(gw.url + "/").decode()
    paths = ["/api/v1/openapi.json", *sorted(set(re.findall(r'(?:src|href)="(/[^"]+)"', page)))]
    return min(paths, key=lambda path: abs(len(fetch(gw.url + path)) - size))


def main():
    with folder() as place:
        filled = fill(place / "filled", JOBS)
        rival = Rival(place, filled / "sluice.db")
        try:
            with gateway(place / "gw", state_dir=filled) as gw:
                compare(gw, rival)
        finally:
            rival.stop()


def compare(gw, rival):
    ours = gw.url + "/api/v1/jobs?limit=50"
    size = len(fetch(ours))
    static = nearest_static(gw, size)
    sizes = {"gateway": size, "rival": len(fetch(rival.url)), "static": len(fetch(gw.url + static))}
    seen = measure({"gateway": ours, "rival": rival.url, "static": gw.url + static})
    for name, (rate, p99) in seen.items():
        print(f"{name} ({sizes[name]} bytes): {rate:.0f} requests/s, p99 {p99:.2f} ms")
    at_least("list of 50 of 100,000 jobs: requests, ours / FastAPI's", seen["gateway"][0] / seen["rival"][0], 15, "x")
    at_most("list of 50 of 100,000 jobs: p99, ours / FastAPI's", seen["gateway"][1] / seen["rival"][1], 0.1, "x")
    print(f"the list comes at {seen['gateway'][0] / seen['static'][0]:.2f} x the rate of {static}")


if __name__ == "__main__":
    main()
