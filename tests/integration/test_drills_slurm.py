"""Drills 12-20 and 35: Slurm forgets, lags, preempts, limits. (7-11, 13 with a changed row and 21 are in
test_exactly_once.py and test_following.py.)"""
import collections
import pathlib
import time

import pytest

from support.gateway import FINAL, until
from support.witness import assert_exactly_once, checker, have_ended_there

pytestmark = pytest.mark.drill
QUICK = {"t_settle": "12s"}


def starts(ledger):
    return checker.read_ledgers([ledger])[0]


def number_of(gw, job):
    return until(lambda: gw.job(job["id"]).get("slurm", {}).get("job_id"), "a Slurm id")


def ends(gw, jobs, timeout=120):
    return [(done["state"], done.get("exit_code")) for done in (gw.wait_final(job["id"], timeout) for job in jobs)]


# 12 and 13: what slurmctld had not saved when it died never was, and the next job gets the same number.


def test_12_13_a_job_that_a_killed_controller_forgot_is_lost_and_its_number_another_jobs(
        gateway, bed, folder, ledger_project, sbatch_faults):
    faults = sbatch_faults()
    path, ledger = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster(slurm={"bin_dir": str(faults.folder)})], config=QUICK)
    name = gw.register(path)["name"]
    bed.controller_state(folder / "ctld")
    bed.do("term", "dbd")  # what slurmctld had to say to it dies with slurmctld
    faults.set("gate")
    job = gw.submit(project=name, cluster="alder", slurm={"begin": "now+1hour"})
    until(faults.accepted, "slurmctld has taken it")
    bed.forget(folder / "ctld")
    bed.do("start", "dbd")
    faults.open()  # only now the gateway hears of the job that is no more
    number = number_of(gw, job)
    user = bed.user()["name"]
    stranger = until(lambda: bed.slurm("sbatch", "--parsable", "--uid", user, "-D", "/tmp", "-o", "/dev/null", "-p", "cpu",
                                       "-J", "stranger", "--wrap", "sleep 600", check=False).strip(), "a further job")
    assert stranger == number
    lost = gw.wait_final(job["id"], timeout=120)
    assert lost["state"] == "lost" and lost["why"], lost
    gw.post(f"/jobs/{job['id']}/cancel")
    assert bed.slurm("squeue", "-h", "-j", stranger, "-o", "%T").strip() in ("RUNNING", "PENDING")
    bed.slurm("scancel", stranger)
    assert starts(ledger) == []
    after = gw.submit(project=name, cluster="alder")
    assert ends(gw, [after]) == [("completed", 0)]
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"], after["id"]])


# 14-16, on a bed whose queue forgets a job 2 s after its end.


@pytest.mark.xdist_group("quick_bed")
def test_14_without_slurmdbd_every_end_is_told_and_none_is_changed_when_it_is_back(gateway, quick_bed, project):
    gw = gateway(clusters=[quick_bed.cluster()], config=QUICK)
    name = gw.register(project())["name"]
    killed = gw.register(project(config={"command": ["sh", "-c", "kill -KILL $PPID; sleep 60"]}))["name"]
    quick_bed.do("term", "dbd")
    try:
        jobs = [gw.submit(project=name, cluster="alder", args=[f"exit={code}"]) for code in (0, 6)]
        jobs.append(gw.submit(project=killed, cluster="alder"))  # it leaves no exit file
        told = ends(gw, jobs[:2])
        for job in jobs:
            gw.wait_state(job["id"], {"running", "settling"} | FINAL)
    finally:
        quick_bed.do("start", "dbd")
    assert told == [("completed", 0), ("failed", 6)]
    assert gw.wait_final(jobs[2]["id"])["state"] == "failed"
    last = gw.submit(project=name, cluster="alder")  # several looks later
    assert ends(gw, [last]) == [("completed", 0)] and ends(gw, jobs[:2]) == told
    for job in jobs:
        kinds = [event["data"].get("state") for event in gw.json(f"/jobs/{job['id']}/events")["items"]
                 if isinstance(event.get("data"), dict)]
        assert sum(state in FINAL for state in kinds) == 1, kinds


LAGGING = """\
#!/bin/sh
# Accounting as it was a while ago: every end is still RUNNING, or (lag: empty) the job is not there yet.
here=$(dirname "$0")
case $(cat "$here/lag" 2>/dev/null) in
running) /usr/bin/sacct "$@" | sed -E 's/(COMPLETED|FAILED)/RUNNING/g' ;;
empty) exit 0 ;;
*) exec /usr/bin/sacct "$@" ;;
esac
"""


