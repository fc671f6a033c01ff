"""scripts/client/sluice_client.py by itself: files, and servers that behave badly."""
import http.server
import json
import math
import os
import subprocess
import sys
import threading

import pytest

from support.gateway import ROOT, free_port

RUN = r'''
import sluice_client as sluice
class Scalar:
    def item(self): return 2.5
for step in range(50):
    sluice.log({"loss": float("nan") if step == 1 else step, "t": Scalar(), "name": "x", "in": {"a": -float("inf")}}, step=step)
'''


def run(folder, code=RUN, **env):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLUICE_", "SLURM_"))}
    clean.update(PYTHONPATH=str(ROOT / "scripts" / "client"), PYTHONDONTWRITEBYTECODE="1", **env)
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=clean, capture_output=True, text=True,
                          timeout=120, check=False)


def lines(folder):
    files = list(folder.glob("metrics*.jsonl"))
    assert len(files) == 1, files
    return files[0].name, [json.loads(line) for line in files[0].read_text().splitlines()]


def check_points(points):
    assert [point["step"] for point in points] == list(range(50))
    assert math.isnan(points[1]["loss"]) and points[2]["loss"] == 2
    assert all(point["t"] == 2.5 and point["in/a"] == -math.inf and "name" not in point for point in points)


def test_outside_of_a_run_points_go_to_a_file(folder):
    done = run(folder)
    assert done.returncode == 0 and done.stderr == ""
    name, points = lines(folder)
    assert name == "metrics.jsonl"
    check_points(points)


def test_a_rank_that_is_not_the_first_writes_nothing(folder):
    run(folder, RANK="3")
    assert not list(folder.iterdir())


def test_tasks_of_an_array_have_curves_of_their_own(folder):
    run(folder, "import sluice_client as sluice; sluice.log({'loss': 1, 'step': 5})", SLURM_ARRAY_TASK_ID="7")
    (point,) = lines(folder)[1]
    assert point.pop("time") and point == {"task7/loss": 1, "step": 5}


def test_a_folder_that_cannot_be_written_ends_no_run(folder):
    done = run(folder, SLUICE_RUN_DIR=str(folder / "nowhere"))
    assert done.returncode == 0 and done.stderr == ""


def test_a_gateway_that_is_down_costs_nothing(folder):
    done = run(folder, SLUICE_METRICS_URL=f"http://127.0.0.1:{free_port()}/x", SLUICE_METRICS_TOKEN="slm_1",
               http_proxy="http://127.0.0.1:9/")
    assert done.returncode == 0 and done.stderr == ""
    check_points(lines(folder)[1])


class Server(http.server.ThreadingHTTPServer):
    """Answers what it is told, in turn, then 204; keeps what came."""

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.bodies, self.tokens = [], set()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/api/v1/jobs/x/metrics"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.tokens.add(self.headers["Authorization"])
            answer = self.server.answers.pop(0) if self.server.answers else 204
        if answer == "lost":
            self.close_connection = True
            return
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("answers", [[], [503, 503], ["lost"], ["lost", 500, "lost"]], ids=str)
def test_points_are_posted_in_order_until_they_are_taken(folder, answers):
    server = Server(answers)
    done = run(folder, RUN + "assert sluice.flush(60)\n", SLUICE_METRICS_URL=server.url, SLUICE_METRICS_TOKEN="slm_1")
    assert done.returncode == 0 and done.stderr == ""
    assert server.tokens == {"Bearer slm_1"}
    taken, stream = {}, set()
    for body in server.bodies:
        assert body["first"] <= len(taken)  # never a gap
        stream.add(body["stream"])
        for number, point in enumerate(body["points"], body["first"]):
            assert taken.setdefault(number, point) == point
    assert [taken[number]["step"] for number in range(len(taken))] == list(range(50))
    assert taken[1]["loss"] == "NaN" and taken[1]["in/a"] == "-Infinity" and len(stream) == 1
    name, points = lines(folder)
    assert name == f"metrics.{stream.pop()}.jsonl"
    check_points(points)
    server.shutdown()


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413])
def test_a_refusal_is_final_and_the_file_has_everything(folder, status):
    server = Server([status] * 100)
    done = run(folder, RUN + "assert not sluice.flush(60)\n", SLUICE_METRICS_URL=server.url,
               SLUICE_METRICS_TOKEN="slm_1")
    assert done.returncode == 0 and done.stderr == "" and len(server.bodies) == 1
    check_points(lines(folder)[1])
    server.shutdown()
