"""Every way in: what libssh2 cannot log in to, masters of people, second factors, plain machines, the doctor, budgets."""
import os
import pathlib
import pty
import signal
import subprocess
import termios
import time

import pytest
from support.sshd import OtherSshd, wait_until


def connection(gw, name="alder"):
    return gw.json(f"/clusters/{name}")["connection"]


def runs_a_job(gw, path, cluster="alder"):
    job = gw.submit(project=gw.register(path)["name"], cluster=cluster)
    assert gw.wait_final(job["id"])["state"] == "completed"


def until(is_so, what, timeout=40):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def accepted(sshd):
    lines = sshd.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(line.startswith("Accepted") and " from 127.0.0.1" in line for line in lines)


def test_an_rsa_key_simply_works(gateway, bed, project):
    gw = gateway(clusters=[bed.cluster(key="rsa")])
    runs_a_job(gw, project())
    assert connection(gw)["backend"] == "openssh" and "rsa" in connection(gw)["backend_reason"]


@pytest.mark.parametrize("options", [{"MACs": "hmac-sha2-256-etm@openssh.com", "Ciphers": "aes256-ctr"},
                                     {"Ciphers": "aes256-gcm@openssh.com"}, {"host_keys": ["rsa"]}], ids=str)
def test_algorithms_beyond_libssh2_simply_work(gateway, project, other_sshd, options):
    gw = gateway(clusters=[other_sshd(**options).cluster()])
    runs_a_job(gw, project())
    assert connection(gw)["backend"] == "openssh"


def test_an_ordinary_login_stays_in_process(gateway, project, bed):
    gw = gateway(clusters=[bed.cluster()])
    runs_a_job(gw, project())
    assert connection(gw)["backend"] == "libssh2"


@pytest.fixture
def ssh_config(bed, folder):
    """ssh_config(lines): a config file that knows the bed's hosts and key; its path."""

    def make(*lines, known_hosts=None):
        path = folder / "ssh_config"
        rest = ["Host *", f"  IdentityFile {bed.env['keys']['ed25519']}", f"  UserKnownHostsFile {known_hosts or bed.env['known_hosts']}",
                f"  User {bed.user()['name']}"]
        path.write_text("\n".join([*lines, *rest]) + "\n", encoding="utf-8")
        return str(path)

    return make


def by_config(bed, host, config, **entry):
    made = bed.cluster(host=host, ssh={"config_file": config, "known_hosts": "~/.ssh/known_hosts"}, **entry)
    for key in ("port", "ssh_key_path"):
        made.pop(key)
    return made


def test_an_alias_that_only_ssh_config_knows(gateway, bed, project, ssh_config):
    config = ssh_config("Host supercomputer", "  HostName 127.0.0.1", f"  Port {bed.env['ssh_port']}")
    gw = gateway(clusters=[by_config(bed, "supercomputer", config)])
    runs_a_job(gw, project())
    assert "ssh_config says hostname" in connection(gw)["backend_reason"]


def test_a_jump_that_only_ssh_config_knows(gateway, bed, project, ssh_config, other_sshd, folder):
    hop = other_sshd()
    known = folder / "both"
    known.write_text(hop.known_hosts.read_text() + pathlib.Path(bed.env["known_hosts"]).read_text(), encoding="utf-8")
    config = ssh_config("Host hop", "  HostName 127.0.0.1", f"  Port {hop.port}",
                        "Host inside", "  HostName 127.0.0.1", f"  Port {bed.env['ssh_port']}", "  ProxyJump hop",
                        known_hosts=known)
    gw = gateway(clusters=[by_config(bed, "inside", config)])
    runs_a_job(gw, project())
    assert accepted(hop) > 0


# --- masters that a person opened ---