@pytest.mark.xdist_group("quick_bed")
@pytest.mark.parametrize("lag", ["running", "empty"])
def test_15_accounting_that_lags_makes_no_end_up_and_tells_it_when_it_comes(gateway, quick_bed, project, lag):
    from support.bed import SbatchFaults
    tools = SbatchFaults(quick_bed)
    tools.replace("sacct", LAGGING)
    gw = gateway(clusters=[quick_bed.cluster(slurm={"bin_dir": str(tools.folder)})], config=QUICK)
    name = gw.register(project())["name"]
    (tools.folder / "lag").write_text(lag, encoding="utf-8")
    jobs = [gw.submit(project=name, cluster="alder", args=[f"exit={code}"]) for code in (0, 6)]
    numbers = [number_of(gw, job) for job in jobs]
    for job in jobs:
        gw.wait_state(job["id"], "settling")
    until(lambda: not any(number in quick_bed.slurm("squeue", "-h", "-t", "all", "-o", "%i").split() for number in numbers),
          "the queue has forgotten them", timeout=60)
    looks = [gw.job(job["id"])["state"] for job in jobs for _ in range(3)]
    assert set(looks) == {"settling"}
    (tools.folder / "lag").unlink()
    assert ends(gw, jobs) == [("completed", 0), ("failed", 6)]


# 18: another partition's job takes the nodes, and the preempted one comes back.


def test_18_a_preempted_job_comes_back_as_a_second_attempt_and_ends_once(gateway, bed, ledger_project):
    path, ledger = ledger_project()
    work = ["sh", "-c", f'[ "$SLUICE_ATTEMPT" -gt 1 ] && s=0 || s=300; exec sh payload.sh {ledger} $s 0']
    everything = {"gpus": 8, "gpu_type": "h100", "nodes": 1, "cpus": 1, "mem": "200M", "time": "00:05:00"}
    (path / ".mlops-config.yaml").write_text(f"command: {work!r}\n".replace("\\\\", "\\"), encoding="utf-8")
    taker, other = ledger_project(seconds=1)
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    name, taking = gw.register(path)["name"], gw.register(taker)["name"]
    job = gw.submit(project=name, cluster="alder", slurm={"partition": "scavenge"}, resources=everything)
    until(lambda: starts(ledger), "its first attempt runs", timeout=60)
    gw.wait_state(job["id"], "running")  # squeue does not count restarts: one that nobody saw run is its first
    first = gw.submit(project=taking, cluster="alder", slurm={"partition": "h100"}, resources=everything)
    until(lambda: gw.job(job["id"])["attempt"] == 2, "it is preempted", timeout=90)
    seen = gw.job(job["id"])
    assert seen["state"] == "pending" and seen["attempts"][0]["state"] in ("requeued", "preempted"), seen
    assert gw.wait_final(first["id"])["state"] == "completed"
    # Slurm holds a requeued job back for about two minutes; the drill does not wait for that.
    bed.slurm("scontrol", "update", f"JobId={number_of(gw, job)}", "StartTime=now")
    done = gw.wait_final(job["id"], timeout=120)
    assert done["state"] == "completed" and [attempt["n"] for attempt in done["attempts"]] == [1, 2]
    assert [start.attempt for start in starts(ledger)] == [1, 2]
    assert_exactly_once(gw, [ledger, other], bed, accepted=[job["id"], first["id"]])


# 19


TASKS = 1000
TASK = """\
echo "$SLURM_ARRAY_TASK_ID.${SLURM_RESTART_COUNT:-0}" >>"$1"
case $((SLURM_ARRAY_TASK_ID % 5)) in
1) exit 3 ;;
2) kill -SEGV $$ ;;
3) exit 200 ;;
esac
"""


def wait_while_tasks_end(gw, bed, job, patience=240):
    """The job's end, however long a slow machine takes for it, if only there is a task that ends every four minutes."""
    ended, since = None, time.monotonic()
    while (now := gw.job(job["id"]))["state"] not in FINAL:
        if now["slurm"]["tasks"] != ended:
            ended, since = now["slurm"]["tasks"], time.monotonic()
        assert time.monotonic() < since + patience, (ended, bed.slurm("squeue", "-h", "-o", "%i %T %r")[:2000])
        time.sleep(0.5)
    return now


def test_19_an_array_of_1000_tasks_with_mixed_ends_is_told_task_by_task(gateway, bed, project, folder):
    ledger = pathlib.Path(bed.user()["home"]) / f"tasks-{folder.name}"
    path = project(config={"command": ["sh", "task.sh", str(ledger)], "resources": {"gpus": 0, "cpus": 1, "mem": "100M"}},
                   files={"task.sh": TASK})
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    job = gw.submit(project=gw.register(path)["name"], cluster="alder", slurm={"array": f"0-{TASKS - 1}%24", "partition": "debug"})
    number_of(gw, job)
    gone = [996, 997, 998]
    for task in gone:
        assert gw.post(f"/jobs/{job['id']}/cancel", {"task": task}).status == 202
    done = wait_while_tasks_end(gw, bed, job)
    wanted = {0: ("completed", 0), 1: ("failed", 3), 2: ("failed", 139), 3: ("failed", 200), 4: ("completed", 0)}
    tasks = {task["task"]: (task["state"], task.get("exit_code")) for task in done["task_list"]}
    assert set(tasks) == set(range(TASKS))
    wrong = {task: end for task, end in tasks.items() if task not in gone and end != wanted[task % 5]}
    assert not wrong, wrong
    assert {tasks[task][0] for task in gone} == {"cancelled"}
    # On a machine so slow that a slurmd does not answer in time Slurm itself runs a task again, as its next attempt.
    ran = collections.Counter(ledger.read_text(encoding="utf-8").split())
    assert set(ran.values()) == {1}, [run for run, count in ran.items() if count > 1]
    assert set(range(TASKS)) - {int(run.partition(".")[0]) for run in ran} <= set(gone)
    assert done["state"] == "failed" and done["slurm"]["tasks"]["total"] == TASKS


