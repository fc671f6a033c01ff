"""Live data on a real Slurm: logs byte for byte, links, numbers and verdicts, whatever happens to the gateway meanwhile."""
import base64
import http.client
import random
import sqlite3
import textwrap
import time

import pytest

from support.gateway import until

POLL = {"active": 2, "pending": 2, "log": 1}


@pytest.fixture
def alder(gateway, bed, project):
    """A gateway with the bed alone; alder.run(python, ...) submits a project whose train.py is that text."""

    def make(config=None):
        gw = gateway(clusters=[bed.cluster(poll=POLL)], config=config)

        def run(text, config=None, **body):
            path = project(config=config, files={"train.py": textwrap.dedent(text)})
            return gw.submit(project=gw.register(path)["name"], cluster="alder", **body)

        gw.run = run
        return gw

    return make


def run_dir(gw, bed, job):
    with sqlite3.connect(f"file:{gw.state_dir}/sluice.db?mode=ro", uri=True) as db:
        token = db.execute("SELECT token FROM job WHERE id = ?", (job["id"],)).fetchone()[0]
    return f"{bed.user()['workspace']}/runs/{token}"


def verdict_of(gw, job):
    return until(lambda: gw.job(job["id"]).get("verdict"), f"a verdict of job {job['id']}", timeout=120)


def test_a_job_that_ends_while_the_gateway_is_away_is_told_of_whole(alder, bed):
    gw = alder()
    job = gw.run("""
        import json, os, time
        print("wandb: https://wandb.ai/me/proj/runs/early", flush=True)
        while not os.path.exists(os.environ["SLUICE_RUN_DIR"] + "/go"):
            time.sleep(0.1)
        print("wandb: View run at https://wandb.ai/me/proj/runs/late; watch https://dash.example/d/7?job=1, too")
        with open(os.environ["SLUICE_RUN_DIR"] + "/metrics.jsonl", "w") as out:
            for step in range(10):
                print(json.dumps({"step": step, "loss": 1 / (step + 1)}), file=out)
        print("step 1\\nstep 2", flush=True)
        raise ValueError("the last word")
        """, config={"links": {"dash": "https://dash.example/*"}})
    until(lambda: [link for link in gw.job(job["id"]).get("links", []) if link["url"].endswith("early")], "the first link")
    number = gw.job(job["id"])["slurm"]["job_id"]
    gw.kill9()
    bed.ssh(f"touch {run_dir(gw, bed, job)}/go")
    until(lambda: str(number) not in bed.slurm("squeue", "-h", "-o", "%i"), "its end", timeout=90)
    gw.start()
    assert gw.wait_final(job["id"])["state"] == "failed"
    verdict = verdict_of(gw, job)
    assert (verdict["code"], verdict["title"]) == ("traceback", "ValueError: the last word")
    done = gw.job(job["id"])
    assert [link["url"].rsplit("/", 1)[1] for link in done["links"]] == ["early", "late", "7?job=1"]
    assert [link["kind"] for link in done["links"]] == ["wandb", "wandb", "dash"]
    log = gw.log(job["id"])
    line = next(n for n, text in enumerate(log.split("\n"), 1) if "runs/late" in text)
    assert done["links"][1]["line"] == line
    assert verdict["evidence"][0]["text"] == log.split("\n")[verdict["evidence"][0]["line"] - 1]
    until(lambda: gw.job(job["id"]).get("metrics", {}).get("loss", {}).get("step") == 9, "its numbers")


