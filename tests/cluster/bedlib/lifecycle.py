"""Bringing a bed up, and taking it down with everything it made."""
import concurrent.futures
import os
import shutil
import signal
import time

from . import accounting, procs, slurmconf, ssh, users
from .base import BedError, Memory, choose_ports, machine_lock, run, tail, timed
from .daemons import Daemons


def _ports(base):
    ports = {"ctld": base, "dbd": base + 1, "sshd": base + 2, "slurmd": {}}
    for number, short in enumerate(slurmconf.NODES):
        ports["slurmd"][short] = base + 3 + number
    return ports


def _fresh_data(layout, spec):
    oom, why = slurmconf.oom_capability()
    return {**spec, "pids": {}, "users": {}, "oom": oom, "oom_reason": why,
            "loopback_only": slurmconf.loopback_only(), "accounts": list(accounting.ACCOUNTS),
            "qos": ["normal", *accounting.QOS], "seeded": False,
            "nodes": {slurmconf.node_name(spec["name"], short): node["gres"] for short, node in slurmconf.NODES.items()},
            "partitions": {name: [slurmconf.node_name(spec["name"], short) for short in nodes.split()]
                           for name, (nodes, _) in slurmconf.PARTITIONS.items()}}


def bring_up(layout, spec, keep_failed=False):
    """Everything, until sbatch is accepted. What fails is taken down again, and the error says why."""
    if os.geteuid() != 0:
        raise BedError("root is needed: the bed has users of its own")
    memory = Memory(layout)
    daemons = Daemons(layout, memory)
    was_there = memory.exists
    if was_there:
        _take_over(memory, daemons, spec)
    made_top = layout.make()
    if not was_there:
        memory.data = _fresh_data(layout, spec)
        memory.data["made_top"] = made_top
    try:
        _bring_up(layout, memory, daemons, spec)
    except BaseException:
        if not keep_failed:
            tear_down(layout, memory, daemons, keep_dir=was_there)
        raise
    return memory.data["timings"]


def _take_over(memory, daemons, spec):
    """A kept folder: name and database stay, the rest follows the new parameters."""
    memory.load()
    if any(daemons.alive(name) for name in daemons.names()):
        raise BedError(f"a bed is up in {memory.layout.top} already")
    if memory.data["name"] != spec["name"]:
        raise BedError(f"{memory.layout.top} was kept from a bed named {memory.data['name']}")
    memory.data.update(spec)
    memory.data["pids"] = {}


def _bring_up(layout, memory, daemons, spec):
    data = memory.data
    took = data["timings"] = {}
    with machine_lock():
        data["ports"] = _ports(choose_ports(spec["port_base"]))
    memory.save()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        database = pool.submit(_start_database, layout, memory, daemons, spec)
        with timed(took, "users and keys"):
            _make_users(layout, memory)
        database.result()
    daemons.start("sshd", wait=False)
    if not data["seeded"]:
        with timed(took, "accounts"):
            accounting.add_cluster_and_users(daemons.env, layout, data)
    with timed(took, "slurmctld"):
        daemons.start("ctld")
    for short in slurmconf.NODES:
        daemons.start(f"slurmd:{short}", wait=False)
    if not data["seeded"]:
        with timed(took, "qos"):
            accounting.add_qos(daemons.env, data)
        data["seeded"] = True
    daemons.wait("sshd")
    with timed(took, "nodes"):
        _wait_nodes(daemons)
    memory.save()


def _start_database(layout, memory, daemons, spec):
    took = memory.data["timings"]
    slurmconf.write(layout, memory.data)
    with timed(took, "database folder"):
        accounting.prepare_database(layout, spec["template"])
    with timed(took, "mariadb, munge"):
        daemons.start("db", wait=False)
        daemons.start("munge")
        daemons.wait("db")
    with timed(took, "slurmdbd"):
        daemons.start("dbd")


def _make_users(layout, memory):
    data = memory.data
    data["keys"] = ssh.make_keys(layout, data["host_keys"])
    data["users"] = users.create(layout, data["name"])
    users.furnish(data["users"], ssh.authorized_keys(data["keys"]))
    ssh.write_config(layout, data)


def _wait_nodes(daemons):
    """Until every node is idle. A slurmd that ended says so by its log; one that registered wrongly by its reason."""
    for short in slurmconf.NODES:
        daemons.wait(f"slurmd:{short}")
    limit = time.monotonic() + 15
    while True:
        done = run(["sinfo", "-h", "-N", "-o", "%N %t %E"], env=daemons.env, check=False)
        states = {tuple(line.split(None, 2)) for line in done.stdout.splitlines()}
        if states and all(state[1] in ("idle", "mix", "alloc") for state in states):
            return
        if time.monotonic() > limit:
            raise BedError(f"nodes are not ready: {sorted(states)}; the end of {daemons.layout.path('log')}/slurmctld.log:"
                           f"\n{tail(daemons.layout.path('log', 'slurmctld.log'))}")
        time.sleep(0.05)


def tear_down(layout, memory, daemons, keep_dir=False, keep_users=False):
    """Ends every process of the bed by pid, then removes users, cgroups and folder."""
    data = memory.data
    uids = {user["uid"] for user in data.get("users", {}).values()}
    watch = daemons.entry("watch")
    if watch and watch["pid"] != os.getpid():
        procs.end(watch, signal.SIGKILL)
    if keep_dir:
        _end_gently(daemons)
    for name in reversed(daemons.names()):
        daemons.end(name, signal.SIGKILL)
    procs.kill_all(lambda: procs.strays(layout.top, uids))
    _remove_cgroups(data.get("nodes", {}))
    if not keep_users:
        users.remove(data.get("users", {}))
    if keep_dir:
        return
    if data.get("made_top"):
        shutil.rmtree(layout.top, ignore_errors=True)
    else:
        _empty(layout)


def _end_gently(daemons):
    """Jobs first, then clients before servers, so that the kept state is whole."""
    if daemons.alive("ctld"):
        run(["scancel", "--state=PENDING", "--quiet"], env=daemons.env, check=False)
        run(["scancel", "--signal=KILL", "--full", "--state=RUNNING", "--quiet"], env=daemons.env, check=False)
    for name in [name for name in daemons.names() if name.startswith("slurmd:")] + ["ctld", "dbd", "db", "munge"]:
        daemons.end(name)


def _empty(layout):
    """A folder that was there before stays, without what the bed put into it."""
    for part in (layout.etc, layout.run, layout.log, layout.state, layout.spool, layout.dev, layout.home, layout.keys,
                 layout.db, layout.secret):
        shutil.rmtree(part, ignore_errors=True)
    if os.path.exists(layout.state_file):
        os.unlink(layout.state_file)


def _remove_cgroups(nodes):
    root = "/sys/fs/cgroup"
    if not os.path.isdir(root):
        return
    for controller in os.listdir(root):
        for node in nodes:
            top = os.path.join(root, controller, f"slurm_{node}")
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    continue
