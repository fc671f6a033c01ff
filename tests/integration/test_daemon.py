"""The daemon's own life: two of them on one state directory, reload, restarts, local jobs that outlive it."""
import json
import subprocess

import pytest

from support.gateway import binary, clean_environment, until
from support.witness import assert_exactly_once, checker


@pytest.fixture
def local(folder):
    return {"name": "local", "type": "local", "workspace": str(folder / "work")}


def test_a_second_daemon_on_the_same_state_is_refused_in_words(gateway, local):
    gw = gateway(clusters=[local])
    done = subprocess.run([binary(), "serve", "--state-dir", str(gw.state_dir), "--listen", "127.0.0.1:0"],
                          capture_output=True, text=True, timeout=20, env=clean_environment(), check=False)
    assert done.returncode != 0 and str(gw.state_dir) in done.stderr
    assert gw.get("/healthz").status == 200


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(gateway, local, project):
    gw = gateway(clusters=[local])
    name = gw.register(project())["name"]
    gw.write_clusters([local, {"name": "second", "type": "local", "workspace": local["workspace"] + "2"}])
    gw.reload()
    until(lambda: gw.get("/clusters/second").status == 200, "the second cluster")
    gw.write_clusters("clusters:\n  - name: local\n    typ: local\n  - nonsense\n")
    gw.reload()
    ready = until(lambda: (lambda answer: answer if "typ" in answer.text else None)(gw.get("/readyz")), "/readyz says so")
    assert "clusters" in ready.text
    assert gw.get("/clusters/second").status == 200  # the old one stays in force
    assert gw.wait_final(gw.submit(project=name, cluster="second")["id"])["state"] == "completed"
    gw.write_clusters([local])
    gw.reload()
    until(lambda: gw.get("/readyz").status == 200 and gw.get("/clusters/second").status == 404, "mended")


def test_a_reload_reads_the_daemons_own_file_too(gateway, local):
    gw = gateway(clusters=[local], config={"log": {"level": "warn"}})
    assert "serves http://" not in gw.log_text()  # a line of level info
    gw.write_config({"log": {"level": "info", "format": "json"}, "limits": {"body": "1K", "page_rows": 3},
                     "base_path": "/moved"})
    gw.reload()
    said = until(lambda: [line for line in gw.log_text().splitlines() if "read again" in line], "it says so")
    assert json.loads(said[0])["level"] == "info", said
    configuration = next(one for one in gw.json("/readyz")["checks"] if one["name"] == "configuration")
    assert configuration["ok"] and "base_path" in configuration["detail"]  # at the next start
    assert gw.post("/projects", {"path": "/" + "x" * 1100}).status == 413
    gw.write_config({"log": {"levle": "info"}})
    gw.reload()
    ready = until(lambda: (lambda answer: answer if "levle" in answer.text else None)(gw.get("/readyz")), "refused")
    assert "did you mean level?" in ready.text
    assert gw.post("/projects", {"path": "/" + "x" * 1100}).status == 413  # the old one stays in force


def test_without_stdin_stdout_and_stderr_it_works_the_same(gateway, local, project):
    gw = gateway(clusters=[local], prefix=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
    name = gw.register(project())["name"]
    assert gw.wait_final(gw.submit(project=name)["id"])["state"] == "completed"
    assert gw.stop() == 0


def test_running_local_jobs_outlive_a_kill_and_end_with_their_true_code(gateway, local, make_local_ledger):
    path, ledger = make_local_ledger(seconds=2, code=9)
    gw = gateway(clusters=[local])
    name = gw.register(path)["name"]
    jobs = [gw.submit(project=name, cluster="local")["id"] for _ in range(3)]
    until(lambda: len(checker.read_ledgers([ledger])[0]) == 3, "all run")
    gw.kill9()
    gw.restart()
    assert [(gw.wait_final(job)["state"], gw.job(job)["exit_code"]) for job in jobs] == [("failed", 9)] * 3
    gw.kill9()
    gw.restart()
    assert {gw.job(job)["state"] for job in jobs} == {"failed"}
    assert_exactly_once(gw, [ledger], accepted=jobs)


def test_an_idempotency_key_holds_across_restarts(gateway, local, make_local_ledger):
    path, ledger = make_local_ledger()
    gw = gateway(clusters=[local])
    body = {"project": gw.register(path)["name"], "cluster": "local"}
    first = gw.post("/jobs", body, key="ci-1")
    gw.restart()
    again = gw.post("/jobs", body, key="ci-1")
    assert (first.status, again.status) == (202, 202) and first.json["id"] == again.json["id"]
    assert gw.post("/jobs", {**body, "name": "other"}, key="ci-1").status == 422
    gw.wait_final(first.json["id"])
    gw.restart()
    assert gw.post("/jobs", body, key="ci-1").json["id"] == first.json["id"]
    assert len(checker.read_ledgers([ledger])[0]) == 1


def test_events_are_neither_lost_nor_repeated_over_restarts(gateway, local, project):
    gw = gateway(clusters=[local])
    name = gw.register(project())["name"]
    seen = []
    for _ in range(3):
        job = gw.submit(project=name, cluster="local")
        gw.wait_final(job["id"])
        gw.restart()
        since = seen[-1]["id"] if seen else 0
        seen += gw.json(f"/events?after={since}")["items"]
    assert [event["id"] for event in seen] == list(range(seen[0]["id"], seen[0]["id"] + len(seen)))
    assert [event["kind"] for event in seen].count("created") == 3


@pytest.mark.threads
def test_slots_are_given_in_order_and_by_priority(gateway, folder, make_local_ledger):
    wait = f"while [ ! -e {folder}/go ]; do sleep 0.05; done; exec sh payload.sh {folder}/ledger 0 0"
    path, _ = make_local_ledger(config={"command": ["sh", "-c", wait]})
    one = {"name": "local", "type": "local", "workspace": str(folder / "work"), "local": {"cpu_slots": 1}}
    gw = gateway(clusters=[one])
    name = gw.register(path)["name"]
    jobs = [gw.submit(project=name, cluster="local", priority=0)["id"]]
    gw.wait_state(jobs[0], "running")  # it has the slot: the others wait for it
    jobs += [gw.submit(project=name, cluster="local", priority=priority)["id"] for priority in (0, 5)]
    for job in jobs[1:]:
        gw.wait_state(job, "pending")  # both are in the queue before the slot comes free
    (folder / "go").touch()
    for job in jobs:
        gw.wait_final(job)
    order = [start.token for start in checker.read_ledgers([folder / "ledger"])[0]]
    tokens = [gw.job(job)["token"] for job in jobs]
    assert order == [tokens[0], tokens[2], tokens[1]]


def test_a_long_poll_answers_when_the_job_ends(gateway, local, project):
    gw = gateway(clusters=[local])
    job = gw.submit(project=gw.register(project())["name"], cluster="local", args=["sleep=1"])
    answer = gw.get(f"/jobs/{job['id']}?wait=terminal&timeout=30s")
    assert answer.json["state"] == "completed"


def test_a_store_of_a_newer_version_is_refused_in_words(gateway, local):
    import sqlite3
    gw = gateway(clusters=[local])
    gw.stop()
    with sqlite3.connect(gw.state_dir / "sluice.db") as base:
        base.execute("PRAGMA user_version = 9999")
    base.close()
    gw.start(wait=False)
    assert gw.process.wait(20) != 0
    assert "newer" in gw.log_text() and "9999" in gw.log_text()