ENDS = {
    "import_error": ("import no_such_module_anywhere\n", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
    "file_not_found": ("open('/no/such/data.csv')\n", "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/data.csv'"),
    "disk_full": ("out = open('/dev/full', 'w')\nout.write('x')\nout.flush()\n", "A disk or a quota is full"),
    "traceback": ("def f():\n    return {}['lr']\nf()\n", "KeyError: 'lr'"),
    "gpu_oom": ("raise RuntimeError('CUDA out of memory. Tried to allocate 2.00 GiB')\n", "A GPU ran out of memory"),
    "host_oom": ("import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))\nx = bytearray(1 << 30)\n",
                 "It used more host memory than it asked for"),
    "failed": ("raise SystemExit(3)\n", "It ended with an error (exit code 3)"),
}


SLEEPS = "import time\nprint('step 7', flush=True)\ntime.sleep(600)\n"


def test_each_end_has_its_verdict_with_evidence(alder, bed):
    gw = alder()
    jobs = {code: gw.run(text) for code, (text, _) in ENDS.items()}
    jobs["cancelled"] = gw.run(SLEEPS)
    by_hand = gw.run(SLEEPS)
    jobs["time_limit"] = gw.run(SLEEPS)
    number = gw.wait_state(jobs["time_limit"]["id"], "running")["slurm"]["job_id"]
    bed.slurm("scontrol", "update", f"JobId={number}", "EndTime=now+1")  # what is left of the shortest limit, a minute
    gw.wait_state(jobs["cancelled"]["id"], "running")
    assert gw.post(f"/jobs/{jobs['cancelled']['id']}/cancel").status == 202
    bed.slurm("scancel", str(gw.wait_state(by_hand["id"], "running")["slurm"]["job_id"]))
    for code, job in jobs.items():
        verdict = verdict_of(gw, job)
        assert verdict["code"] == code, verdict
        if code in ENDS:
            assert verdict["title"] == ENDS[code][1]
        if code not in ("cancelled", "failed"):
            lines = gw.log(job["id"]).split("\n")
            assert all(lines[it["line"] - 1].strip() == it["text"] for it in verdict["evidence"]), verdict
            assert verdict["evidence"] and verdict["next"]
    over = gw.job(jobs["time_limit"]["id"])
    assert over["state"] == "timeout" and "time limit" in over["why"], over
    assert verdict_of(gw, jobs["cancelled"])["title"].endswith(", by way of the gateway")
    assert verdict_of(gw, by_hand)["code"] == "cancelled"
    assert "gateway" not in verdict_of(gw, by_hand)["title"].replace("outside the gateway", "")


def test_a_node_that_goes_down_is_the_verdict_of_its_job(alder, bed):
    gw = alder()
    node = next(name for name in bed.env["nodes"] if name.endswith("-m1"))
    job = gw.run(SLEEPS, slurm={"partition": "gpu", "extra": {"nodelist": node}})
    number = gw.wait_state(job["id"], "running")["slurm"]["job_id"]
    bed.slurm("scontrol", "update", f"JobId={number}", "Requeue=0")
    try:
        bed.slurm("scontrol", "update", "NodeName=" + node, "State=DOWN", "Reason=drill")
        done = gw.wait_final(job["id"])
    finally:
        bed.slurm("scontrol", "update", "NodeName=" + node, "State=RESUME", check=False)  # it may be back already
    assert done["state"] == "node_fail", done
    verdict = verdict_of(gw, job)
    assert verdict["code"] == "node_fault" and done["node_list"] == node, (verdict, done)


def test_an_arrays_verdict_is_that_of_its_failed_tasks(alder):
    gw = alder()
    job = gw.run("""
        import os
        task = int(os.environ["SLURM_ARRAY_TASK_ID"])
        if task in (1, 3):
            raise RuntimeError("CUDA out of memory")
        if task == 4:
            open("/no/such/file")
        print("No space left on device, it says, and goes on")
        """, slurm={"array": "1-5"})
    gw.wait_final(job["id"], timeout=180)
    verdict = verdict_of(gw, job)
    assert (verdict["code"], verdict["title"]) == ("gpu_oom", "2 of 5 tasks: A GPU ran out of memory")
    assert {cause["code"]: cause["tasks"] for cause in verdict["tasks"]} == {"gpu_oom": [1, 3], "file_not_found": [4]}
    assert {it["task"] for it in verdict["evidence"]} == {1, 4}


WRITER = """
    import os, random, time
    chance = random.Random(11)
    words = ["loss", "\\x1b[32mgreen\\x1b[0m", "Gr\\u00f6\\u00dfe", "\\u65e5\\u672c\\u8a9e", "\\U0001f680", "\\r 50%|#####", "x" * 300]
    for n in range(600):
        text = f"{n} " + " ".join(chance.choice(words) for _ in range(chance.randrange(1, 12))) + "\\n"
        data = text.encode()
        cut = chance.randrange(len(data))
        for part in (data[:cut], data[cut:]):
            os.write(1, part)
            if n % 40 == 0:
                time.sleep(0.02)
        if n % 200 == 150:
            os.write(1, b"-- waits --\\n")
            while not os.path.exists(os.environ["SLUICE_RUN_DIR"] + f"/go{n // 200}"):
                time.sleep(0.05)
    """


def read_along(gw, job_id, chance, data):
    """Follows from where it is, is cut after some bytes at most; True: the log has ended."""
    link = http.client.HTTPConnection("127.0.0.1", gw.port, timeout=1.5)  # the writer may wait for us
    try:
        link.request("GET", f"/api/v1/jobs/{job_id}/log?follow=1&offset={len(data)}")
        reply = link.getresponse()
        if reply.status != 200:
            time.sleep(0.2)
            return False
        left = chance.choice([100, 10000, 10 ** 9, 10 ** 9])
        while left > 0:
            piece = reply.read1(min(left, chance.choice([1, 3, 100, 65536])))
            if not piece:
                return reply.isclosed() or not reply.chunked or reply.chunk_left in (0, None)
            data += piece
            left -= len(piece)
        return False
    except (OSError, http.client.HTTPException):
        time.sleep(0.2)
        return False
    finally:
        link.close()


def test_no_byte_is_lost_or_doubled_on_reconnect(alder, bed):
    """Readers that are cut at any byte, and a gateway that is killed under them."""
    gw = alder()
    job = gw.run(WRITER)
    chance, data, kills = random.Random(5), bytearray(), 0
    end = time.monotonic() + 240
    while not read_along(gw, job["id"], chance, data) or gw.job(job["id"])["state"] != "completed":
        assert time.monotonic() < end, f"{len(data)} bytes so far\n{gw.log_tail()}"
        if data.count(b"-- waits --") > kills:  # it goes on writing while nobody is there
            gw.kill9()
            bed.ssh(f"touch {run_dir(gw, bed, job)}/go{kills}")
            kills += 1
            gw.start()
    assert kills == 3
    truth = base64.b64decode(bed.ssh(f"base64 -w0 {run_dir(gw, bed, job)}/attempt-1.log").stdout)
    assert len(truth) > 50000 and bytes(data) == truth
    for _ in range(15):  # any range, by offset and by line, across characters
        offset, limit = chance.randrange(len(truth)), chance.randrange(1, 5000)
        assert gw.get(f"/jobs/{job['id']}/log?offset={offset}&limit={limit}").body == truth[offset:offset + limit]
    lines = truth.split(b"\n")
    for _ in range(5):
        first, count = chance.randrange(1, 500), chance.randrange(1, 20)
        want = b"".join(line + b"\n" for line in lines[first - 1:first - 1 + count])
        assert gw.get(f"/jobs/{job['id']}/log?line={first}&lines={count}").body == want


def test_what_only_the_cluster_has_is_read_and_searched(alder, bed):
    gw = alder(config={"limits": {"job_log": "1M"}})
    job = gw.run("""
        import random, sys
        chance = random.Random(3)
        for n in range(60000):
            print(n, "needle" if n % 1000 == 0 else "", "%0128x" % chance.getrandbits(512))
        """)
    assert gw.wait_final(job["id"])["state"] == "completed"
    until(lambda: b"59999 " in gw.get(f"/jobs/{job['id']}/log?offset=-200").body, "its last line")
    kept = list((gw.state_dir / "logs").iterdir())
    assert sum(file.stat().st_size for file in kept) < (1 << 20) + (1 << 18), kept
    truth = base64.b64decode(bed.ssh(f"head -c 3000 {run_dir(gw, bed, job)}/attempt-1.log | base64 -w0").stdout)
    assert gw.get(f"/jobs/{job['id']}/log?offset=0&limit=3000").body == truth
    found = gw.json(f"/jobs/{job['id']}/log/search?q=needle")
    assert found["total"] == 60
    first = found["items"][0]
    assert gw.get(f"/jobs/{job['id']}/log?line={first['line']}&lines=1").text.rstrip("\n") == first["text"]


def test_a_log_of_two_gigabytes_is_right_at_its_end_and_searched_whole(alder):
    """Holes of 4 MB with lines between them: what is past the 31st bit costs nothing to write."""
    gw = alder()
    job = gw.run("""
        import os
        os.write(1, b"first words\\n")
        for at in range(1, 560):
            os.ftruncate(1, at << 22)
            os.write(1, b"\\nneedle %d\\n" % at if at in (300, 512, 550) else b"\\n")
        os.write(1, b"last words\\n")
        """)
    assert gw.wait_final(job["id"])["state"] == "completed"
    where = f"/jobs/{job['id']}/log"
    until(lambda: b"last words" in gw.get(f"{where}?offset=-60").body, "its end", timeout=60)
    answer = gw.get(f"{where}?offset={1 << 31}&limit=12")
    assert answer.body == b"\nneedle 512\n"
    assert int(answer.headers["X-Sluice-Offset"]) == 1 << 31 and int(answer.headers["X-Sluice-Size"]) >= (1 << 31) + 12
    assert gw.get(f"{where}?offset={(1 << 30) + 5}&limit=9").body == bytes(9)
    found = gw.json(f"{where}/search?q=needle")
    lines = [(item["line"], item["text"]) for item in found["items"]]
    assert (found["total"], lines) == (3, [(302, "needle 300"), (515, "needle 512"), (554, "needle 550")]), found
    waits = gw.run("print(1)", slurm={"begin": "now+1hour"})
    gw.wait_state(waits["id"], "pending")
    none = gw.get(f"/jobs/{waits['id']}/log")
    assert (none.status, none.body, none.headers["X-Sluice-Begun"]) == (200, b"", "0")
    assert gw.post(f"/jobs/{waits['id']}/cancel").status == 202
    assert gw.get(f"{where}?attempt=2").status == 404
    assert b"first words" in gw.get(f"{where}?offset=0&limit=2000").body
