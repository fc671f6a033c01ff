"""Following jobs: one command a tick, stale when a cluster is away, true ends however late, strangers' rows."""
import concurrent.futures
import time

import pytest

from support.gateway import FINAL, until
from support.witness import assert_exactly_once, checker

QUICK = {"t_settle": "12s"}


@pytest.fixture
def far(gateway, bed, folder, proxied):
    """A gateway whose cluster `alder` hangs on far.proxy; `local` beside it."""
    proxy, entry = proxied(ssh={"connect_timeout": 3, "command_timeout": 5, "keepalive": 1})
    gw = gateway(clusters=[entry, {"name": "local", "type": "local", "workspace": str(folder / "work")}], config=QUICK)
    gw.proxy = proxy
    return gw


@pytest.mark.parametrize("how", ["refused", "hanging"])
def test_an_unreachable_cluster_makes_its_jobs_stale_and_holds_up_nobody(far, make_local_ledger, ledger_project, bed, how):
    path, ledger = ledger_project(seconds=15)
    here, other_ledger = make_local_ledger()
    job = far.submit(project=far.register(path)["name"], cluster="alder")
    far.wait_state(job["id"], "running")
    if how == "refused":
        far.proxy.refuse()
    else:
        far.proxy.hold("down")
    stale = until(lambda: (lambda it: it if it["stale"] else None)(far.job(job["id"])), "the job is stale", timeout=60)
    assert stale["state"] not in FINAL and stale["observed_at"]
    assert far.json("/clusters/alder")["state"] == "unreachable" and far.json("/clusters/alder")["error"]
    done = far.wait_final(far.submit(project=far.register(here)["name"], cluster="local")["id"], timeout=20)
    assert done["state"] == "completed"
    assert far.job(job["id"])["state"] not in FINAL
    far.proxy.accept()
    far.proxy.release()
    far.proxy.cut()
    end = far.wait_final(job["id"], timeout=120)
    assert end["state"] == "completed" and not end["stale"]
    kinds = [event["kind"] for event in far.json(f"/jobs/{job['id']}/events")["items"]]
    away = [kind for kind in kinds if kind in ("stale", "fresh")]
    assert away and away == ["stale", "fresh"] * (len(away) // 2)  # more than once where a login takes over 3 s
    assert_exactly_once(far, [ledger, other_ledger], bed, accepted=[job["id"]])


def test_a_submission_to_an_unreachable_cluster_waits_and_runs_once(far, bed, ledger_project):
    path, ledger = ledger_project()
    name = far.register(path)["name"]
    far.proxy.refuse()
    job = far.submit(project=name, cluster="alder")
    seen = until(lambda: (lambda it: it if it.get("why") else None)(far.job(job["id"])), "a reason")
    assert seen["state"] == "submitting"
    far.proxy.accept()
    assert far.wait_final(job["id"], timeout=120)["state"] == "completed"
    assert_exactly_once(far, [ledger], bed, accepted=[job["id"]])


def test_what_an_operator_changes_is_shown_and_no_obstacle(gateway, bed, project):
    gw = gateway(clusters=[bed.cluster()])
    path = project(config={"command": ["sleep", "300"], "resources": {"gpus": 0, "time": "30m"}})
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    assert gw.wait_state(job["id"], "running")["resources"]["time_s"] == 1800
    bed.slurm("scontrol", "update", f"JobId={gw.job(job['id'])['slurm']['job_id']}", "TimeLimit=21", "JobName=another one's")
    until(lambda: gw.job(job["id"])["resources"]["time_s"] == 1260, "the new limit")
    gw.post("/jobs:cancel", {"ids": [job["id"]]})
    assert gw.wait_final(job["id"])["state"] == "cancelled"


COUNTED = """\
#!/bin/sh
echo call >>"$(dirname "$0")/calls"
exec /usr/bin/squeue "$@"
"""


def test_a_tick_is_one_command_whatever_the_number_of_jobs(gateway, bed, project, sbatch_faults):
    faults = sbatch_faults()
    faults.replace("squeue", COUNTED)
    gw = gateway(clusters=[bed.cluster(slurm={"bin_dir": str(faults.folder)})])
    path = project(config={"command": ["sleep", "300"]})
    name = gw.register(path)["name"]
    jobs = [gw.submit(project=name, cluster="alder") for _ in range(6)]
    for job in jobs:
        gw.wait_state(job["id"], "running")
    looked_at = gw.job(jobs[0]["id"])["observed_at"]
    until(lambda: gw.job(jobs[0]["id"])["observed_at"] != looked_at, "a tick has just ended")

    def so_far():
        return gw.commands("alder"), len((faults.folder / "calls").read_text(encoding="utf-8").splitlines())

    before, logins, ticks = so_far(), bed.count()["offset"], {gw.job(jobs[0]["id"])["observed_at"]}

    def eight_more():
        seen = {gw.job(job["id"])["observed_at"] for job in jobs}
        assert len(seen) <= 2  # all are seen by the same command (one may come between two of these requests)
        ticks.update(seen)
        return len(ticks) > 8

    until(eight_more, "eight ticks", timeout=120)
    made = [now - then for now, then in zip(so_far(), before)]
    assert bed.count(logins)["logins"] == 0
    assert all(abs(count - (len(ticks) - 1)) <= 1 for count in made), (made, ticks)  # one is under way at either end
    gw.post("/jobs:cancel", {"ids": [job["id"] for job in jobs]})
    for job in jobs:
        assert gw.wait_final(job["id"])["state"] == "cancelled"


def test_64_submissions_at_once_all_run_once_over_one_connection(gateway, bed, ledger_project):
    path, ledger = ledger_project()
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    name = gw.register(path)["name"]
    before = bed.count()["offset"]
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: gw.post("/jobs", {"project": name, "cluster": "alder"}), range(64)))
    assert {answer.status for answer in answers} == {202}
    jobs = [answer.json["id"] for answer in answers]
    assert len(set(jobs)) == 64
    ends = [gw.wait_final(job, timeout=180)["state"] for job in jobs]
    assert set(ends) == {"completed"}
    counted = bed.count(before)
    assert counted["logins"] == 1 and counted["refused_sessions"] == 0, counted
    assert len(checker.read_ledgers([ledger])[0]) == 64
    assert_exactly_once(gw, [ledger], bed, accepted=jobs)


