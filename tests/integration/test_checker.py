"""The checker finds what drills are meant to find: each law broken once, and one run of the payload on the bed."""
import hashlib
import pathlib
import time

import pytest

from support.bed import ROOT
from support.witness import checker

TOKEN = "jx" + "0" * 25 + "1"
SCRIPT = b"#!/bin/bash\ntrue\n"
HASH = hashlib.sha256(SCRIPT).hexdigest()


def job(**more):
    return {"id": 1, "token": TOKEN, "state": "completed", "exit_code": 0, "scheduler": "slurm", "script": SCRIPT,
            "slurm": {"job_id": "7"}, "events": [{"kind": "created", "data": {}},
                                                 {"kind": "state", "data": {"state": "completed"}}], **more}


def row(**more):
    return checker.Row(**{"job_id": "7", "state": "completed", "exit_code": "0:0", "token": TOKEN, "started": True,
                          **more})


def ledger(folder, *lines):
    path = folder / "ledger"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return [str(path)]


def start(attempt=1, token=TOKEN, digest=HASH):
    return f"start {token} {attempt} - 7 {digest} 100"


def end(attempt=1, code=0):
    return f"end {TOKEN} {attempt} - 7 {code} 101"


def test_a_clean_run_has_no_problem(folder):
    assert checker.check([job()], ledger(folder, start(), end()), [row()], accepted=[1]) == []


def test_a_requeued_job_may_run_once_an_attempt(folder):
    rows = [row(state="requeued"), row()]
    assert checker.check([job()], ledger(folder, start(1), start(2), end(2)), rows) == []


@pytest.mark.parametrize("word, change", [
    ("LOST: 9 was accepted", {"accepted": [9]}),
    ("DOUBLED: attempt 1", {"lines": [start(), start(), end()]}),
    ("TRUNCATED", {"lines": [start(digest="f" * 64), end()]}),
    ("LOST: is said to have run", {"lines": []}),
    ("ended with 3", {"lines": [start(), end(code=3)]}),
    ("gateway knows no such job", {"lines": [start(), end(), start(token="jx" + "z" * 26)]}),
    ("torn line", {"lines": [start(), "end jx00", end()]}),
    ("has not ended", {"job": {"state": "running"}}),
    ("WRONG END: sacct says failed", {"rows": [row(state="failed", exit_code="1:0")]}),
    ("DOUBLED: Slurm ran it as ['7', '8']", {"rows": [row(), row(job_id="8")]}),
    ("is not in sacct", {"rows": []}),
    ("was refused, yet ran", {"job": {"state": "submit_failed"}}),
    ("2 events of its end", {"job": {"events": job()["events"] + [job()["events"][1]]}}),
    ("0 'created' events", {"job": {"events": []}}),
])
def test_it_finds(folder, word, change):
    found = checker.check([job(**change.get("job", {}))], ledger(folder, *change.get("lines", [start(), end()])),
                          change.get("rows", [row()]), change.get("accepted", ()))
    assert any(word in problem for problem in found), found


def test_a_duplicate_that_the_claim_ended_is_no_double(folder):
    rows = [row(), row(job_id="8", state="failed", exit_code="120:0")]
    assert checker.check([job()], ledger(folder, start(), end()), rows) == []


def test_the_payload_on_the_bed_names_the_script_that_really_ran(bed):
    token = "jx" + f"{time.time_ns():026d}"
    home = bed.user()["home"]
    run_dir = f"{home}/mlops-jobs/runs/{token}"
    payload = (ROOT / "tests" / "cluster" / "payload.sh").read_text(encoding="utf-8")
    script = f"#!/bin/bash\nexport SLUICE_JOB_TOKEN={token} SLUICE_ATTEMPT=1\n( sh {home}/p.sh {home}/ledger-{token} 1 4 )\n"
    assert bed.ssh(f"mkdir -p {run_dir}; cat > {home}/p.sh", stdin=payload).returncode == 0
    done = bed.ssh(f"cat > {run_dir}/script.sh; cd {run_dir}; sbatch --parsable -p cpu script.sh", stdin=script)
    assert done.returncode == 0, done.stderr
    path = pathlib.Path(f"{home}/ledger-{token}")
    for _ in range(100):
        starts, ends, torn = checker.read_ledgers([str(path)])
        if ends:
            break
        time.sleep(0.1)
    assert not torn and len(starts) == 1 and starts[0].hash == hashlib.sha256(script.encode()).hexdigest()
    assert ends[0].code == 4 and ends[0].job == done.stdout.strip()
    for _ in range(50):
        rows = [each for each in checker.read_sacct(bed.env["slurm_conf"]) if each.token == token]
        if rows and rows[0].state == "failed":
            break
        time.sleep(0.1)
    assert [(each.state, each.exit_code) for each in rows] == [("failed", "4:0")]
