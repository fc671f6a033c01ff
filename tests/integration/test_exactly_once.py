"""The gateway is killed at its crash points, replies are lost, controllers stop: every accepted job still runs once."""
import threading
import urllib.error

import pytest

from support.gateway import FINAL, until
from support.proxy import DOWN, UP
from support.witness import assert_exactly_once, checker

pytestmark = pytest.mark.drill
QUICK = {"t_settle": "12s"}


def submit_through_a_crash(gw, key, **body):
    """POST /jobs; a gateway that dies before its reply is asked again with the same key, as a client would."""
    try:
        answer = gw.post("/jobs", body, key=key)
    except (urllib.error.URLError, ConnectionError, OSError):
        gw.wait_crash()
        gw.restart()
        answer = gw.post("/jobs", body, key=key)
    assert answer.status == 202, answer
    return answer.json


def ends_as_it_should(gw, job, code=0, timeout=120):
    done = gw.wait_final(job["id"], timeout=timeout)
    assert (done["state"], done["exit_code"]) == ("failed" if code else "completed", code), done


# Before the reply K1, K2; on the way K3-K11; at the end K15, K20.
@pytest.mark.parametrize("code", [0, 7])
@pytest.mark.parametrize("point", ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11", "K15", "K20",
                                   "K20:3"])
def test_a_slurm_job_runs_once_though_the_gateway_dies_at(gateway, bed, ledger_project, point, code):
    path, ledger = ledger_project(seconds=1, code=code)
    gw = gateway(clusters=[bed.cluster()], config=QUICK, env={"CRASH_AT": point})
    job = submit_through_a_crash(gw, f"key-{point}", project=gw.register(path)["name"], cluster="alder")
    if "CRASH_AT" in gw.env:
        gw.wait_crash()
        gw.restart()
    ends_as_it_should(gw, job, code)
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


@pytest.mark.parametrize("point", ["K4", "K6", "K8", "K10", "K15"])
def test_an_array_runs_each_task_once_though_the_gateway_dies_at(gateway, bed, ledger_project, point):
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster()], config=QUICK, env={"CRASH_AT": point})
    job = submit_through_a_crash(gw, "key", project=gw.register(path)["name"], cluster="alder",
                                 slurm={"array": "0-2"})
    if "CRASH_AT" in gw.env:
        gw.wait_crash()
        gw.restart()
    ends_as_it_should(gw, job)
    assert len(checker.read_ledgers([ledger])[0]) == 3
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


# What reconciliation finds: the job (its reply was noise), or its proved absence (sbatch died before).
@pytest.mark.parametrize("point, fault", [("K12", "garbage"), ("K13", "before"), ("K6:2", "before"), ("K10", "before")])
def test_reconciliation_survives_a_crash_at(gateway, bed, ledger_project, sbatch_faults, point, fault):
    faults = sbatch_faults()
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster(slurm={"bin_dir": str(faults.folder)})], config=QUICK, env={"CRASH_AT": point})
    faults.set(fault)
    job = submit_through_a_crash(gw, "key", project=gw.register(path)["name"], cluster="alder")
    gw.wait_crash(60)
    gw.restart()
    ends_as_it_should(gw, job)
    assert faults.met() == [fault]
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


@pytest.mark.parametrize("cluster", ["alder", "local"])
def test_a_cancel_is_kept_though_the_gateway_dies_after_sending_it(gateway, bed, folder, ledger_project, make_local_ledger,
                                                                   cluster):
    path, ledger = (ledger_project if cluster == "alder" else make_local_ledger)(seconds=300)
    local = {"name": "local", "type": "local", "workspace": str(folder / "work")}
    gw = gateway(clusters=[bed.cluster() if cluster == "alder" else local], config=QUICK, env={"CRASH_AT": "K14"})
    job = gw.submit(project=gw.register(path)["name"], cluster=cluster)
    until(lambda: checker.read_ledgers([ledger])[0], "the payload runs")
    with pytest.raises((urllib.error.URLError, OSError)):
        gw.post(f"/jobs/{job['id']}/cancel")
    gw.wait_crash()
    gw.restart()
    assert gw.wait_final(job["id"])["state"] == "cancelled"
    assert_exactly_once(gw, [ledger], bed if cluster == "alder" else None, accepted=[job["id"]])


def test_a_crash_in_migration_backup_or_checkpoint_loses_nothing(gateway, folder, make_local_ledger):
    path, ledger = make_local_ledger()
    gw = gateway(clusters=[{"name": "local", "type": "local", "workspace": str(folder / "work")}], start=False)
    for point in ("K17", "K17:2", "K18"):  # the first version, the second, the backup before it
        gw.start(env={"CRASH_AT": point}, wait=False)
        gw.wait_crash()
    gw.start(env={"CRASH_AT": "K16"})
    job = gw.submit(project=gw.register(path)["name"], cluster="local")
    ends_as_it_should(gw, job)
    gw.process.terminate()  # checkpoints at its end
    gw.wait_crash()
    gw.restart()
    ends_as_it_should(gw, job)
    assert_exactly_once(gw, [ledger], accepted=[job["id"]])


