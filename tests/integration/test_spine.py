"""A job from `curl` to its end: on this machine, and on a real Slurm behind a real sshd."""
import json
import time

import pytest

from support.gateway import until
from support.project import args_seen

HORRORS = ["", " ", "a b", "it's", 'say "hi"', "$(touch /tmp/owned)", "`id`", "a\nb", "tab\there", "ümläut 日本 😀", "-rf",
           "--opt=x y", "\\", "a\\'b", "!history", "#comment", "%j", "*", "~", "{a,b}", "${HOME}", "a;b|c&d>e", "x" * 10000]


@pytest.fixture
def spine(gateway, bed):
    """A gateway with the bed as alder; spine.run(...) submits and waits."""
    gw = gateway(clusters=[bed.cluster(), {"name": "local", "type": "local"}])

    def run(path, timeout=60, **body):
        name = gw.register(path)["name"]
        job = gw.submit(project=name, **body)
        return gw.wait_final(job["id"], timeout=timeout)

    gw.run = run
    return gw


@pytest.mark.threads
@pytest.mark.parametrize("cluster", ["local", "alder"])
def test_a_job_goes_from_submission_to_its_end_with_its_log(spine, project, cluster):
    done = spine.run(project(), cluster=cluster, args=["a", "b c"])
    assert (done["state"], done["exit_code"]) == ("completed", 0)
    log = spine.log(done["id"])
    assert args_seen(log) == ["a", "b c"] and log.rstrip().endswith("done")
    assert done["started_at"] <= done["ended_at"]


@pytest.mark.parametrize("cluster", ["local", "alder"])
def test_a_failing_job_ends_with_its_own_exit_code(spine, project, cluster):
    done = spine.run(project(), cluster=cluster, args=["exit=3"])
    assert (done["state"], done["exit_code"]) == ("failed", 3)


@pytest.mark.parametrize("user", ["ml", "noisy", "tcsh", "fish", "zsh", "sh"])
def test_every_quoting_horror_arrives_byte_for_byte(gateway, bed, project, user):
    gw = gateway(clusters=[bed.cluster(user=user)])
    name = gw.register(project())["name"]
    job = gw.submit(project=name, cluster="alder", args=HORRORS)
    assert gw.wait_final(job["id"])["state"] == "completed"
    assert args_seen(gw.log(job["id"])) == HORRORS


@pytest.mark.parametrize("cluster", ["local", "alder"])
def test_a_running_job_is_cancelled(spine, project, cluster):
    name = spine.register(project())["name"]
    job = spine.submit(project=name, cluster=cluster, args=["sleep=300"])
    spine.wait_state(job["id"], "running")
    answer = spine.post(f"/jobs/{job['id']}/cancel")
    assert answer.status in (200, 202), answer
    assert spine.wait_final(job["id"])["state"] == "cancelled"


@pytest.mark.threads
def test_uncommitted_changes_travel_from_a_closed_folder(spine, project):
    path = project()
    (path / "train.py").write_text("import helper\nprint('uncommitted', helper.WORD)\n", encoding="utf-8")
    (path / "helper.py").write_text("WORD = 'untracked'\n", encoding="utf-8")
    done = spine.run(path, cluster="alder")
    assert done["state"] == "completed" and "uncommitted untracked" in spine.log(done["id"])
    assert done["commit"]["dirty"] is True


def test_gpus_asked_for_are_given(spine, project):
    files = {"train.py": "import os\nprint('gpus', os.environ['CUDA_VISIBLE_DEVICES'])\n"}
    done = spine.run(project(files=files), cluster="alder", resources={"gpus": 2, "gpu_type": "h100"})
    assert done["state"] == "completed"
    line = next(line for line in spine.log(done["id"]).splitlines() if line.startswith("gpus "))
    assert len(line[5:].split(",")) == 2


def test_gpu_availability_counts_what_the_bed_has(spine, bed):
    spine.get("/clusters/alder/gpus")
    end = time.monotonic() + 20
    while True:
        items = spine.json("/clusters/alder/gpus")["items"]
        total = {item["type"]: item["total"] for item in items if item["partition"] == "gpu"}
        if total == {"a100": 10, "h100": 10} or time.monotonic() > end:
            break
        time.sleep(0.3)
    assert total == {"a100": 10, "h100": 10}


def test_sbatchs_refusal_is_told_in_its_own_words(spine, project):
    done = spine.run(project(), cluster="alder", slurm={"account": "vision"})
    assert done["state"] == "submit_failed"
    assert "Invalid account or account/partition combination specified" in json.dumps(done)


def test_one_connection_serves_many_commands(spine, bed, project):
    before = bed.count()["offset"]
    for _ in range(3):
        spine.run(project(), cluster="alder")
    assert bed.count(before)["logins"] <= 1


LAST_LOOK_S = 9  # what a node wrote last may come late: its files are looked at again until then (svc/live/follow.h)


def test_nothing_is_sent_when_no_job_is_active_and_nobody_looks(gateway, proxied, project):
    proxy, entry = proxied()
    gw = gateway(clusters=[entry])
    job = gw.submit(project=gw.register(project())["name"], cluster="alder")
    assert gw.wait_final(job["id"])["state"] == "completed"
    time.sleep(LAST_LOOK_S)

    def is_silent():
        before = dict(proxy.passed)
        time.sleep(4)
        return proxy.passed == before

    until(is_silent, "silence")  # at once on a quiet machine


def test_out_of_memory_is_told_as_such(spine, needs_oom, project):
    files = {"train.py": "b = b'x' * (300 << 20)\nimport time\ntime.sleep(2)\n"}
    done = spine.run(project(files=files), cluster="alder", resources={"mem": "50M"})
    assert done["state"] == "out_of_memory"
    verdict = until(lambda: spine.job(done["id"]).get("verdict"), "a verdict")
    assert verdict["code"] == "host_oom" and verdict["next"], verdict


def test_the_command_line_submits_waits_and_ends_with_the_jobs_code(spine, project):
    path = project()
    name = spine.register(path)["name"]
    done = spine.cli("submit", "--project", name, "--cluster", "local", "--wait", "--", "exit=9")
    assert done.returncode == 9, done.stderr