@pytest.mark.xdist_group("quick_bed")
def test_jobs_purged_from_the_queue_are_known_from_accounting(gateway, quick_bed, project):
    """MinJobAge 2: the queue forgets a job before anybody looks; the gateway was away meanwhile."""
    gw = gateway(clusters=[quick_bed.cluster()], config=QUICK)
    name = gw.register(project())["name"]
    jobs = [gw.submit(project=name, cluster="alder", args=[f"exit={code}"])["id"] for code in (0, 5)]
    for job in jobs:
        gw.wait_state(job, {"pending", "running", "settling"} | FINAL)
    ids = [gw.job(job)["slurm"]["job_id"] for job in jobs]
    gw.kill9()
    until(lambda: not any(number in quick_bed.slurm("squeue", "-h", "-t", "all", "-o", "%i").split() for number in ids),
          "purged", timeout=60)
    gw.restart()
    assert [(gw.wait_final(job)["state"], gw.job(job)["exit_code"]) for job in jobs] == [("completed", 0), ("failed", 5)]


@pytest.mark.xdist_group("quick_bed")
def test_without_accounting_the_exit_file_tells_the_end(gateway, quick_bed, project):
    gw = gateway(clusters=[quick_bed.cluster()], config=QUICK)
    name = gw.register(project())["name"]
    quick_bed.do("term", "dbd")
    try:
        job = gw.submit(project=name, cluster="alder", args=["exit=6"])
        done = gw.wait_final(job["id"], timeout=120)
    finally:
        quick_bed.do("start", "dbd")
    assert (done["state"], done["exit_code"]) == ("failed", 6)
    assert "accounting does not answer" in done["why"]


def test_a_forged_name_changes_no_other_jobs_state(gateway, bed, project):
    gw = gateway(clusters=[bed.cluster()])
    name = gw.register(project())["name"]
    victim = gw.submit(project=name, cluster="alder", args=["sleep=300"])
    gw.wait_state(victim["id"], "running")
    seen = gw.job(victim["id"])
    number, token = seen["slurm"]["job_id"], seen["token"]
    user = bed.user()["name"]
    for row in (f"x\n{number}|COMPLETED|{token}", f"x\x1f{number}\x1fCOMPLETED\x1f{token}\n",
                f"--END\n{number} FAILED {token}"):
        bed.slurm("sbatch", "--uid", user, "-H", "-J", row, "--comment", token, "-D", "/tmp", "--wrap", "true", check=False)
    first = gw.job(victim["id"])["observed_at"]
    until(lambda: gw.job(victim["id"])["observed_at"] > first, "a further look")
    assert gw.job(victim["id"])["state"] == "running"
    bed.slurm("scancel", "-u", user, "-t", "PENDING")
    gw.post(f"/jobs/{victim['id']}/cancel")
    assert gw.wait_final(victim["id"])["state"] == "cancelled"


def test_gpus_are_asked_for_once_however_many_look(gateway, bed):
    gw = gateway(clusters=[bed.cluster(poll={"gpu": 60})])
    gw.get("/clusters/alder/gpus")
    before = gw.commands("alder")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: gw.get("/clusters/alder/gpus"), range(48)))
    assert {answer.status for answer in answers} == {200}
    assert gw.commands("alder") == before
    assert all(item["observed_at"] for item in answers[0].json["items"])


def test_an_id_that_was_given_away_again_is_not_our_job(gateway, bed, project):
    """Our job's id in the store is another's: neither its state nor a cancel touches the stranger."""
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    name = gw.register(project())["name"]
    ours = gw.submit(project=name, cluster="alder", args=["sleep=300"])
    gw.wait_state(ours["id"], "running")
    mine = gw.job(ours["id"])["slurm"]["job_id"]
    stranger = bed.slurm("sbatch", "--parsable", "--uid", bed.user()["name"], "-D", "/tmp", "-o", "/dev/null", "-p", "cpu",
                         "-J", "stranger", "--wrap", "sleep 300").strip()
    gw.stop()
    import sqlite3  # the controller lost its state: the next job got our number
    with sqlite3.connect(gw.state_dir / "sluice.db") as base:
        base.execute("UPDATE job SET sched_id = ? WHERE id = ?", (stranger, ours["id"]))
    base.close()
    gw.start()
    until(lambda: gw.job(ours["id"])["state"] == "settling", "it is not believed to run")
    gw.post(f"/jobs/{ours['id']}/cancel")
    time.sleep(2)
    assert bed.slurm("squeue", "-h", "-j", stranger, "-o", "%T").strip() in ("RUNNING", "PENDING")
    bed.slurm("scancel", mine, stranger)
