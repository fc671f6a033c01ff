"""What people do with jobs on Slurm: signals, arrays, dependencies, requeues, many tasks, limits, refusals."""
import json
import time

import pytest

from support.gateway import until

SH = {"command": ["sh", "run.sh"]}


@pytest.fixture
def alder(gateway, bed, project):
    """A gateway with the bed alone; alder.script(text, ...) submits a project whose command is that script."""
    gw = gateway(clusters=[bed.cluster()], config={"t_settle": "12s"})

    def script(text, config=None, **body):
        path = project(config={**SH, **(config or {})}, files={"run.sh": text})
        return gw.submit(project=gw.register(path)["name"], cluster="alder", **body)

    gw.script = script
    return gw


def tasks_of(job):
    return job.get("task_list") or []


def slurm_id(gw, job):
    return until(lambda: gw.job(job["id"]).get("slurm", {}).get("job_id"), "a Slurm id")


def test_a_job_killed_by_a_signal_says_which(alder):
    done = alder.wait_final(alder.script("kill -SEGV $$\n")["id"])
    assert (done["state"], done["exit_code"]) == ("failed", 139), done


def test_an_arrays_tasks_end_each_with_their_own_code(alder):
    text = 'echo "task $SLURM_ARRAY_TASK_ID"\n[ "$SLURM_ARRAY_TASK_ID" != 3 ] || exit 7\n'
    job = alder.script(text, slurm={"array": "1-4%2"})
    done = alder.wait_final(job["id"])
    assert done["state"] == "failed"
    tasks = {task["task"]: (task["state"], task.get("exit_code")) for task in tasks_of(done)}
    assert tasks == {1: ("completed", 0), 2: ("completed", 0), 3: ("failed", 7), 4: ("completed", 0)}


def test_one_task_of_an_array_is_cancelled_and_the_others_go_on(alder):
    job = alder.script('[ "$SLURM_ARRAY_TASK_ID" != 2 ] || sleep 300\n', slurm={"array": "1-3"})
    until(lambda: any(task["task"] == 2 and task["state"] == "running"
                      for task in tasks_of(alder.job(job["id"]))), "task 2 runs")
    answer = alder.post(f"/jobs/{job['id']}/cancel", {"task": 2})
    assert answer.status == 202, answer
    done = alder.wait_final(job["id"])
    assert {task["task"]: task["state"] for task in tasks_of(done)} == \
        {1: "completed", 2: "cancelled", 3: "completed"}


def test_a_waiting_task_is_cancelled_alone_and_a_waiting_array_as_a_whole(alder, bed):
    """scancel with -n would take all that waits of the array; and neither leaves a row a task in accounting."""
    job = alder.script("echo ran\n", slurm={"array": "0-9", "begin": "now+1hour"})
    number = slurm_id(alder, job)
    alder.wait_state(job["id"], "pending")
    assert alder.post(f"/jobs/{job['id']}/cancel", {"task": 4}).status == 202
    until(lambda: bed.slurm("squeue", "-h", "-j", number, "-o", "%i").strip() == f"{number}_[0-3,5-9]", "4 alone is gone")
    until(lambda: [task["task"] for task in tasks_of(alder.job(job["id"])) if task["state"] != "pending"] == [4], "it is told")
    alder.post(f"/jobs/{job['id']}/cancel")
    done = alder.wait_final(job["id"], timeout=200)
    assert done["state"] == "cancelled" and {task["state"] for task in tasks_of(done)} == {"cancelled"}, done


