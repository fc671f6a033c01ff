"""The configuration files of a bed's Slurm: four kinds of nodes with fake GPUs, and partitions of every temper."""
import os
import socket

from .base import BedError

GPUS_ON_DISK = 8

# node -> fake hardware. The name in Slurm is the bed's name + this one: cgroup folders are named by node, and beds
# that run side by side must not share them.
NODES = {
    "a1": {"gres": {"a100": 4}, "features": "a100,nvlink"},
    "a2": {"gres": {"a100": 4}, "features": "a100"},
    "h1": {"gres": {"h100": 8}, "features": "h100,nvlink"},
    "m1": {"gres": {"a100": 2, "h100": 2}, "features": "mixed"},
    "c1": {"gres": {}, "features": "cpu"},
}
CPUS, MEMORY_MB = 32, 64000

# partition -> nodes, further words. scavenge may be preempted by every other one.
PARTITIONS = {
    "gpu": ("a1 a2 h1 m1", "Default=YES MaxTime=2-00:00:00 DefaultTime=01:00:00"),
    "a100": ("a1 a2", "MaxTime=1-00:00:00 DefaultTime=01:00:00"),
    "h100": ("h1", "MaxTime=1-00:00:00 DefaultTime=01:00:00"),
    "mixed": ("m1", "MaxTime=1-00:00:00 DefaultTime=01:00:00"),
    "cpu": ("c1", "MaxTime=7-00:00:00 DefaultTime=01:00:00"),
    "debug": ("a1 a2 h1 m1 c1", "MaxTime=00:30:00 DefaultTime=00:05:00"),
    "closed": ("c1", "State=DOWN MaxTime=01:00:00"),
    "private": ("c1", "AllowAccounts=vision"),
    "scavenge": ("a1 a2 h1 m1 c1", "PriorityTier=1 PreemptMode=REQUEUE MaxTime=1-00:00:00 DefaultTime=01:00:00"),
}

DEFAULTS = {
    "SlurmUser": "root",
    "SlurmdUser": "root",
    "AuthType": "auth/munge",
    "CredType": "cred/munge",
    "GresTypes": "gpu",
    "SelectType": "select/cons_tres",
    "SelectTypeParameters": "CR_Core_Memory",
    "DefMemPerCPU": "1000",
    "SlurmdParameters": "config_overrides",
    "ReturnToService": "2",
    "SchedulerParameters": "batch_sched_delay=0,sched_interval=2,sched_min_interval=20000,bf_interval=2,bf_continue,"
                           "default_queue_depth=1000",
    "PriorityType": "priority/multifactor",
    "PriorityWeightAge": "1000",
    "PriorityWeightQOS": "10000",
    "PreemptType": "preempt/partition_prio",
    "PreemptMode": "REQUEUE",
    "KillWait": "2",
    "MinJobAge": "300",
    "MessageTimeout": "10",
    "SlurmctldTimeout": "10",
    "SlurmdTimeout": "30",
    "MaxArraySize": "10001",
    "MaxJobCount": "100000",
    "MpiDefault": "none",
    "MailProg": "/bin/true",
    "JobAcctGatherType": "jobacct_gather/linux",
    "JobAcctGatherFrequency": "task=1",
    "AccountingStorageType": "accounting_storage/slurmdbd",
    "AccountingStorageHost": "127.0.0.1",
    "AccountingStorageEnforce": "associations,limits,qos",
    "AccountingStorageTRES": "gres/gpu,gres/gpu:a100,gres/gpu:h100",
    "LogTimeFormat": "iso8601_ms",
    "SlurmctldDebug": "info",
    "SlurmdDebug": "info",
}


def node_name(bed_name, short):
    return f"{bed_name}-{short}"


def oom_capability():
    """(True, "") where jobs can be confined in memory: root and a writable cgroup v1 memory controller."""
    if os.geteuid() != 0:
        return False, "not root"
    folder = "/sys/fs/cgroup/memory"
    if not os.path.exists(f"{folder}/memory.limit_in_bytes"):
        return False, "no cgroup v1 memory controller on this machine"
    for controller in ("memory", "freezer", "cpuset", "devices", "cpuacct"):
        if not os.access(f"/sys/fs/cgroup/{controller}", os.W_OK):
            return False, f"/sys/fs/cgroup/{controller} cannot be written"
    probe = f"{folder}/sluice-bed-{os.getpid()}"
    try:
        os.mkdir(probe)
        os.rmdir(probe)
    except OSError as error:
        return False, f"{folder}: {error.strerror}"
    return True, ""


def loopback_only():
    """Slurm can bind to one address only through the host's own name; that must lead to 127.*."""
    try:
        return socket.gethostbyname(socket.gethostname()).startswith("127.")
    except OSError:
        raise BedError(f"this host's name ({socket.gethostname()}) resolves to nothing; add it to /etc/hosts") from None


