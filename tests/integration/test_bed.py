"""The bed itself: what the other tests stand on must stand."""
import os
import pathlib
import pwd
import re
import subprocess
import tempfile
import time

import pytest

from support.bed import Bed, BedFailed, bed_command

SHELLS = ["ml", "noisy", "tcsh", "fish", "zsh", "sh", "vis"]


def until(is_so, timeout=20, step=0.1):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end, f"not so after {timeout} s"
        time.sleep(step)


def job_state(bed, job_id):
    return bed.slurm("sacct", "-n", "-X", "-P", "-j", job_id, "-o", "State").strip()


def submit(bed, command, user="ml", **more):
    done = bed.ssh(f"sbatch --parsable {command}", user=user, **more)
    assert done.returncode == 0, done.stderr
    return re.findall(r"^\d+$", done.stdout, re.M)[-1]


@pytest.mark.parametrize("user", SHELLS)
def test_a_job_runs_as_the_user_through_each_login_shell(bed, user):
    home = bed.user(user)["home"]
    job = submit(bed, f'-p cpu -o {home}/out-%j --wrap "id -un"', user=user)
    until(lambda: job_state(bed, job) == "COMPLETED")
    assert pathlib.Path(f"{home}/out-{job}").read_text(encoding="utf-8").strip() == bed.user(user)["name"]


def test_each_login_shell_is_what_it_is_called(bed):
    for user, shell in (("tcsh", "tcsh"), ("fish", "fish"), ("zsh", "zsh"), ("noisy", "bash")):
        assert pwd.getpwnam(bed.user(user)["name"]).pw_shell.endswith(shell)
        assert "tcsh" in bed.ssh("echo $version", user=user).stdout or user != "tcsh"


def test_the_noisy_user_gets_noise_on_both_streams(bed):
    done = bed.ssh("true", user="noisy")
    assert "Welcome" in done.stdout and "Last maintenance" in done.stderr


@pytest.mark.parametrize("key", ["ed25519", "ecdsa", "rsa"])
def test_every_kind_of_key_logs_in(bed, key):
    assert bed.ssh("echo in", key=key).stdout == "in\n"


def test_gpu_types_are_visible_by_node(bed):
    nodes = bed.slurm("scontrol", "show", "node", "-o")
    for name, gres in bed.env["nodes"].items():
        line = next(line for line in nodes.splitlines() if line.startswith(f"NodeName={name} "))
        for kind, count in gres.items():
            assert f"gpu:{kind}:{count}" in line and f"gres/gpu:{kind}={count}" in line


def test_a_job_is_given_the_gpus_it_asked_for(bed):
    out = f"{bed.user()['home']}/gpus-%j"
    job = submit(bed, f"--gres=gpu:h100:2 -p h100 -o {out} --wrap 'echo $CUDA_VISIBLE_DEVICES'")
    until(lambda: job_state(bed, job) == "COMPLETED")
    text = pathlib.Path(out.replace("%j", job)).read_text(encoding="utf-8")
    assert len(text.strip().split(",")) == 2


def test_over_its_memory_a_job_ends_out_of_memory(bed, needs_oom):
    job = submit(bed, "-p cpu --mem=50M --wrap \"/usr/bin/python3 -c \\\"b=b'x'*(300<<20)\\\"\"")
    until(lambda: job_state(bed, job) == "OUT_OF_MEMORY")


@pytest.mark.parametrize("words, text", [
    ("-p nosuch", "Invalid partition name specified"),
    ("-A vision", "Invalid account or account/partition combination specified"),
    ("-q nosuch", "Invalid qos specification"),
    ("--gres=gpu:v100:1", "Requested node configuration is not available"),
    ("-p cpu --gres=gpu:1", "Requested node configuration is not available"),
    ("-q strict -t 60", "QOSMaxWallDurationPerJobLimit"),
    ("-q strict -t 5 --gres=gpu:a100:4", "QOSMaxGRES"),
])
def test_sbatch_refuses_with_its_own_words(bed, words, text):
    done = bed.ssh(f"sbatch {words} --wrap true")
    assert done.returncode == 1 and text in done.stderr


@pytest.mark.parametrize("words, reason", [
    ("-p closed", "PartitionDown"),
    ("-p private", "Job's account not permitted to use this partition"),
    ("-p debug -t 2:00:00", "PartitionTimeLimit"),
    ("-q gpu4 --gres=gpu:h100:8", "QOSMaxGRESPerUser"),
])
def test_what_sbatch_takes_though_it_cannot_run_waits(bed, words, reason):
    job = submit(bed, f"{words} --wrap true")
    until(lambda: reason in bed.slurm("squeue", "-h", "-j", job, "-o", "%r"))
    bed.slurm("scancel", job)