@pytest.mark.parametrize("point", ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11", "K15", "K19", "K20"])
@pytest.mark.parametrize("code", [0, 7])
def test_a_local_job_runs_once_though_the_gateway_dies_at(gateway, folder, make_local_ledger, point, code):
    path, ledger = make_local_ledger(seconds=1, code=code)
    gw = gateway(clusters=[{"name": "local", "type": "local", "workspace": str(folder / "work")}], config=QUICK,
                 env={"CRASH_AT": point})
    job = submit_through_a_crash(gw, f"key-{point}", project=gw.register(path)["name"], cluster="local")
    if "CRASH_AT" in gw.env:
        gw.wait_crash()
        gw.restart()
    ends_as_it_should(gw, job, code)
    assert_exactly_once(gw, [ledger], accepted=[job["id"]])


@pytest.mark.parametrize("fault", ["hang", "kill", "garbage", "fail", "late", "before"])
def test_a_lost_reply_never_leads_to_a_second_run(gateway, bed, ledger_project, sbatch_faults, fault):
    faults = sbatch_faults()
    path, ledger = ledger_project(seconds=1)
    entry = bed.cluster(slurm={"bin_dir": str(faults.folder)}, ssh={"command_timeout": 15})
    gw = gateway(clusters=[entry], config=QUICK)
    name = gw.register(path)["name"]
    faults.set(fault)
    job = gw.submit(project=name, cluster="alder")
    done = gw.wait_final(job["id"], timeout=180)
    assert done["state"] == "completed" and faults.met() == [fault]
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


@pytest.mark.parametrize("way, count", [(UP, 200), (UP, 2000), (DOWN, 40), (DOWN, 200)])
def test_a_link_cut_while_submitting_loses_and_doubles_nothing(gateway, bed, ledger_project, proxied, way, count):
    proxy, entry = proxied()
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[entry], config=QUICK)
    name = gw.register(path)["name"]
    first = gw.submit(project=name, cluster="alder")
    gw.wait_final(first["id"])
    proxy.cut_after(count, way)
    job = gw.submit(project=name, cluster="alder")
    assert gw.wait_final(job["id"], timeout=180)["state"] == "completed"
    assert_exactly_once(gw, [ledger], bed, accepted=[first["id"], job["id"]])


def test_a_stopped_controller_holds_jobs_up_and_loses_none(gateway, bed, ledger_project):
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    name = gw.register(path)["name"]
    before = gw.submit(project=name, cluster="alder", args=[])
    bed.do("term", "ctld")
    try:
        during = gw.submit(project=name, cluster="alder")
        until(lambda: gw.job(during["id"]).get("why"), "it is said why it waits")
        assert gw.job(during["id"])["state"] not in FINAL
        assert gw.job(before["id"])["state"] not in FINAL - {"completed"}
    finally:
        bed.do("start", "ctld")
    for job in (before, during):
        assert gw.wait_final(job["id"], timeout=180)["state"] == "completed"
    assert_exactly_once(gw, [ledger], bed, accepted=[before["id"], during["id"]])


def test_a_hung_controller_that_submits_late_runs_the_job_once(gateway, bed, ledger_project):
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    name = gw.register(path)["name"]
    bed.do("stop", "ctld")
    try:
        job = gw.submit(project=name, cluster="alder")
        until(lambda: gw.job(job["id"]).get("reason") == "Unconfirmed", "sbatch has given up", timeout=60)
    finally:
        bed.do("cont", "ctld")
    assert gw.wait_final(job["id"], timeout=180)["state"] == "completed"
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


def test_a_gateway_restarted_while_jobs_end_tells_their_true_ends(gateway, bed, ledger_project):
    path, ledger = ledger_project(seconds=3)
    bad_path, bad_ledger = ledger_project(seconds=3, code=5)
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    good, bad = gw.register(path)["name"], gw.register(bad_path)["name"]
    jobs = [gw.submit(project=name, cluster="alder") for name in (good, bad, good, bad)]
    for job in jobs:
        gw.wait_state(job["id"], {"running", "pending", "completing", "settling"})
    gw.kill9()
    until(lambda: len(checker.read_ledgers([ledger, bad_ledger])[1]) == 4, "all have ended", timeout=60)
    gw.restart()
    ends = [gw.wait_final(job["id"]) for job in jobs]
    assert [(end["state"], end.get("exit_code")) for end in ends] == [("completed", 0), ("failed", 5)] * 2
    assert_exactly_once(gw, [ledger, bad_ledger], bed, accepted=[job["id"] for job in jobs])


def test_two_posts_with_one_key_are_one_job(gateway, bed, ledger_project):
    path, ledger = ledger_project()
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    name = gw.register(path)["name"]
    answers = []
    posts = [threading.Thread(target=lambda: answers.append(
        gw.post("/jobs", {"project": name, "cluster": "alder"}, key="same"))) for _ in range(5)]
    for post in posts:
        post.start()
    for post in posts:
        post.join()
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    gw.wait_final(answers[0].json["id"])
    assert len(checker.read_ledgers([ledger])[0]) == 1