class Person:
    """Opens and ends a master as a person does in a terminal."""

    def __init__(self, config, host):
        self.words = ["ssh", "-F", config, host]

    def open(self):
        subprocess.run([*self.words[:3], "-M", "-f", "-N", self.words[3]], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def pid(self):
        said = subprocess.run([*self.words[:3], "-O", "check", self.words[3]], check=True, capture_output=True, text=True)
        return int(said.stderr.split("pid=")[1].split(")")[0])

    def close(self):
        subprocess.run([*self.words[:3], "-O", "exit", self.words[3]], check=False, capture_output=True)


@pytest.fixture
def manual(gateway, other_sshd, ssh_config, bed, folder):
    """(gateway, sshd, person) with requires_manual_auth."""
    sshd = other_sshd()
    config = ssh_config("Host login", "  HostName 127.0.0.1", f"  Port {sshd.port}", f"  ControlPath {folder}/cm-%C",
                        known_hosts=sshd.known_hosts)
    gw = gateway(clusters=[by_config(bed, "login", config, requires_manual_auth=True,
                                     connection_instructions="type: ssh login")])
    person = Person(config, "login")
    yield gw, sshd, person
    person.close()


def test_nobody_logs_in_behind_a_persons_back(manual, project):
    gw, sshd, person = manual
    job = gw.submit(project=gw.register(project())["name"], cluster="alder")
    until(lambda: connection(gw)["state"] == "needs_login", "needs_login")
    assert gw.json("/clusters/alder")["instructions"] == "type: ssh login"
    assert gw.job(job["id"])["state"] in ("held", "submitting") and accepted(sshd) == 0
    person.open()
    assert gw.post("/clusters/alder/connect", {}).json["state"] == "up"
    assert gw.wait_final(job["id"])["state"] == "completed"
    assert accepted(sshd) == 1 and connection(gw)["logins"] == 0


def test_a_stale_master_becomes_no_login(manual, project):
    gw, sshd, person = manual
    person.open()
    path = project()
    name = gw.register(path)["name"]
    job = gw.submit(project=name, cluster="alder", args=["sleep=12"])
    gw.wait_state(job["id"], "running")
    os.kill(person.pid(), signal.SIGKILL)
    until(lambda: connection(gw)["state"] == "needs_login", "needs_login")
    assert gw.job(job["id"])["state"] == "running"
    time.sleep(3)
    assert accepted(sshd) == 1
    person.close()
    for socket in pathlib.Path(person.words[2]).parent.glob("cm-*"):
        socket.unlink()
    person.open()
    assert gw.wait_final(job["id"])["state"] == "completed"
    assert accepted(sshd) == 2


# --- second factors ---


class CodeSshd(OtherSshd):
    """Asks for a code beside the key, by PAM under libpam-wrapper: a service of its own, nothing of the system's."""

    def start(self):
        lib = next(path for path in pathlib.Path("/usr/lib").glob("*/pam_wrapper/pam_matrix.so"))
        service = self.folder / "pam"
        service.mkdir(exist_ok=True)
        passdb = self.folder / "passdb"
        passdb.write_text(f"{self.bed.user()['name']}:246810:sshd\n", encoding="utf-8")
        lines = [f"auth required {lib} passdb={passdb}", f"account required {lib} passdb={passdb}",
                 "session required pam_permit.so", "password required pam_permit.so"]
        (service / "sshd").write_text("\n".join(lines) + "\n", encoding="utf-8")
        env = {**os.environ, "LD_PRELOAD": str(lib.parents[1] / "libpam_wrapper.so"), "PAM_WRAPPER": "1",
               "PAM_WRAPPER_SERVICE_DIR": str(service)}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(self.folder / "sshd_config")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        wait_until(lambda: self.process.poll() is not None or "listening on" in self.log.read_text(encoding="utf-8"), "sshd")


@pytest.fixture
def code_sshd(bed, folder):
    if not list(pathlib.Path("/usr/lib").glob("*/pam_wrapper/pam_matrix.so")):
        pytest.fail("libpam-wrapper is missing: scripts/setup installs it")
    sshd = CodeSshd(bed, folder / "code", UsePAM="yes", KbdInteractiveAuthentication="yes",
                    AuthenticationMethods="publickey,keyboard-interactive")
    yield sshd
    sshd.stop()


def end_masters(gw):
    for socket in gw.state_dir.glob("ssh/*/s"):
        subprocess.run(["ssh", "-S", str(socket), "-O", "exit", "x"], check=False, capture_output=True)


@pytest.mark.threads
def test_a_code_is_asked_for_and_answered(gateway, code_sshd, project):
    gw = gateway(clusters=[code_sshd.cluster()])
    path = project()
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    until(lambda: connection(gw)["state"] == "needs_login", "needs_login")
    asked = gw.post("/clusters/alder/connect", {}).json
    assert asked["state"] == "needs_login" and "Password" in asked["prompts"][0]["text"]
    assert asked["prompts"][0]["echo"] is False
    refused = gw.post("/clusters/alder/connect", {"answers": ["1"]}).json
    if refused["prompts"]:  # sshd asks again in the same login
        refused = gw.post("/clusters/alder/connect", {"answers": ["2"]}).json
    until(lambda: connection(gw)["state"] == "needs_login" and "prompt" not in connection(gw), "refused")
    assert gw.post("/clusters/alder/connect", {}).json["prompts"]
    assert gw.post("/clusters/alder/connect", {"answers": ["246810"]}).json["state"] == "up"
    assert gw.wait_final(job["id"])["state"] == "completed"
    logins = accepted(code_sshd)
    gw.restart()  # the master outlives it: nobody is asked again
    runs_a_job(gw, path)
    assert accepted(code_sshd) == logins
    assert "246810" not in gw.log_text()
    end_masters(gw)


def test_the_command_line_passes_the_prompt_on(gateway, code_sshd):
    gw = gateway(clusters=[code_sshd.cluster()])
    ours, theirs = pty.openpty()
    env = {**os.environ, "SLUICE_URL": gw.url}
    child = subprocess.Popen([*gw.argv()[:1], "connect", "alder"], stdin=theirs, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=env)
    os.close(theirs)
    seen = b""
    while b"Password" not in seen:
        piece = child.stderr.read1(4096)
        assert piece, seen
        seen += piece
    until(lambda: not termios.tcgetattr(ours)[3] & termios.ECHO, "what is typed is not shown")
    os.write(ours, b"246810\n")
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0 and b"up" in out
    os.close(ours)
    end_masters(gw)


# --- machines without Slurm ---


@pytest.fixture
def workstation(bed):
    def make(**entry):
        made = bed.cluster("desk", type="ssh", **entry)
        made["local"] = {"gpus": 0, "cpu_slots": 2}
        return made

    return make


def test_a_plain_machine_runs_jobs(gateway, workstation, project):
    gw = gateway(clusters=[workstation()])
    runs_a_job(gw, project(), "desk")
    row = gw.json("/clusters/desk")
    assert row["scheduler"] == "process" and row["type"] == "ssh"


def test_jobs_there_outlive_the_gateway_and_run_once(gateway, workstation, ledger_project):
    path, ledger = ledger_project(seconds=6)
    gw = gateway(clusters=[workstation()])
    job = gw.submit(project=gw.register(path)["name"], cluster="desk")
    gw.wait_state(job["id"], "running")
    gw.kill9()
    gw.start()
    assert gw.wait_final(job["id"])["state"] == "completed"
    starts = [line for line in pathlib.Path(ledger).read_text(encoding="utf-8").splitlines() if "start" in line]
    assert len(starts) == 1


def test_jobs_there_can_be_cancelled_and_wait_for_room(gateway, workstation, project):
    gw = gateway(clusters=[workstation()])
    name = gw.register(project())["name"]
    jobs = [gw.submit(project=name, cluster="desk", args=["sleep=60"])["id"] for _ in range(2)]
    gw.wait_state(jobs[0], "running")
    gw.post(f"/jobs/{jobs[1]}/cancel", {})
    gw.post(f"/jobs/{jobs[0]}/cancel", {})
    assert gw.wait_final(jobs[0])["state"] == "cancelled"
    assert gw.wait_final(jobs[1])["state"] == "cancelled"


# --- the doctor ---


def lines_of(gw, name="alder"):
    said = gw.post(f"/clusters/{name}/check", timeout=200).json
    return said["result"], {line["check"]: line for line in said["lines"]}


def test_the_doctor_finds_a_cluster_well(gateway, bed):
    gw = gateway(clusters=[bed.cluster()])
    result, lines = lines_of(gw)
    for check in ("host key", "login", "login shell", "clock", "workspace", "tools", "MaxSessions", "Slurm commands",
                  "Slurm version", "controller", "accounting", "partitions", "accounts"):
        assert lines[check]["status"] == "ok", lines[check]
    assert result in ("ok", "warning")
    assert "22." in lines["Slurm version"]["text"] or "slurm" in lines["Slurm version"]["text"]
    done = gw.cli("doctor", "alder")
    assert done.returncode == 0 and "partitions" in done.stdout


def test_the_doctor_says_what_is_wrong_and_what_to_do(gateway, bed, other_sshd, folder):
    few = other_sshd(MaxSessions="2").cluster("few", workspace="/proc/nowhere", allowed_partitions=["nosuch"])
    stranger = other_sshd()
    (folder / "empty").write_text("", encoding="utf-8")
    unknown = stranger.cluster("unknown", ssh={"known_hosts": str(folder / "empty")})
    gone = bed.cluster("gone", port=1)
    gw = gateway(clusters=[few, unknown, gone])
    result, lines = lines_of(gw, "few")
    assert result == "error"
    assert lines["MaxSessions"]["status"] == "warning" and "max_channels" in lines["MaxSessions"]["hint"]
    assert lines["workspace"]["status"] == "error" and lines["partitions"]["status"] == "error"
    result, lines = lines_of(gw, "unknown")
    assert result == "error" and stranger.fingerprint("ed25519") in lines["host key"]["text"]
    result, lines = lines_of(gw, "gone")
    assert result == "error" and lines["connection"]["hint"]
    assert gw.cli("doctor", "gone").returncode == 1


# --- budgets ---


def test_the_budget_holds_back_what_nobody_asked_for(gateway, bed, project):
    gw = gateway(clusters=[bed.cluster(poll={"max_commands_per_minute": 6})])
    name = gw.register(project())["name"]
    gw.submit(project=name, cluster="alder", args=["sleep=60"])
    until(lambda: connection(gw)["held_back"] > 0, "held back")
    seen = connection(gw)
    assert seen["commands_last_minute"] <= 10 and seen["max_commands_per_minute"] == 6
    assert seen["logins_last_hour"] == 1
    metrics = gw.request("GET", "/metrics").text
    assert 'sluice_cluster_held_back_total{cluster="alder"}' in metrics
    assert gw.json("/clusters/alder/partitions")  # a person asks: it is not held back
    assert "commands" in gw.cli("clusters", "alder").stdout