def test_a_limit_that_holds_a_job_back_is_told_with_its_numbers(alder):
    first = alder.script("sleep 300\n", resources={"gpus": 4, "gpu_type": "h100", "cpus": 1, "mem": "100M"}, slurm={"qos": "gpu4"})
    alder.wait_state(first["id"], "running")
    second = alder.script("true\n", resources={"gpus": 1, "gpu_type": "h100", "cpus": 1, "mem": "100M"}, slurm={"qos": "gpu4", "array": "0-2"})
    seen = until(lambda: (lambda job: job if job.get("reason") == "QOSMaxGRESPerUser" else None)(alder.job(second["id"])), "the reason")
    assert seen["why"].endswith("0 of its tasks run, 3 wait. Each of its tasks asks for 1 GPU; QOS gpu4 allows 4; "
                                "this gateway's jobs that run hold 4."), seen["why"]
    budgets = [row for row in alder.json("/clusters/alder/partitions")["budgets"] if row.get("qos") == "gpu4"]
    assert budgets and budgets[0]["gpu_hours"] == 10000 and 0 <= budgets[0]["gpu_hours_used"] < 10000, budgets
    for job in (first, second):
        assert alder.post(f"/jobs/{job['id']}/cancel").status == 202


def test_a_job_waits_for_the_one_it_depends_on(alder):
    first = alder.script("sleep 3\n")
    second = alder.script("echo after\n", slurm={"dependency": f"afterok:{slurm_id(alder, first)}"})
    waiting = until(lambda: (lambda job: job if job.get("reason") == "Dependency" else None)(alder.job(second["id"])),
                    "the reason Dependency")
    assert "waits for the job it depends on" in waiting["why"]
    assert alder.wait_final(second["id"])["state"] == "completed"
    assert alder.job(first["id"])["ended_at"] <= alder.job(second["id"])["started_at"]


def test_a_dependency_that_fails_is_said_to_be_never_satisfied(alder, bed):
    first = alder.script("exit 1\n")
    number = slurm_id(alder, first)
    second = alder.script("echo never\n", slurm={"dependency": f"afterok:{number}"})
    seen = until(lambda: (lambda job: job if job.get("reason") == "DependencyNeverSatisfied" else None)(
        alder.job(second["id"])), "DependencyNeverSatisfied", timeout=60)
    assert "never start" in seen["why"]
    bed.slurm("scancel", str(seen["slurm"]["job_id"]))
    assert alder.wait_final(second["id"])["state"] == "cancelled"


def test_a_requeued_job_has_attempts_each_with_its_log(alder, bed):
    job = alder.script('echo "this is attempt $SLUICE_ATTEMPT"\n[ "$SLUICE_ATTEMPT" -gt 1 ] || sleep 300\n')
    alder.wait_state(job["id"], "running")
    alder.wait_log(job["id"], "attempt 1")
    number = slurm_id(alder, job)
    assert alder.post(f"/jobs/{job['id']}/requeue", {"attempt": 2}).status == 409
    answer = alder.post(f"/jobs/{job['id']}/requeue", {"attempt": 1})
    assert answer.status == 202, answer
    until(lambda: alder.job(job["id"])["attempt"] == 2, "attempt 2")
    again = alder.post(f"/jobs/{job['id']}/requeue", {"attempt": 1})
    assert again.status == 409 and "attempt 2" in again.text, again
    # After a requeue Slurm holds a job back for about two minutes (BeginTime), so that its new credential is surely
    # younger than the revocation of the old one, to the second: the test does not wait for more than that.
    until(lambda: bed.slurm("squeue", "-h", "-j", str(number), "-o", "%T").strip() == "PENDING", "the first run has ended")
    time.sleep(2)
    bed.slurm("scontrol", "update", f"JobId={number}", "StartTime=now")
    done = alder.wait_final(job["id"], timeout=120)
    assert done["state"] == "completed" and [attempt["n"] for attempt in done["attempts"]] == [1, 2]
    assert done["attempts"][0]["state"] == "requeued"
    assert "this is attempt 1" in alder.log(job["id"], "?attempt=1")
    assert "this is attempt 2" in alder.log(job["id"], "?attempt=2")
    kinds = [event["kind"] for event in alder.json(f"/jobs/{job['id']}/events")["items"]]
    assert kinds.count("requeued") == 1
    late = alder.post(f"/jobs/{job['id']}/requeue")
    assert late.status == 409 and "has ended" in late.text, late