def _settings(layout, data):
    ports = data["ports"]
    settings = dict(DEFAULTS)
    settings.update({
        "ClusterName": data["name"],
        "SlurmctldHost": f"{socket.gethostname().partition('.')[0]}(127.0.0.1)",
        "SlurmctldPort": ports["ctld"],
        "AccountingStoragePort": ports["dbd"],
        "AccountingStoragePass": layout.munge_socket,
        "AuthInfo": f"socket={layout.munge_socket}",
        "StateSaveLocation": layout.path("state", "ctld"),
        "SlurmdSpoolDir": layout.path("spool", "%n"),
        "SlurmctldPidFile": layout.path("run", "slurmctld.pid"),
        "SlurmdPidFile": layout.path("run", "slurmd.%n.pid"),
        "SlurmctldLogFile": layout.path("log", "slurmctld.log"),
        "SlurmdLogFile": layout.path("log", "slurmd.%n.log"),
        "ProctrackType": "proctrack/cgroup" if data["oom"] else "proctrack/linuxproc",
        "TaskPlugin": "task/cgroup" if data["oom"] else "task/none",
    })
    if data["loopback_only"]:
        settings["CommunicationParameters"] = "NoCtldInAddrAny,NoInAddrAny"
    settings.update(data["slurm"])
    return settings


def _gres(short):
    gres = NODES[short]["gres"]
    return ",".join(f"gpu:{kind}:{count}" for kind, count in gres.items())


def _node_line(data, short):
    words = [f"NodeName={node_name(data['name'], short)}", f"NodeHostname={socket.gethostname().partition('.')[0]}",
             "NodeAddr=127.0.0.1", f"Port={data['ports']['slurmd'][short]}", f"CPUs={CPUS}", f"RealMemory={MEMORY_MB}",
             f"Feature={NODES[short]['features']}", "State=UNKNOWN"]
    if NODES[short]["gres"]:
        words.append(f"Gres={_gres(short)}")
    return " ".join(words)


def _partition_line(data, name):
    nodes, words = PARTITIONS[name]
    names = ",".join(node_name(data["name"], short) for short in nodes.split())
    if "PriorityTier" not in words:
        words += " PriorityTier=10 PreemptMode=OFF"
    return f"PartitionName={name} Nodes={names} {words}"


def _gres_lines(layout, data):
    for short, node in NODES.items():
        first = 0
        for kind, count in node["gres"].items():
            files = layout.path("dev", f"nvidia[{first}-{first + count - 1}]")
            yield f"NodeName={node_name(data['name'], short)} Name=gpu Type={kind} File={files}"
            first += count


def _write(path, lines, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.chmod(path, mode)


def _write_devices(layout):
    """A GPU is a link to /dev/null: slurmd insists on a device that can be opened, and looks no further."""
    for number in range(GPUS_ON_DISK):
        path = layout.path("dev", f"nvidia{number}")
        if not os.path.islink(path):
            os.symlink("/dev/null", path)


def _cgroup_lines(oom):
    """The plugin is named even where no cgroup is used: looking for one, slurmd would give up without /sys/fs/cgroup
    (and would want systemd's leave on cgroup v2)."""
    yield "CgroupPlugin=cgroup/v1"
    if oom:
        yield from ("CgroupMountpoint=/sys/fs/cgroup", "ConstrainRAMSpace=yes", "ConstrainSwapSpace=no",
                    "ConstrainCores=no", "ConstrainDevices=no", "AllowedSwapSpace=0")


def write(layout, data):
    """Writes slurm.conf, gres.conf, cgroup.conf, slurmdbd.conf and the fake devices."""
    for folder in ("state/ctld", *(f"spool/{node_name(data['name'], short)}" for short in NODES)):
        os.makedirs(layout.path(folder), exist_ok=True)
    lines = [f"{key}={value}" for key, value in _settings(layout, data).items()]
    lines += [_node_line(data, short) for short in NODES]
    lines += [_partition_line(data, name) for name in PARTITIONS]
    lines += data["slurm_lines"]
    _write(layout.slurm_conf, lines)
    _write(layout.path("etc", "gres.conf"), _gres_lines(layout, data))
    _write(layout.path("etc", "cgroup.conf"), _cgroup_lines(data["oom"]))
    _write(layout.path("etc", "slurmdbd.conf"), [
        "AuthType=auth/munge", f"AuthInfo=socket={layout.munge_socket}", "DbdHost=localhost", "DbdAddr=127.0.0.1",
        f"DbdPort={data['ports']['dbd']}", "SlurmUser=root", "DebugLevel=info",
        *(["CommunicationParameters=NoInAddrAny"] if data["loopback_only"] else []),
        f"LogFile={layout.path('log', 'slurmdbd.log')}", f"PidFile={layout.path('run', 'slurmdbd.pid')}",
        "StorageType=accounting_storage/mysql", "StorageHost=localhost", "StorageUser=root", "StorageLoc=slurm"],
        mode=0o600)
    _write_devices(layout)
