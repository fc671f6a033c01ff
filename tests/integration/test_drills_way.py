"""Drills 3-6 and 24: the way to the cluster changes its locks, is away, loses its name, talks too much. (1 and 2, cuts
and hangs, are in test_exactly_once.py, test_following.py and test_rounds.py.)"""
import pathlib

import pytest

from support.gateway import FINAL, until
from support.witness import assert_exactly_once, have_ended_there, is_told_by_accounting
from support.world import with_files

pytestmark = pytest.mark.drill
QUICK = {"t_settle": "12s"}
SOON = {"connect_timeout": 3, "command_timeout": 5, "keepalive": 1}


def link(gw):
    return gw.json("/clusters/alder")["connection"]


def stale(gw, job):
    """The job, once it is said to be unseen for a while; its end is not known and not guessed."""
    seen = until(lambda: (lambda it: it if it["stale"] else None)(gw.job(job["id"])), "the job is stale", timeout=60)
    assert seen["state"] not in FINAL, seen
    return seen


def all_is_well_again(gw, bed, ledgers, jobs):
    """By itself, within two polls: the cluster and its jobs are seen again, and an end is told."""

    def is_seen():
        row = gw.json("/clusters/alder")
        return row["state"] == "reachable" and not row["stale"] and not any(gw.job(job["id"])["stale"] for job in jobs)

    gw.within_two_polls("alder", is_seen, "the cluster is seen again")
    tokens = {gw.job(job["id"])["token"] for job in jobs}
    until(lambda: have_ended_there(bed, ledgers, tokens), "all have ended there", timeout=180)
    until(lambda: is_told_by_accounting(bed, tokens), "accounting tells of it", timeout=180)
    gw.within_two_polls("alder", lambda: all(gw.job(job["id"])["state"] in FINAL for job in jobs), "the ends are told")
    for job in jobs:
        done = gw.job(job["id"])
        assert (done["state"], done["stale"], done["attempt"]) == ("completed", False, 1), done
    assert_exactly_once(gw, ledgers, bed, accepted=[job["id"] for job in jobs])


@pytest.fixture
def site(gateway, ledger_project, other_sshd):
    """A gateway before an sshd of its own with a job that runs; site.sshd, site.jobs, site.more()."""

    def make(seconds=4, **options):
        sshd = other_sshd(**options)
        path, ledger = ledger_project(seconds=seconds)
        gw = gateway(clusters=[sshd.cluster(ssh=SOON)], config=QUICK)
        name = gw.register(path)["name"]

        def more():
            gw.jobs_made.append(gw.submit(project=name, cluster="alder"))
            return gw.jobs_made[-1]

        gw.sshd, gw.ledger, gw.jobs_made, gw.more = sshd, ledger, [], more
        gw.wait_state(more()["id"], "running")
        return gw

    return make


def test_03_a_changed_host_key_stops_all_and_jobs_are_told_rightly_once_it_is_accepted(site, bed):
    gw = site()
    gw.sshd.stop()
    gw.sshd.new_host_key("ed25519")
    gw.sshd.start()
    stale(gw, gw.jobs_made[0])
    waits = gw.more()
    until(lambda: gw.sshd.fingerprint("ed25519") in gw.get("/clusters/alder").text, "the key it shows now is said")
    assert gw.job(waits["id"])["state"] == "submitting"
    gw.sshd.known_hosts.write_text(gw.sshd.known_line("ed25519"), encoding="utf-8")  # a person looked at it
    assert gw.post("/clusters/alder/connect", {}).json["state"] == "up"
    all_is_well_again(gw, bed, [gw.ledger], gw.jobs_made)


def failed_logins(sshd):
    return sshd.log.read_text(encoding="utf-8", errors="replace").count("[preauth]")


def test_04_a_key_that_is_no_longer_let_in_is_tried_once_and_jobs_are_safe_until_it_is(site, bed):
    user = bed.user()
    keys = pathlib.Path(user["home"], ".ssh", "authorized_keys")
    own = keys.with_name(f"keys-{id(site)}")
    own.write_bytes(keys.read_bytes())
    gw = site(AuthorizedKeysFile=f".ssh/{own.name}")
    own.write_bytes(b"")
    gw.sshd.stop()
    gw.sshd.start()
    before = failed_logins(gw.sshd)
    stale(gw, gw.jobs_made[0])
    until(lambda: link(gw)["state"] == "refused", "the refusal is a state of its own")
    gw.more()
    assert gw.get("/clusters/alder/partitions").status >= 400 and gw.json("/clusters/alder")["error"]
    assert failed_logins(gw.sshd) - before <= 2  # a login node that bans is not provoked
    own.write_bytes(keys.read_bytes())
    assert gw.post("/clusters/alder/connect", {}).json["state"] == "up"
    all_is_well_again(gw, bed, [gw.ledger], gw.jobs_made)
    own.unlink()


def test_05_a_login_node_that_reboots_is_found_again_by_itself(site, bed):
    gw = site()
    gw.sshd.stop()
    stale(gw, gw.jobs_made[0])
    gw.more()
    gw.sshd.start()
    all_is_well_again(gw, bed, [gw.ledger], gw.jobs_made)


def test_06_a_name_that_no_longer_resolves_holds_up_its_own_cluster_only(gateway, bed, proxied, folder, ledger_project,
                                                                         make_local_ledger):
    proxy, entry = proxied(ssh=SOON)
    hosts, name = folder / "hosts", "login.alder.test"
    known = "127.0.0.1 localhost\n"
    hosts.write_text(f"{known}127.0.0.1 {name}\n", encoding="utf-8")
    lines = pathlib.Path(entry["ssh"]["known_hosts"])
    lines.write_text(lines.read_text(encoding="utf-8").replace("[127.0.0.1]", f"[{name}]"), encoding="utf-8")
    entry["host"] = f"{bed.user()['name']}@{name}"
    local = {"name": "local", "type": "local", "workspace": str(folder / "work")}
    gw = gateway(clusters=[entry, local], config=QUICK, prefix=with_files({"/etc/hosts": hosts}))
    path, ledger = ledger_project(seconds=3)
    here, other_ledger = make_local_ledger()
    project = gw.register(path)["name"]
    jobs = [gw.submit(project=project, cluster="alder")]
    gw.wait_state(jobs[0]["id"], "running")
    hosts.write_text(known, encoding="utf-8")
    proxy.cut()
    stale(gw, jobs[0])
    until(lambda: name in gw.json("/clusters/alder")["error"], "the name is said")
    jobs.append(gw.submit(project=project, cluster="alder"))
    done = gw.wait_final(gw.submit(project=gw.register(here)["name"], cluster="local")["id"])
    assert done["state"] == "completed"
    hosts.write_text(f"{known}127.0.0.1 {name}\n", encoding="utf-8")
    all_is_well_again(gw, bed, [ledger, other_ledger], jobs)


@pytest.mark.parametrize("user", ["noisy", "tcsh", "fish"])
def test_24_a_lost_reply_is_found_again_through_any_login_shell(gateway, bed, ledger_project, sbatch_faults, user):
    faults = sbatch_faults(user)
    path, ledger = ledger_project(seconds=1, user=user)
    gw = gateway(clusters=[bed.cluster(user=user, slurm={"bin_dir": str(faults.folder)})], config=QUICK)
    name = gw.register(path)["name"]
    faults.set("garbage")
    jobs = [gw.submit(project=name, cluster="alder") for _ in range(2)]
    all_is_well_again(gw, bed, [ledger], jobs)
    assert faults.met() == ["garbage"]
