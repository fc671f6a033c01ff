"""The gateway is killed at its crash points, replies are lost, controllers stop: every accepted job still runs once."""
import threading
import time
import urllib.error

import pytest

from support.gateway import FINAL
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


@pytest.mark.parametrize("point", ["K2", "K3", "K6", "K8", "K9", "K10", "K11", "K15"])
def test_a_slurm_job_runs_once_though_the_gateway_dies_at(gateway, bed, ledger_project, point):
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster()], config=QUICK, env={"CRASH_AT": point})
    name = gw.register(path)["name"]
    job = submit_through_a_crash(gw, f"key-{point}", project=name, cluster="alder")
    if "CRASH_AT" in gw.env:
        gw.wait_crash()
        gw.restart()
    done = gw.wait_final(job["id"], timeout=120)
    assert done["state"] == "completed", done
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


@pytest.mark.parametrize("point", ["K2", "K6", "K19", "K20"])
@pytest.mark.parametrize("code", [0, 7])
def test_a_local_job_runs_once_though_the_gateway_dies_at(gateway, folder, make_local_ledger, point, code):
    path, ledger = make_local_ledger(seconds=1, code=code)
    gw = gateway(clusters=[{"name": "local", "type": "local", "workspace": str(folder / "work")}], config=QUICK,
                 env={"CRASH_AT": point})
    name = gw.register(path)["name"]
    job = submit_through_a_crash(gw, f"key-{point}", project=name, cluster="local")
    if "CRASH_AT" in gw.env:
        gw.wait_crash()
        gw.restart()
    done = gw.wait_final(job["id"], timeout=60)
    assert (done["state"], done["exit_code"]) == ("failed" if code else "completed", code), done
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
        time.sleep(5)
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
        time.sleep(14)
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
    time.sleep(6)
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