def test_a_job_requeued_after_its_end_runs_on_as_its_next_attempt(alder, bed):
    job = alder.script('echo "this is attempt $SLUICE_ATTEMPT"\n[ "$SLUICE_ATTEMPT" -gt 1 ] || exit 3\n')
    assert alder.wait_final(job["id"])["state"] == "failed"
    other = alder.script("sleep 300\n")  # the cluster is polled while somebody runs
    alder.wait_state(other["id"], "running")
    number = slurm_id(alder, job)
    time.sleep(4)
    bed.slurm("scontrol", "requeue", str(number))
    until(lambda: alder.job(job["id"])["state"] == "pending", "it waits again")
    bed.slurm("scontrol", "update", f"JobId={number}", "StartTime=now")
    done = alder.wait_final(job["id"], timeout=120)
    assert done["state"] == "completed" and done["exit_code"] == 0, done
    assert [(attempt["n"], attempt["state"]) for attempt in done["attempts"]] == [(1, "failed"), (2, "completed")]
    alder.wait_log(job["id"], "this is attempt 2")
    kinds = [event["kind"] for event in alder.json(f"/jobs/{job['id']}/events")["items"]]
    assert kinds.count("requeued") == 1
    bed.slurm("scancel", slurm_id(alder, other))


def test_several_tasks_on_several_nodes_find_each_other(alder):
    text = 'echo "rank $RANK of $WORLD_SIZE local $LOCAL_RANK on $(hostname) at $MASTER_ADDR:$MASTER_PORT"\n'
    job = alder.script(text, resources={"nodes": 2, "gpus": 2, "gpu_type": "a100", "cpus": 2, "mem": "200M"})
    done = alder.wait_final(job["id"])
    log = alder.log(job["id"])
    assert done["state"] == "completed", log
    lines = sorted(line.split() for line in log.splitlines() if line.startswith("rank "))
    assert [line[1] for line in lines] == ["0", "1", "2", "3"] and {line[3] for line in lines} == {"4"}
    assert sorted(line[5] for line in lines) == ["0", "0", "1", "1"]
    assert len({line[-1] for line in lines}) == 1 and ":" in lines[0][-1]


def test_a_running_job_goes_down_with_a_signal_it_can_catch(alder):
    text = "trap 'echo saved; exit 0' TERM\necho armed\nsleep 300 & wait\n"
    job = alder.script(text)
    alder.wait_state(job["id"], "running")
    alder.wait_log(job["id"], "armed")
    alder.post(f"/jobs/{job['id']}/cancel")
    assert alder.wait_final(job["id"])["state"] == "cancelled"
    assert "saved" in alder.log(job["id"])


REFUSALS = [
    ({"slurm": {"account": "vision"}}, "Invalid account or account/partition combination specified", "slurm.account"),
    ({"slurm": {"partition": "nowhere"}}, "nvalid partition", "slurm.partition"),
    ({"slurm": {"qos": "nothing"}}, "Invalid qos specification", "slurm.qos"),
    ({"slurm": {"constraint": "nofeature"}}, "Invalid feature specification", "slurm.constraint"),
    ({"resources": {"mem": "900G"}}, "Memory specification can not be satisfied", "resources.mem"),
    ({"slurm": {"array": "1-99999999"}}, "Invalid job array specification", "slurm.array"),
]


@pytest.mark.parametrize("body, words, field", REFUSALS, ids=[row[2] for row in REFUSALS])
def test_a_refusal_is_told_in_sbatchs_words_with_the_key_to_change(alder, body, words, field):
    answer = alder.post("/jobs", {"project": alder.register(alder.a_project)["name"], "cluster": "alder", **body})
    if answer.status == 202:
        done = alder.wait_final(answer.json["id"])
        assert done["state"] == "submit_failed"
        text = json.dumps(done)
        assert words in text and field in text, text
    else:  # known beforehand, from the cluster's own limits
        assert answer.status == 422 or answer.status == 400, answer
        assert field in answer.text, answer


@pytest.fixture(autouse=True)
def a_project(request, project):
    if "alder" in request.fixturenames:
        request.getfixturevalue("alder").a_project = project()


