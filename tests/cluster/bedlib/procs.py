"""Processes of a bed: started in sessions of their own, known by pid and start time, ended by pid only."""
import os
import signal
import subprocess
import time

from .base import BedError, tail, wait_for


def stat_fields(pid):
    """The fields of /proc/PID/stat from the third (state) on, or None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_time(pid):
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None


def is_alive(entry):
    """True while the very process of this entry lives; a zombie and a reused pid are not it."""
    fields = stat_fields(entry["pid"]) if entry else None
    return bool(fields) and fields[0] != "Z" and int(fields[19]) == entry["start"]


def spawn(argv, log, env):
    """Starts a daemon in a session of its own, output appended to log; returns its entry."""
    with open(log, "ab") as output:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd="/",
                                 start_new_session=True, close_fds=True)
    return {"pid": child.pid, "start": start_time(child.pid), "log": log, "argv": argv}


def send(entry, number):
    if is_alive(entry):
        os.kill(entry["pid"], number)


def end(entry, number=signal.SIGTERM, timeout=10):
    """Ends one process and waits until it is gone; what ignores SIGTERM for too long is killed."""
    if not is_alive(entry):
        return
    send(entry, number)
    send(entry, signal.SIGCONT)
    try:
        wait_for(f"end of pid {entry['pid']}", lambda: not reaped_or_alive(entry), timeout)
    except BedError:
        send(entry, signal.SIGKILL)
        wait_for(f"end of pid {entry['pid']} by SIGKILL", lambda: not reaped_or_alive(entry), 5)


def reaped_or_alive(entry):
    """As is_alive, and collects the child if it is ours."""
    try:
        os.waitpid(entry["pid"], os.WNOHANG)
    except ChildProcessError:
        pass
    return is_alive(entry)


def wait_ready(name, entry, is_ready, timeout=20):
    """Waits until a daemon answers; says why (the end of its log) if it died or never did."""
    def ready():
        if not reaped_or_alive(entry):
            raise BedError(f"{name} ended at once; the end of {entry['log']}:\n{tail(entry['log'])}")
        return is_ready()
    try:
        wait_for(f"{name} answers", ready, timeout)
    except BedError as error:
        if "ended at once" in str(error):
            raise
        raise BedError(f"{error}; the end of {entry['log']}:\n{tail(entry['log'])}") from None


def each_pid():
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)


def has_open_under(pid, folder):
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(folder + "/"):
                    return True
            except OSError:
                continue
    except OSError:
        pass
    return False


def program(pid):
    """The program's name; Debian calls Slurm's ones slurmd-wlm and so on behind its alternatives."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")).removesuffix("-wlm")
    except OSError:
        return ""


def owner(pid):
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def strays(folder, uids):
    """Processes that belong to a bed without being its daemons: everything its own users run, job steps and
    connections (they keep the bed's log files open)."""
    found = []
    for pid in each_pid():
        if pid == os.getpid():
            continue
        fields = stat_fields(pid)
        if not fields or fields[0] == "Z":
            continue
        if owner(pid) in uids or (program(pid) in ("slurmstepd", "sshd", "slurmd", "slurmctld", "slurmdbd")
                                  and has_open_under(pid, folder)):
            found.append({"pid": pid, "start": int(fields[19])})
    return found


def kill_all(list_entries, timeout=8):
    """SIGKILLs what list_entries() gives, again until it gives nothing (a dying shell may leave children)."""
    limit = time.monotonic() + timeout
    while True:
        entries = list_entries()
        if not entries:
            return
        if time.monotonic() > limit:
            raise BedError(f"processes that do not die: {[entry['pid'] for entry in entries]}")
        for entry in entries:
            try:
                send(entry, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def descendants_of(root_pid):
    """All processes below root_pid."""
    parents = {}
    for pid in each_pid():
        fields = stat_fields(pid)
        if fields:
            parents.setdefault(int(fields[1]), []).append((pid, int(fields[19])))
    found, todo = [], [root_pid]
    while todo:
        for pid, start in parents.get(todo.pop(), []):
            found.append({"pid": pid, "start": start})
            todo.append(pid)
    return found
