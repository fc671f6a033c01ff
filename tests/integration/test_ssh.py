"""How the gateway logs in: keys, hosts' keys, agents, and words that help where it cannot."""
import concurrent.futures
import json
import time

import pytest

from support.gateway import until
from support.proxy import DOWN, UP


def cluster_says(gw, words, timeout=30):
    """Until the cluster's entry holds one of these words; returns it."""
    end = time.monotonic() + timeout
    while True:
        text = json.dumps(gw.json("/clusters/alder"))
        if any(word.lower() in text.lower() for word in words) or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert any(word.lower() in text.lower() for word in words), text
    return text


def runs_a_job(gw, path):
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    assert gw.wait_final(job["id"])["state"] == "completed"


def try_a_job(gw, path):
    return gw.submit(project=gw.register(path)["name"], cluster="alder")


@pytest.mark.threads
@pytest.mark.parametrize("key", ["ed25519", "ecdsa"])
def test_a_key_file_logs_in(gateway, bed, project, key):
    runs_a_job(gateway(clusters=[bed.cluster(key=key)]), project())


@pytest.mark.threads
def test_an_agent_logs_in(gateway, bed, project, ssh_agent):
    entry = bed.cluster(ssh_key_path=None)
    runs_a_job(gateway(clusters=[entry], env={"SSH_AUTH_SOCK": ssh_agent().socket}), project())


def test_an_rsa_key_is_beyond_libssh2_and_the_other_backend_is_named(gateway, bed, project):
    gw = gateway(clusters=[bed.cluster(key="rsa", ssh={"backend": "libssh2"})])
    try_a_job(gw, project())
    assert "openssh" in cluster_says(gw, ["rsa"])


def test_an_unknown_host_key_is_refused_with_its_fingerprint(gateway, bed, project, other_sshd, folder):
    sshd = other_sshd()
    empty = folder / "empty"
    empty.write_text("", encoding="utf-8")
    gw = gateway(clusters=[sshd.cluster(ssh={"known_hosts": str(empty)})])
    try_a_job(gw, project())
    assert sshd.fingerprint("ed25519") in cluster_says(gw, ["SHA256:"])


def test_a_changed_host_key_is_refused_and_jobs_stay(gateway, bed, project, other_sshd):
    sshd = other_sshd()
    gw = gateway(clusters=[sshd.cluster()])
    path = project()
    runs_a_job(gw, path)
    job = gw.submit(project=gw.register(path)["name"], cluster="alder", args=["sleep=20"])
    gw.wait_state(job["id"], "running")
    sshd.stop()
    sshd.new_host_key("ed25519")
    sshd.start()
    assert sshd.fingerprint("ed25519") in cluster_says(gw, ["SHA256:"])
    seen = until(lambda: (lambda it: it if it["stale"] else None)(gw.job(job["id"])), "the job is stale")
    assert seen["state"] == "running"


def test_a_host_with_an_rsa_key_only_names_the_other_backend(gateway, project, other_sshd):
    sshd = other_sshd(host_keys=["rsa"])
    gw = gateway(clusters=[sshd.cluster(ssh={"backend": "libssh2"})])
    try_a_job(gw, project())
    assert "openssh" in cluster_says(gw, ["openssh"])


def test_algorithms_beyond_libssh2_name_the_other_backend(gateway, project, other_sshd):
    sshd = other_sshd(MACs="hmac-sha2-256-etm@openssh.com")
    gw = gateway(clusters=[sshd.cluster(ssh={"backend": "libssh2"})])
    try_a_job(gw, project())
    assert "openssh" in cluster_says(gw, ["openssh"])


BEYOND = {"rsa-host-key": {"host_keys": ["rsa"]}, "etm-macs": {"MACs": "hmac-sha2-256-etm@openssh.com"},
          "gcm": {"Ciphers": "aes256-gcm@openssh.com"}}


@pytest.mark.parametrize("options", BEYOND.values(), ids=BEYOND.keys())
def test_what_is_beyond_libssh2_simply_works_with_backend_auto(gateway, project, other_sshd, options):
    runs_a_job(gateway(clusters=[other_sshd(**options).cluster()]), project())


def test_an_rsa_key_simply_works_with_backend_auto(gateway, bed, project):
    runs_a_job(gateway(clusters=[bed.cluster(key="rsa")]), project())


def test_a_login_cut_at_any_byte_is_tried_again(gateway, proxied):
    """A link that breaks during the login is no refusal, which would stop all logins until a person comes."""
    cuts = [(way, after) for way in (UP, DOWN) for after in range(0, 4000, 128)]
    sites = [proxied(name=f"c{number}") for number in range(len(cuts))]
    gw = gateway(clusters=[entry for _, entry in sites])
    for (proxy, _), (way, after) in zip(sites, cuts):
        proxy.cut_after(after, way, rst=after % 256 == 0)

    def log_in(number):
        where = f"/clusters/c{number}"
        gw.get(where + "/partitions")
        gw.get(where + "/partitions")  # what was not cut during the login is cut here
        assert gw.json(where)["connection"]["state"] != "refused", (cuts[number], gw.json(where))
        until(lambda: gw.get(where + "/partitions").status == 200, f"{cuts[number]}: {gw.get(where).text}")

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        list(pool.map(log_in, range(len(cuts))))
    assert "refuses the login" not in gw.log_text()


def test_a_server_with_one_session_at_a_time_is_enough(gateway, project, other_sshd):
    sshd = other_sshd(MaxSessions=1)
    gw = gateway(clusters=[sshd.cluster()])
    name = gw.register(project())["name"]
    jobs = [gw.submit(project=name, cluster="alder") for _ in range(5)]
    assert {gw.wait_final(job["id"])["state"] for job in jobs} == {"completed"}


def test_a_refused_key_is_not_tried_again_and_again(gateway, bed, project):
    entry = bed.cluster(host=f"{bed.user()['name']}x@127.0.0.1")
    gw = gateway(clusters=[entry])
    before = bed.count()["offset"]
    path = project()
    try_a_job(gw, path)
    cluster_says(gw, ["authenti", "refused", "denied"])
    another = try_a_job(gw, path)
    until(lambda: "no retry until reconnect" in json.dumps(gw.job(another["id"])), "the next job hears of it, too")
    assert bed.count(before)["failed_logins"] <= 2


def test_an_unreachable_cluster_makes_its_jobs_stale_and_holds_up_no_other(gateway, project, proxied):
    proxy, entry = proxied()
    gw = gateway(clusters=[entry, {"name": "local", "type": "local"}])
    name = gw.register(project())["name"]
    job = gw.submit(project=name, cluster="alder", args=["sleep=8"])
    gw.wait_state(job["id"], "running")
    proxy.refuse()
    local = gw.submit(project=name, cluster="local")
    assert gw.wait_final(local["id"])["state"] == "completed"
    end = time.monotonic() + 30
    while not gw.job(job["id"])["stale"] and time.monotonic() < end:
        time.sleep(0.2)
    seen = gw.job(job["id"])
    assert seen["stale"] is True and seen["state"] == "running"
    proxy.accept()
    done = gw.wait_final(job["id"], timeout=120)
    assert done["state"] == "completed" and done["stale"] is False
