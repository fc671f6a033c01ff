"""The commands of `bed`."""
import argparse
import json
import os
import signal
import sys
import time

from . import procs, ssh
from .base import NAME, BedError, Layout, Memory, default_name
from .daemons import Daemons
from .lifecycle import bring_up, tear_down

ABOUT = """\
A real Slurm cluster with a real sshd on this machine, for tests. Needs root and scripts/setup.

  bed up --dir DIR [--name NAME] [--port-base N] [--slurm KEY=VALUE]... [--sshd KEY=VALUE]...
  bed env --dir DIR                     everything a test needs to know, as JSON
  bed ssh --dir DIR [--user ml] CMD...  a command through the bed's sshd (OpenSSH's client)
  bed count --dir DIR [--since OFFSET]  logins, commands, refusals in sshd's log, as JSON
  bed down --dir DIR [--keep-dir] [--keep-users]
drills, on munge db dbd ctld slurmd[:NODE] sshd all:
  bed stop --dir DIR ctld     SIGSTOP: it hangs        bed cont    SIGCONT: it goes on
  bed term --dir DIR dbd      SIGTERM, waits           bed kill    SIGKILL, waits
  bed start --dir DIR dbd     waits until it answers   bed restart term + start
  bed drop --dir DIR          kills sshd's open connections, not sshd
  bed freeze --dir DIR        sshd and its connections hang (SIGSTOP)     bed thaw   they go on
"""


def _pairs(words):
    result = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise BedError(f"'{word}': KEY=VALUE is needed")
        result[key] = value
    return result


def _opened(args):
    layout = Layout(args.dir)
    memory = Memory(layout).load()
    return layout, memory, Daemons(layout, memory)


def cmd_up(args):
    name = args.name or default_name(args.dir)
    if not NAME.match(name):
        raise BedError(f"--name {name}: a lower-case letter, then at most 11 letters and digits")
    slurm = _pairs(args.slurm)
    for key, value in (("MinJobAge", args.min_job_age), ("MessageTimeout", args.message_timeout)):
        if value is not None:
            slurm[key] = value
    spec = {"name": name, "slurm": slurm, "slurm_lines": args.slurm_line, "sshd": _pairs(args.sshd),
            "host_keys": args.host_keys.split(","), "port_base": args.port_base,
            "template": os.path.abspath(args.template) if args.template else None}
    began = time.monotonic()
    layout = Layout(args.dir)
    took = bring_up(layout, spec, keep_failed=args.keep_failed)
    if args.with_pid:
        _start_watch(args)
    if args.verbose:
        print("  " + ", ".join(f"{what} {seconds:.2f}" for what, seconds in took.items()), file=sys.stderr)
    if not args.quiet:
        print(f"bed {name} is up in {layout.top} after {time.monotonic() - began:.1f} s", file=sys.stderr)


def cmd_down(args):
    layout, memory, daemons = _opened(args)
    tear_down(layout, memory, daemons, keep_dir=args.keep_dir, keep_users=args.keep_users)


def environment(layout, memory, daemons):
    data = memory.data
    return {
        "name": data["name"], "dir": layout.top, "cluster_name": data["name"], "host": "127.0.0.1",
        "ssh_port": data["ports"]["sshd"], "ports": data["ports"], "users": data["users"], "user": data["users"]["ml"],
        "keys": data["keys"], "key": data["keys"]["ed25519"], "passphrase": ssh.PASSPHRASE,
        "known_hosts": layout.known_hosts, "slurm_conf": layout.slurm_conf, "sshd_log": layout.sshd_log,
        "log_dir": layout.log, "nodes": data["nodes"], "partitions": data["partitions"], "accounts": data["accounts"],
        "qos": data["qos"], "oom": data["oom"], "oom_reason": data["oom_reason"],
        "loopback_only": data["loopback_only"],
        "pids": {name: (entry["pid"] if daemons.alive(name) else None) for name, entry in data["pids"].items()},
    }


def cmd_env(args):
    print(json.dumps(environment(*_opened(args)), indent=1, sort_keys=True))


def cmd_count(args):
    print(json.dumps(ssh.count(Layout(args.dir), args.since), sort_keys=True))


def cmd_ssh(args):
    layout, memory, _ = _opened(args)
    if args.user not in memory.data["users"]:
        raise BedError(f"no user '{args.user}'; there are: {' '.join(memory.data['users'])}")
    argv = ssh.client_argv(layout, memory.data, args.user, args.words, args.key)
    os.execvp(argv[0], argv)