# 20


CHILDREN = """\
export SLURM_CONF={conf}
for name in $(env | grep -o '^S[BL][A-Z]*_[A-Z_]*=' | tr -d =); do
    case $name in SLURM_CONF | SLUICE_*) ;; *) unset "$name" ;; esac
done
printf '#!/bin/sh\\nsleep 6\\n' >child.sh
sbatch --parsable -p debug -n1 --mem=100M child.sh >{told}.new || exit 9
sbatch --parsable -p cpu -n1 --mem=100M : -p debug -n1 --mem=100M child.sh >>{told}.new || exit 9
mv {told}.new {told}
exec sh payload.sh {ledger} 1 0
"""


@pytest.mark.parametrize("fault", ["none", "garbage", "veil"])
def test_20_jobs_that_a_job_submits_in_its_own_folder_are_neither_it_nor_its_doubles(gateway, bed, ledger_project,
                                                                                     sbatch_faults, fault):
    """They carry the token in their work directory; a het job's components have ids like 243+1. veil: they are in the
    queue when the gateway looks for what became of its submission."""
    faults = sbatch_faults()
    path, ledger = ledger_project()
    told = pathlib.Path(f"{ledger}.children")
    text = CHILDREN.format(conf=bed.env["slurm_conf"], told=told, ledger=ledger)
    (path / "run.sh").write_text(text, encoding="utf-8")
    (path / ".mlops-config.yaml").write_text("command: [sh, run.sh]\nresources: {gpus: 0, cpus: 1, mem: 200M}\n",
                                             encoding="utf-8")
    gw = gateway(clusters=[bed.cluster(slurm={"bin_dir": str(faults.folder)})], config=QUICK)
    if fault != "none":
        faults.set(fault)
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    if fault == "veil":
        until(told.exists, "the job's own jobs", timeout=60)
        faults.open()
    done = gw.wait_final(job["id"], timeout=120)
    assert (done["state"], done["exit_code"]) == ("completed", 0), done
    children = told.read_text(encoding="utf-8").split()
    assert len(children) == 2 and done["slurm"]["job_id"] not in children
    for child in children:
        until(lambda: not {"RUNNING", "PENDING"} & set(states_of(bed, child)), "the child ends", timeout=60)
        assert set(states_of(bed, child)) == {"COMPLETED"}  # nobody cancelled it
    assert len(starts(ledger)) == 1


def states_of(bed, leader):
    return bed.slurm("sacct", "-n", "-X", "-P", "-j", leader, "-o", "State").split() or ["PENDING"]


# 35: Slurm before 23.02 has no rl_enable. Newer clients wait 1, 2, 3 ... s and ask again; what they say if it is no use
# stands in the error table ("Rate limit exceeded, please retry momentarily").


LIMITED = """\
#!/bin/sh
here=$(dirname "$0")
if [ -e "$here/limited" ]; then
    sleep 1
    echo "slurm_load_jobs error: Rate limit exceeded, please retry momentarily" >&2
    exit 1
fi
exec /usr/bin/squeue "$@"
"""


def test_35_a_rate_limit_delays_and_neither_fails_nor_doubles(gateway, bed, ledger_project, sbatch_faults):
    faults = sbatch_faults()
    faults.replace("squeue", LIMITED)
    path, ledger = ledger_project(seconds=4)
    gw = gateway(clusters=[bed.cluster(slurm={"bin_dir": str(faults.folder)})], config=QUICK)
    name = gw.register(path)["name"]
    faults.set("limit", 2)
    job = gw.submit(project=name, cluster="alder")
    seen = until(lambda: (lambda it: it if "Rate limit" in str(it) or "how often" in str(it) else None)(gw.job(job["id"])),
                 "the limit is said")
    assert seen["state"] == "submitting", seen
    gw.wait_state(job["id"], "running")
    (faults.folder / "limited").touch()
    stale = until(lambda: (lambda it: it if it["stale"] else None)(gw.job(job["id"])), "a look failed")
    assert stale["state"] == "running"
    until(lambda: have_ended_there(bed, [ledger], [stale["token"]]), "it ends unseen")
    assert gw.job(job["id"])["state"] not in FINAL
    (faults.folder / "limited").unlink()
    gw.within_two_polls("alder", lambda: gw.job(job["id"])["state"] in FINAL, "its end is told")
    assert ends(gw, [job]) == [("completed", 0)]
    assert faults.met() == ["limit", "limit"]
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])