def test_logins_and_commands_are_counted(bed):
    before = bed.count()["offset"]
    for _ in range(3):
        bed.ssh("true")
    bed.ssh("true", user="fish")
    argv = ["ssh", "-F", "/dev/null", "-i", bed.env["key"], "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-p", str(bed.env["ssh_port"]), "root@127.0.0.1", "true"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 255
    until(lambda: bed.count(before)["failed_logins"] == 1)
    counted = bed.count(before)
    assert (counted["logins"], counted["execs"]) == (4, 4)
    assert counted["by_user"][bed.user("fish")["name"]] == {"logins": 1, "execs": 1}
    assert bed.count(counted["offset"])["logins"] == 0


def test_everything_listens_on_loopback_only(bed):
    ports = bed.env["ports"]
    wanted = {ports["ctld"], ports["dbd"], ports["sshd"], *ports["slurmd"].values()}
    open_ports = {}
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            words = line.split()
            address, port = words[1].split(":")
            if words[3] == "0A" and int(port, 16) in wanted:
                open_ports[int(port, 16)] = address
    assert set(open_ports) == wanted
    if bed.env["loopback_only"]:
        assert all(address.endswith("7F") for address in open_ports.values()), open_ports


@pytest.mark.drill
def test_two_beds_side_by_side_and_down_leaves_nothing(bed):
    began = time.monotonic()
    other = Bed.up(template=str(pathlib.Path(bed.dir) / "template"))
    assert time.monotonic() - began < 30
    names = [user["name"] for user in other.env["users"].values()]
    pids = [pid for pid in other.env["pids"].values() if pid]
    assert len(pids) >= 10
    try:
        assert other.env["cluster_name"] != bed.env["cluster_name"]
        mine = submit(bed, "-p cpu --wrap 'sleep 30'")
        theirs = submit(other, "-p cpu --wrap 'sleep 300'")
        until(lambda: "RUNNING" in other.slurm("squeue", "-h", "-j", theirs, "-o", "%T"))
        assert bed.user()["name"] not in other.slurm("squeue", "-h", "-o", "%u")
        uids = {user["uid"] for user in other.env["users"].values()}
    finally:
        other.down()
    assert not os.path.exists(other.dir)
    for name in names:
        with pytest.raises(KeyError):
            pwd.getpwnam(name)
    assert not [pid for pid in pids if is_alive(pid)]
    assert not [pid for pid in all_pids() if owner(pid) in uids and is_alive(pid)]
    assert not [pid for pid in all_pids() if has_open_below(pid, other.dir)]
    until(lambda: bed.slurm("squeue", "-h", "-j", mine, "-o", "%T").strip() in ("RUNNING", "PENDING"))
    assert bed.ssh("id -un").stdout.strip() == bed.user()["name"]
    bed.slurm("scancel", mine)


@pytest.mark.drill
def test_a_bed_goes_when_the_process_that_wanted_it_is_killed(bed):
    folder = tempfile.mkdtemp(prefix="sluice-bed-", dir="/tmp")
    wanted = subprocess.Popen(["sleep", "600"])
    bed_command("up", "--dir", folder, "--quiet", "--with-pid", wanted.pid, "--template", bed.dir + "/template")
    other = Bed(folder)
    pids = [pid for pid in other.env["pids"].values() if pid]
    wanted.kill()
    wanted.wait()
    until(lambda: not os.path.exists(f"{folder}/bed.json"))
    until(lambda: not [pid for pid in pids if is_alive(pid)])
    assert os.listdir(folder) == []
    os.rmdir(folder)


@pytest.mark.drill
def test_slurmctld_down_and_back(bed):
    bed.do("term", "ctld")
    try:
        assert bed.ssh("squeue").returncode == 1
    finally:
        bed.do("start", "ctld")
    assert bed.ssh("squeue").returncode == 0


@pytest.mark.drill
def test_dropped_connections_end_and_new_ones_come(bed):
    before = bed.count()["offset"]
    sleeper = subprocess.Popen([*ssh_argv(bed), "sleep 600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: bed.count(before)["execs"] >= 1)
    bed.do("drop")
    assert sleeper.wait(60) == 255
    assert bed.ssh("echo back").stdout == "back\n"


def test_a_bed_that_cannot_start_says_why_and_leaves_nothing(bed):
    folder = tempfile.mkdtemp(prefix="sluice-bed-", dir="/tmp")
    with pytest.raises(BedFailed, match="is taken"):
        bed_command("up", "--dir", folder, "--port-base", bed.env["ports"]["ctld"])
    assert os.listdir(folder) == []
    os.rmdir(folder)


def test_a_wrong_setting_fails_with_the_daemons_own_words():
    folder = tempfile.mkdtemp(prefix="sluice-bed-", dir="/tmp")
    with pytest.raises(BedFailed, match="(?s)sshd ended at once.*Bad configuration option"):
        bed_command("up", "--dir", folder, "--sshd", "NoSuchOption=1")
    assert os.listdir(folder) == []
    os.rmdir(folder)


def ssh_argv(bed):
    return ["ssh", "-F", "/dev/null", "-i", bed.env["key"], "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={bed.env['known_hosts']}", "-p", str(bed.env["ssh_port"]),
            f"{bed.user()['name']}@127.0.0.1"]


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def owner(pid):
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def has_open_below(pid, folder):
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(folder + "/") for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