def cmd_stop(args):
    _signal(args, signal.SIGSTOP)


def cmd_cont(args):
    _signal(args, signal.SIGCONT)


def _signal(args, number):
    _, _, daemons = _opened(args)
    for name in daemons.expand(args.daemon):
        daemons.send(name, number)


def cmd_term(args):
    _end(args, signal.SIGTERM)


def cmd_kill(args):
    _end(args, signal.SIGKILL)


def _end(args, number):
    _, _, daemons = _opened(args)
    for name in daemons.expand(args.daemon):
        daemons.end(name, number)


def cmd_start(args):
    _, _, daemons = _opened(args)
    for name in daemons.expand(args.daemon):
        daemons.start(name)


def cmd_restart(args):
    cmd_term(args)
    cmd_start(args)


def cmd_drop(args):
    """Those there are now: who connects anew meanwhile stays."""
    _, _, daemons = _opened(args)
    now = daemons.connections()
    procs.kill_all(lambda: [each for each in daemons.connections() if each in now])


def cmd_freeze(args):
    _, _, daemons = _opened(args)
    daemons.send("sshd", signal.SIGSTOP)
    for entry in daemons.connections():
        procs.send(entry, signal.SIGSTOP)


def cmd_thaw(args):
    _, _, daemons = _opened(args)
    for entry in daemons.connections():
        procs.send(entry, signal.SIGCONT)
    daemons.send("sshd", signal.SIGCONT)


def cmd_watch(args):
    """Runs beside the bed: takes it down when the process that wanted it is gone, however that ended."""
    started = procs.start_time(args.pid)
    while procs.is_alive({"pid": args.pid, "start": started}):
        time.sleep(0.5)
    layout, memory, daemons = _opened(args)
    tear_down(layout, memory, daemons)


def _start_watch(args):
    layout, memory, _ = _opened(args)
    argv = [sys.executable, os.path.realpath(sys.argv[0]), "watch", "--dir", layout.top, "--pid", str(args.with_pid)]
    memory.data["pids"]["watch"] = procs.spawn(argv, layout.path("log", "watch.out"), dict(os.environ))
    memory.save()


def _parser():
    parser = argparse.ArgumentParser(prog="bed", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def verb(name):
        made = verbs.add_parser(name)
        made.add_argument("--dir", required=True, help="the bed's folder")
        return made

    up = verb("up")
    up.add_argument("--name", help="names cluster, users and nodes; by default made from --dir")
    up.add_argument("--port-base", type=int, help="first of 24 ports; by default free ones are found")
    up.add_argument("--slurm", action="append", default=[], metavar="KEY=VALUE", help="a setting of slurm.conf")
    up.add_argument("--slurm-line", action="append", default=[], metavar="LINE", help="a further line of slurm.conf")
    up.add_argument("--sshd", action="append", default=[], metavar="KEY=VALUE", help="a setting of sshd_config")
    up.add_argument("--host-keys", default="ed25519,ecdsa,rsa", help="kinds of host keys")
    up.add_argument("--min-job-age", metavar="S", help="MinJobAge (300)")
    up.add_argument("--message-timeout", metavar="S", help="MessageTimeout (10)")
    up.add_argument("--template", metavar="FOLDER", help="keeps MariaDB's fresh data folder here for the next bed")
    up.add_argument("--with-pid", type=int, metavar="PID", help="take it down when this process ends")
    up.add_argument("--keep-failed", action="store_true", help="leave everything as it is when it cannot start")
    up.add_argument("--verbose", action="store_true", help="say what took how long")
    up.add_argument("--quiet", action="store_true")
    down = verb("down")
    down.add_argument("--keep-dir", action="store_true", help="a later `up` starts faster, with all old jobs")
    down.add_argument("--keep-users", action="store_true")
    verb("env")
    for name in ("drop", "freeze", "thaw"):
        verb(name)
    verb("watch").add_argument("--pid", type=int, required=True)
    verb("count").add_argument("--since", type=int, default=0, metavar="OFFSET")
    for name in ("stop", "cont", "term", "kill", "start", "restart"):
        verb(name).add_argument("daemon")
    shell = verb("ssh")
    shell.add_argument("--user", default="ml")
    shell.add_argument("--key", default="ed25519")
    shell.add_argument("words", nargs=argparse.REMAINDER)
    return parser


def main(argv):
    args = _parser().parse_args(argv)
    try:
        globals()[f"cmd_{args.verb}"](args)
    except BedError as error:
        print(f"bed: {error}", file=sys.stderr)
        return 1
    return 0
