"""The bed's own sshd: keys, configuration, and the counting of logins and commands in its log."""
import collections
import os
import re
import shutil

from .base import BedError, run

KEYS = {"ed25519": [], "ecdsa": ["-b", "256"], "rsa": ["-b", "3072"]}
PASSPHRASE = "open sesame"

SSHD_DEFAULTS = {
    "StrictModes": "yes", "UsePAM": "no", "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
    "PermitRootLogin": "no", "AuthorizedKeysFile": ".ssh/authorized_keys", "PrintMotd": "no", "UseDNS": "no",
    "LogLevel": "VERBOSE", "MaxSessions": "10", "MaxStartups": "100:30:200", "Subsystem": "sftp internal-sftp",
    "X11Forwarding": "no",
}

ACCEPTED = re.compile(r"^Accepted (\S+) for (\S+) from (\S+) port (\d+)")
SESSION = re.compile(r"^Starting session: (command|forced-command|shell|subsystem)\b.* for (\S+) from (\S+) port (\d+)")
FAILED = re.compile(r"^(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting) (?:authenticating|invalid) user")
REFUSED = re.compile(r"no more sessions")
CONNECTION = re.compile(r"^Connection from ")


def _make_key(path, kind, words, passphrase=""):
    if not os.path.exists(path):
        run(["ssh-keygen", "-q", "-t", kind, *words, "-N", passphrase, "-C", os.path.basename(path), "-f", path])


def make_keys(layout, host_kinds):
    """Client keys (one of each kind and one with a pass phrase) and the host's; returns what env shows of them."""
    for kind, words in KEYS.items():
        _make_key(layout.path("keys", f"id_{kind}"), kind, words)
        if kind in host_kinds:
            _make_key(layout.path("secret", f"host_{kind}"), kind, words)
    _make_key(layout.path("keys", "id_ed25519_phrase"), "ed25519", [], PASSPHRASE)
    keys = {kind: layout.path("keys", f"id_{kind}") for kind in KEYS}
    keys["ed25519_phrase"] = layout.path("keys", "id_ed25519_phrase")
    return keys


def authorized_keys(keys):
    return "".join(open(path + ".pub", encoding="utf-8").read() for path in keys.values())


def write_known_hosts(layout, port, host_kinds):
    with open(layout.known_hosts, "w", encoding="utf-8") as file:
        for kind in host_kinds:
            with open(layout.path("secret", f"host_{kind}.pub"), encoding="utf-8") as public:
                word, key = public.read().split()[:2]
            file.write(f"[127.0.0.1]:{port} {word} {key}\n[localhost]:{port} {word} {key}\n")
    os.chmod(layout.known_hosts, 0o644)


def write_config(layout, data):
    """sshd insists on /run/sshd, an empty folder that all sshd of the machine share: it stays when the bed goes."""
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    settings = dict(SSHD_DEFAULTS)
    settings.update(data["sshd"])
    lines = [f"Port {data['ports']['sshd']}", "ListenAddress 127.0.0.1",
             f"PidFile {layout.path('run', 'sshd.pid')}", f"SetEnv SLURM_CONF={layout.slurm_conf}",
             "AllowUsers " + " ".join(user["name"] for user in data["users"].values())]
    lines += [f"HostKey {layout.path('secret', f'host_{kind}')}" for kind in data["host_keys"]]
    lines += [f"{key} {value}" for key, value in settings.items()]
    with open(layout.path("etc", "sshd_config"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    write_known_hosts(layout, data["ports"]["sshd"], data["host_keys"])


def program():
    found = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", ""))
    if not found:
        raise BedError("sshd is not installed; run scripts/setup")
    return found


def count(layout, since=0):
    """Counts in sshd's log from byte `since` on; `offset` is where the next count goes on."""
    with open(layout.sshd_log, "rb") as file:
        file.seek(since)
        text = file.read()
    whole = text[:text.rfind(b"\n") + 1]
    result = collections.Counter(connections=0, logins=0, execs=0, shells=0, subsystems=0, refused_sessions=0,
                                 failed_logins=0)
    users = collections.defaultdict(collections.Counter)
    for line in whole.decode(errors="replace").splitlines():
        _count_line(line.strip(), result, users)
    return {**result, "offset": since + len(whole), "by_user": {name: dict(each) for name, each in users.items()}}


def _count_line(line, result, users):
    if match := ACCEPTED.match(line):
        result["logins"] += 1
        users[match[2]]["logins"] += 1
    elif match := SESSION.match(line):
        kind = {"shell": "shells", "subsystem": "subsystems"}.get(match[1], "execs")
        result[kind] += 1
        users[match[2]][kind] += 1
    elif REFUSED.search(line):
        result["refused_sessions"] += 1
    elif FAILED.match(line):
        result["failed_logins"] += 1
    elif CONNECTION.match(line):
        result["connections"] += 1


def client_argv(layout, data, user, words, key="ed25519"):
    """argv of an OpenSSH client into the bed, free of the caller's own configuration."""
    return ["ssh", "-F", "/dev/null", "-o", f"UserKnownHostsFile={layout.known_hosts}", "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-i", data["keys"][key],
            "-p", str(data["ports"]["sshd"]), f"{data['users'][user]['name']}@127.0.0.1", *words]
