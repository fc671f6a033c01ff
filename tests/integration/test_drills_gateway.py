"""Drills 22, 23 and 29-34: what befalls the gateway and its machine. (25-28, our own disk, memory and descriptors, are torture
tests of the store and of the services.)"""
import concurrent.futures
import datetime
import os
import pathlib
import signal
import socket
import sqlite3
import threading

import pytest

from support.gateway import FINAL, GatewayFailed, to_yaml, until
from support.receiver import Receiver, put_secret
from support.witness import assert_exactly_once, checker
from support.world import with_files
from test_notify import KEY

pytestmark = pytest.mark.drill
QUICK = {"t_settle": "12s"}
DAY_S = 86400


def local_of(folder, **more):
    return {"name": "local", "type": "local", "workspace": str(folder / "work"), **more}


def began(ledger):
    return checker.read_ledgers([ledger])[0]


def over(ledger):
    return checker.read_ledgers([ledger])[1]


# 22


@pytest.mark.parametrize("days", [1, -1])
def test_22_a_clock_that_is_set_by_a_day_changes_no_jobs_fate(gateway, bed, ledger_project, sbatch_faults, wall_clock, days):
    """One job runs meanwhile and must not look started anew; another's submission is in doubt and must not be proved
    absent by the clock alone. The gateway starts anew in between."""
    faults = sbatch_faults()
    path, ledger = ledger_project(seconds=8)
    entry = bed.cluster(slurm={"bin_dir": str(faults.folder)})
    gw = gateway(clusters=[entry], config=QUICK, env=wall_clock.env)
    name = gw.register(path)["name"]
    runs = gw.submit(project=name, cluster="alder")
    gw.wait_state(runs["id"], "running")
    faults.set("late")  # accepted 3 s after sbatch has said that it was not
    doubtful = gw.submit(project=name, cluster="alder")
    until(lambda: faults.met(), "its reply is lost")
    wall_clock.set(days * DAY_S)
    until(lambda: gw.job(runs["id"])["state"] in FINAL or abs(gw.json("/clusters/alder").get("clock_skew_s", 0)) > 80_000,
          "a look since then")
    gw.restart()
    for job in (runs, doubtful):
        done = gw.wait_final(job["id"], timeout=180)
        assert (done["state"], done["attempt"]) == ("completed", 1), done
        lasted = seconds(done["ended_at"]) - seconds(done["started_at"])
        assert 5 <= lasted < DAY_S / 2, done
    kinds = [event["kind"] for job in (runs, doubtful) for event in gw.json(f"/jobs/{job['id']}/events")["items"]]
    assert "requeued" not in kinds
    assert_exactly_once(gw, [ledger], bed, accepted=[runs["id"], doubtful["id"]])


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("change", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"], ids=["forward", "back"])
def test_22_a_job_that_runs_while_summer_time_begins_or_ends_lasts_as_long_as_it_did(gateway, bed, ledger_project, other_sshd,
                                                                                    wall_clock, change):
    """The gateway in Berlin, a few seconds before the hour that is missing or comes twice; the login node in New York."""
    sshd = other_sshd(SetEnv=f"SLURM_CONF={bed.env['slurm_conf']} TZ=America/New_York")
    path, ledger = ledger_project(seconds=6)
    wall_clock.set(seconds(change) - datetime.datetime.now(datetime.timezone.utc).timestamp() - 4)
    gw = gateway(clusters=[sshd.cluster()], config=QUICK, env={**wall_clock.env, "TZ": "Europe/Berlin"})
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    done = gw.wait_final(job["id"])
    assert (done["state"], done["attempt"]) == ("completed", 1), done
    lasted = seconds(done["ended_at"]) - seconds(done["started_at"])
    assert 4 <= lasted < 1800 and seconds(done["created_at"]) - 4 <= seconds(done["started_at"]), done
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


# 23


def test_23_a_full_disk_on_the_cluster_delays_a_submission_and_hides_no_end(gateway, bed, ledger_project, small_disk):
    disk = small_disk()
    path, ledger = ledger_project(seconds=3, code=5)
    gw = gateway(clusters=[bed.cluster(workspace=str(disk.path / "work"))], config=QUICK)
    name = gw.register(path)["name"]
    runs = gw.submit(project=name, cluster="alder")
    until(lambda: began(ledger), "it runs")
    disk.fill()  # its exit file cannot be written
    waits = gw.submit(project=name, cluster="alder")
    done = gw.wait_final(runs["id"])
    assert (done["state"], done["exit_code"]) == ("failed", 5), done
    seen = until(lambda: (lambda it: it if it.get("why") else None)(gw.job(waits["id"])), "a reason")
    assert seen["state"] == "submitting" and "the run directory: No space left on device" in seen["why"], seen
    assert "free space in the workspace" in seen["why"], seen
    disk.free()
    done = gw.wait_final(waits["id"], timeout=180)
    assert (done["state"], done["exit_code"]) == ("failed", 5), done
    assert_exactly_once(gw, [ledger], bed, accepted=[runs["id"], waits["id"]])


# 29


def test_29_a_gateway_killed_again_and_again_under_load_runs_each_job_once(gateway, bed, folder, ledger_project,
                                                                         make_local_ledger):
    path, ledger = ledger_project(seconds=1)
    here, other = make_local_ledger(seconds=1)
    gw = gateway(clusters=[bed.cluster(), local_of(folder)], config=QUICK)
    names = {"alder": gw.register(path)["name"], "local": gw.register(here)["name"]}
    gw.json("/clusters/alder/partitions")
    stop = threading.Event()

    def post(number):
        """As a patient client: the same key until it is answered."""
        cluster = ("alder", "local")[number % 2]
        while not stop.is_set():
            try:
                answer = gw.post("/jobs", {"project": names[cluster], "cluster": cluster}, key=f"load-{number}", timeout=30)
                if answer.status == 202:
                    return answer.json["id"]
                assert answer.status in (429, 503), answer
            except OSError:
                stop.wait(0.2)
        return None

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        posts = [pool.submit(post, number) for number in range(36)]
        try:
            for share in (6, 14, 22, 30):
                until(lambda many=share: sum(one.done() for one in posts) >= many, "some are accepted", timeout=120)
                gw.restart(timeout=60)
            jobs = [one.result(timeout=120) for one in posts]
        finally:
            stop.set()
    assert len(set(jobs)) == 36
    assert {gw.wait_final(job, timeout=240)["state"] for job in jobs} == {"completed"}
    assert_exactly_once(gw, [ledger, other], bed, accepted=jobs)


# 30


def test_30_after_a_reboot_what_ran_is_lost_what_ended_is_told_and_what_waited_runs(gateway, folder, make_local_ledger):
    """All processes are gone and the machine has another boot id."""
    boot = folder / "boot_id"
    boot.write_text("00000000-0000-4000-8000-000000000000\n", encoding="utf-8")
    long_path, long_ledger = make_local_ledger(seconds=300)
    ends_path, ends_ledger = make_local_ledger(seconds=2, code=4)
    waits_path, waits_ledger = make_local_ledger(seconds=0)
    gw = gateway(clusters=[local_of(folder, local={"cpu_slots": 2})])
    runs = gw.submit(project=gw.register(long_path)["name"], cluster="local")
    ends = gw.submit(project=gw.register(ends_path)["name"], cluster="local")
    until(lambda: began(long_ledger) and began(ends_ledger), "two run")
    waits = gw.submit(project=gw.register(waits_path)["name"], cluster="local")
    gw.wait_state(waits["id"], "pending")
    gw.kill9()
    until(lambda: over(ends_ledger), "one ends meanwhile")
    run_dir = pathlib.Path(folder, "work", "runs", ends["token"])
    until((run_dir / "exit").exists, "its supervisor has written that")
    while gw.leftovers():
        for pid in gw.leftovers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    gw.prefix = with_files({"/proc/sys/kernel/random/boot_id": boot})
    gw.start()
    lost = gw.wait_final(runs["id"])
    assert lost["state"] == "lost" and lost["why"], lost
    ended = gw.wait_final(ends["id"])
    assert (ended["state"], ended["exit_code"]) == ("failed", 4), ended
    assert gw.wait_final(waits["id"])["state"] == "completed"
    ledgers = [long_ledger, ends_ledger, waits_ledger]
    assert [len(began(ledger)) for ledger in ledgers] == [1, 1, 1]
    assert_exactly_once(gw, ledgers, accepted=[runs["id"], ends["id"], waits["id"]])


# 31


def test_31_a_target_that_is_down_for_a_day_hears_once_when_it_is_back(gateway, folder, project, wall_clock):
    receiver = Receiver()
    port = receiver.port
    receiver.close()
    notifiers = {"ci": {"type": "webhook", "url_secret": "ci-url", "sign_secret": "ci-key"}}
    text = to_yaml({"version": 1, "notifiers": notifiers, "clusters": [local_of(folder)]})
    gw = gateway(clusters=text, config={"webhooks": {"allow": [f"127.0.0.1:{port}"]}}, env=wall_clock.env, start=False)
    put_secret(gw.state_dir, "ci-url", f"http://127.0.0.1:{port}/hook\n".encode())
    put_secret(gw.state_dir, "ci-key", KEY + b"\n")
    gw.start()
    name = gw.register(project(config={"notify": {"to": ["ci"]}}))["name"]
    job = gw.submit(project=name, cluster="local", args=["exit=1"])
    assert gw.wait_final(job["id"])["state"] == "failed"

    def tries():
        return [item["tries"] for item in gw.json("/notifiers/ci/deliveries")["items"]]

    until(lambda: tries() and tries()[0] > 0, "a first try", timeout=60)
    for hours in (6, 12, 18, 24):
        before = tries()[0]
        wall_clock.set(hours * 3600)
        gw.restart()
        until(lambda least=before: tries()[0] > least, "a further try", timeout=60)
    again = Receiver(port)
    try:
        wall_clock.set(25 * 3600)
        gw.restart()
        again.wait(1)
        until(lambda: gw.json("/notifiers/ci/deliveries")["items"][0]["status"] == "delivered", "delivered")
        wall_clock.set(26 * 3600)
        gw.restart()
        second = gw.submit(project=name, cluster="local", args=["exit=2"])
        gw.wait_final(second["id"])
        messages = again.wait(2)
        assert [b'"exit_code":1' in message["body"] for message in messages] == [True, False]
    finally:
        again.close()


# 32


class Deaf:
    """A client of the event stream that does not read until it is told to."""

    def __init__(self, gw):
        self.gw = gw
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect(("127.0.0.1", gw.port))
        self.ask(self.socket, 0)

    def ask(self, to, after):
        to.sendall(f"GET /api/v1/events?after={after} HTTP/1.1\r\nHost: 127.0.0.1:{self.gw.port}\r\n"
                   "Accept: text/event-stream\r\n\r\n".encode())

    def read_all(self, last):
        """Every event id up to last, reconnecting as a browser does where it was dropped."""
        ids, rest, stream = [], b"", self.socket
        while not ids or ids[-1] < last:
            stream.settimeout(60)
            try:
                piece = stream.recv(65536)
            except ConnectionResetError:  # dropped, and the kernel gave up on what was still to be sent
                piece = b""
            if not piece:
                stream.close()
                stream, rest = socket.create_connection(("127.0.0.1", self.gw.port)), b""
                self.ask(stream, ids[-1] if ids else 0)
                continue
            *lines, rest = (rest + piece).split(b"\n")
            ids += [int(line[3:]) for line in lines if line.startswith(b"id:") and line[3:].strip().isdigit()]
        stream.close()
        return ids


def test_32_clients_that_never_read_keep_nobody_else_waiting_and_miss_nothing(gateway, folder, project):
    gw = gateway(clusters=[local_of(folder)])
    job = gw.submit(project=gw.register(project())["name"], cluster="local")
    gw.wait_final(job["id"])
    deaf = [Deaf(gw) for _ in range(50)]
    text = "x" * 900
    for number in range(400):  # each is an event to all of them
        answer = gw.patch(f"/jobs/{job['id']}", {"description": f"{number} {text}"})
        assert answer.status == 200, answer
    found, after = [], 0
    while True:
        page = gw.json(f"/events?after={after}&limit=200")["items"]
        found += [event["id"] for event in page]
        if not page:
            break
        after = found[-1]
    assert len(found) >= 400
    heard = deaf[0].read_all(found[-1])
    assert heard == found
    for one in deaf[1:]:
        one.socket.close()
    assert gw.get("/healthz").status == 200


# 33


def test_33_of_two_daemons_on_one_state_directory_one_serves_and_jobs_run_once(gateway, folder, make_local_ledger):
    path, ledger = make_local_ledger(seconds=5)
    gw = gateway(clusters=[local_of(folder)])
    job = gw.submit(project=gw.register(path)["name"], cluster="local")
    until(lambda: began(ledger), "it runs")
    second = gateway(clusters=[local_of(folder)], start=False)
    second.state_dir = gw.state_dir
    with pytest.raises(GatewayFailed, match="another"):
        second.start()
    assert gw.job(job["id"])["state"] == "running"
    gw.kill9()
    for one in (gw, second):  # both at once, as a supervisor and a person would
        one.start(wait=False)
    alive = until(lambda: [one for one in (gw, second) if one.is_running] if not (gw.is_running and second.is_running) else None,
                  "one of them gives way", timeout=60)
    assert len(alive) == 1
    alive[0].wait_ready(60)
    assert alive[0].wait_final(job["id"])["state"] == "completed"
    assert_exactly_once(alive[0], [ledger], accepted=[job["id"]])


# 34


VERSION_1 = {"job", "job_index", "job_doc", "job_script", "job_tag", "job_count", "event", "project", "idempotency", "value"}


def set_version(gw, version):
    """As another version left the store; 1: without all that came later."""
    with sqlite3.connect(gw.state_dir / "sluice.db") as base:
        was = base.execute("PRAGMA user_version").fetchone()[0]
        later = [(kind, name) for kind, name in base.execute("SELECT type, name FROM sqlite_master ORDER BY type DESC")
                 if version == 1 and ((kind == "trigger" and not name.startswith("job_count_")) or
                                      (kind == "table" and name not in VERSION_1 and not name.startswith("sqlite_")))]
        for kind, name in later:
            base.execute(f"DROP {kind} {name}")
        base.execute(f"PRAGMA user_version = {version}")
    base.close()
    return was


def test_34_a_downgrade_is_refused_an_upgrade_works_and_live_jobs_end_rightly(gateway, bed, ledger_project):
    """The store of a newer version is left alone; one of an older version is copied and brought up. The job runs on."""
    path, ledger = ledger_project(seconds=8, code=3)
    gw = gateway(clusters=[bed.cluster()], config=QUICK)
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    gw.wait_state(job["id"], "running")
    gw.stop()
    now = set_version(gw, 9999)
    with pytest.raises(GatewayFailed, match="newer"):
        gw.start()
    assert set_version(gw, 1) == 9999
    before = set(os.listdir(gw.state_dir))
    gw.start()
    assert "sluice.db.backup-v1" in set(os.listdir(gw.state_dir)) - before
    assert set_version_of(gw) == now
    done = gw.wait_final(job["id"])
    assert (done["state"], done["exit_code"]) == ("failed", 3), done
    assert_exactly_once(gw, [ledger], bed, accepted=[job["id"]])


def set_version_of(gw):
    base = sqlite3.connect(f"file:{gw.state_dir}/sluice.db?mode=ro", uri=True)
    try:
        return base.execute("PRAGMA user_version").fetchone()[0]
    finally:
        base.close()
