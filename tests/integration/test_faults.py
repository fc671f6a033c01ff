"""The tools that break things for the drills do break them, and only them."""
import subprocess
import time

import pytest

from support.proxy import DOWN, UP


def ssh_argv(bed, entry):
    return ["ssh", "-F", "/dev/null", "-i", entry["ssh_key_path"], "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={entry['ssh']['known_hosts']}", "-p", str(entry["port"]), entry["host"]]


def run(bed, entry, command, stdin="", timeout=20):
    return subprocess.run([*ssh_argv(bed, entry), command], input=stdin, capture_output=True, text=True,
                          timeout=timeout, check=False)


def test_a_proxied_cluster_is_the_same_cluster(bed, proxied):
    proxy, entry = proxied()
    assert run(bed, entry, "cat", stdin="x" * 300000).stdout == "x" * 300000
    assert proxy.connections == 1


def test_a_stream_is_cut_in_the_middle(bed, proxied):
    proxy, entry = proxied()
    proxy.cut_after(100000, UP)
    done = run(bed, entry, "cat >/dev/null; echo whole", stdin="x" * 300000)
    assert done.returncode == 255 and 100000 <= proxy.passed[UP] < 110000
    assert run(bed, entry, "echo back").stdout == "back\n"


def test_a_held_link_hangs_until_released(bed, proxied):
    proxy, entry = proxied()
    proxy.hold(DOWN)
    child = subprocess.Popen([*ssh_argv(bed, entry), "echo late"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        child.communicate(timeout=1)
    proxy.release()
    assert child.communicate(timeout=10)[0] == b"late\n"


def test_a_refusing_proxy_turns_new_connections_away(bed, proxied):
    proxy, entry = proxied()
    proxy.refuse()
    assert run(bed, entry, "true").returncode == 255
    proxy.accept()
    assert run(bed, entry, "true").returncode == 0


@pytest.mark.parametrize("mode, code, accepted", [
    ("kill", 137, 1), ("garbage", 0, 1), ("fail", 1, 1), ("late", 1, 1), ("refuse", 1, 0), ("before", 137, 0),
])
def test_sbatch_loses_its_reply_once(bed, sbatch_faults, mode, code, accepted):
    faults = sbatch_faults()
    faults.set(mode)
    name = f"fault-{mode}-{time.time_ns()}"
    command = f"{faults.folder}/sbatch -H -p cpu -J {name} --wrap true"
    done = bed.ssh(f"{command}; echo code $?")
    assert f"code {code}\n" in done.stdout and faults.met() == [mode]
    time.sleep(4 if mode == "late" else 0)
    assert len(bed.slurm("squeue", "-h", "-n", name).splitlines()) == accepted
    assert "Submitted batch job" in bed.ssh(command).stdout
    bed.slurm("scancel", "-n", name)


def test_a_further_sshd_leads_to_the_same_users(bed, other_sshd):
    sshd = other_sshd(host_keys=["rsa"], MaxSessions=1)
    assert run(bed, sshd.cluster(), "id -un").stdout.strip() == bed.user()["name"]
    assert sshd.fingerprint("rsa").startswith("SHA256:")
    sshd.stop()
    sshd.new_host_key("rsa")
    sshd.start()
    changed = run(bed, sshd.cluster(), "true")
    assert changed.returncode == 255 and "REMOTE HOST IDENTIFICATION HAS CHANGED" in changed.stderr


def test_an_agent_logs_in(bed, ssh_agent):
    agent = ssh_agent()
    argv = ["ssh", "-F", "/dev/null", "-o", f"IdentityAgent={agent.socket}", "-o", "BatchMode=yes", "-o",
            f"UserKnownHostsFile={bed.env['known_hosts']}", "-p", str(bed.env["ssh_port"]),
            f"{bed.user()['name']}@127.0.0.1", "echo in"]
    assert subprocess.run(argv, capture_output=True, text=True, check=False).stdout == "in\n"