NEVER = [
    ({"slurm": {"partition": "debug"}, "resources": {"time": "02:00:00"}}, "PartitionTimeLimit", "resources.time"),
    ({"slurm": {"partition": "closed"}}, "PartitionDown", "slurm.partition"),
    ({"slurm": {"partition": "private"}}, "account not permitted", "account"),
    # The first word at the submit, the second after the scheduler's next turn.
    ({"slurm": {"partition": "cpu"}, "resources": {"nodes": 9}}, "PartitionNodeLimit|PartitionConfig", "resources"),
]


@pytest.mark.parametrize("body, reason, field", NEVER, ids=[row[1].replace(" ", "-") for row in NEVER])
def test_what_can_never_run_is_said_at_once(alder, body, reason, field):
    """sbatch takes it; the answer to the submit already says that it will not start, and why."""
    name = alder.register(alder.a_project)["name"]
    answer = alder.post("/jobs?wait=submitted&timeout=20s", {"project": name, "cluster": "alder", **body})
    text = answer.text
    if answer.status == 202:
        job = until(lambda: (lambda it: it if it.get("why") and it["state"] == "pending" and it.get("reason") else None)(
            alder.job(answer.json["id"])), "a reason")
        text = json.dumps(job)
        alder.post(f"/jobs/{job['id']}/cancel")
        assert any(word in text for word in reason.split("|")), text
    else:
        assert answer.status in (400, 409, 422) and field in text, answer


def test_a_dry_run_asks_slurm_and_submits_nothing(alder, bed):
    name = alder.register(alder.a_project)["name"]
    answer = alder.post("/jobs?dry_run=1", {"project": name, "cluster": "alder"})
    assert answer.status == 200 and answer.json["test"]["accepted"] is True, answer
    assert answer.json["test"]["start_at"] and "#SBATCH" in answer.json["script"]
    answer = alder.post("/jobs?dry_run=1", {"project": name, "cluster": "alder", "slurm": {"qos": "nothing"}})
    assert answer.json["test"]["accepted"] is False and "qos" in answer.json["test"]["upstream"].lower()
    assert answer.json["test"]["field"] == "slurm.qos"
    assert alder.jobs() == []


def test_limits_tell_partitions_and_what_they_allow(alder):
    limits = alder.json("/clusters/alder/partitions")
    by_name = {row["name"]: row for row in limits["partitions"]}
    assert {"gpu", "cpu", "debug", "closed", "private"} <= set(by_name)
    assert by_name["gpu"]["default"] is True and by_name["debug"]["max_time_s"] == 1800


def gpu_rows(gw, max_age=0):
    rows = gw.json(f"/clusters/alder/gpus?max_age={max_age}")["items"]
    return {(row["partition"], row["type"]): row for row in rows}


def test_gpus_in_use_mine_pending_and_down_are_told_apart(alder, bed):
    before = gpu_rows(alder)[("gpu", "a100")]
    assert (before["total"], before["whole_nodes_free"]) == (10, 3)
    job = alder.script("sleep 300\n", resources={"gpus": 3, "gpu_type": "a100", "nodes": 1})
    waits = alder.script("sleep 300\n", resources={"gpus": 1, "gpu_type": "h100"},
                         slurm={"dependency": f"afterok:{slurm_id(alder, job)}"})
    alder.wait_state(job["id"], "running")
    alder.wait_state(waits["id"], "pending")
    busy = gpu_rows(alder)
    assert busy[("gpu", "a100")]["in_use"] == 3 and busy[("gpu", "a100")]["mine"] == 3
    assert busy[("gpu", "a100")]["free"] == 7 and busy[("gpu", "a100")]["whole_nodes_free"] == 2
    h1 = next(name for name in bed.env["nodes"] if name.endswith("-h1"))
    bed.slurm("scontrol", "update", "NodeName=" + h1, "State=DRAIN", "Reason=drill")
    try:
        down = until(lambda: (lambda row: row if row["down"] else None)(gpu_rows(alder)[("gpu", "h100")]), "h1 is down")
        assert (down["total"], down["down"], down["free"]) == (10, 8, 2)
    finally:
        bed.slurm("scontrol", "update", "NodeName=" + h1, "State=RESUME")
    for number in (job, waits):
        alder.post(f"/jobs/{number['id']}/cancel")
        alder.wait_final(number["id"])
