"""MariaDB's first start, and the accounts, users and QOS of a bed."""
import os
import shutil

from .base import BedError, run

# QOS -> sacctmgr words. strict refuses at once, two and gpu4 let jobs wait.
QOS = {
    "high": "Priority=1000",
    "strict": "Flags=DenyOnLimit MaxTRES=gres/gpu=2 MaxWall=00:10:00",
    "two": "MaxJobsPerUser=2 MaxSubmitJobsPerUser=4",
    "gpu4": "MaxTRESPerUser=gres/gpu=4 GrpTRESMins=gres/gpu=600000",
    "short": "Priority=100 MaxWall=00:10:00",
}
ACCOUNTS = ("ml", "lab", "vision")


def prepare_database(layout, template):
    """A fresh data folder for MariaDB, copied from the template when there is one (and made into one when not)."""
    data = layout.path("db", "data")
    if os.path.isdir(os.path.join(data, "mysql")):
        return
    if template and os.path.isdir(os.path.join(template, "mysql")):
        shutil.copytree(template, data)
        return
    run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--tmpdir={layout.db_tmp}",
         "--user=root", "--skip-test-db", "--auth-root-authentication-method=normal", "--innodb-log-file-size=8M"],
        timeout=60)
    if template:
        _keep_template(data, template)


def _keep_template(data, template):
    """By rename, so that two beds that start at once cannot see half of it."""
    draft = f"{template}.{os.getpid()}"
    os.makedirs(os.path.dirname(os.path.abspath(template)), exist_ok=True)
    shutil.copytree(data, draft)
    try:
        os.rename(draft, template)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)


def _check(done):
    """sacctmgr's exit code says little: what it prints does."""
    text = done.stdout + done.stderr
    if any(word in line for line in text.splitlines() for word in ("error", "Problem", "Unknown", "fail")):
        raise BedError(f"sacctmgr: {text.strip()}")


def _dump(data):
    """Cluster, accounts and users in the format of `sacctmgr dump`."""
    yield f"Cluster - '{data['name']}':Fairshare=1:QOS='normal'"
    yield "Parent - 'root'"
    for account in ACCOUNTS:
        yield f"Account - '{account}':Description='{account}':Organization='bed':Fairshare=1"
    for account in ACCOUNTS:
        yield f"Parent - '{account}'"
        for user in data["users"].values():
            if account in user["accounts"]:
                yield f"User - '{user['name']}':DefaultAccount='{user['accounts'][0]}':Fairshare=1"


def add_cluster_and_users(env, layout, data):
    """What slurmctld needs to know before its first start. Loaded as one file, because each RPC to slurmdbd waits for
    delayed ACKs: one command for each user would take 8 s. Never two sacctmgr at once (the association tree breaks)."""
    path = layout.path("etc", "accounts.cfg")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(_dump(data)) + "\n")
    _check(run(["sacctmgr", "-i", "load", path], env=env, check=False))


def add_qos(env, data):
    """After slurmctld's first start only: until then nobody knows what gres/gpu is."""
    commands = [f"add qos {name} {words}" for name, words in QOS.items()]
    commands.append(f"modify account where name={','.join(ACCOUNTS)} cluster={data['name']} set qos+={','.join(QOS)}")
    _check(run(["sacctmgr", "-i", "-n"], env=env, stdin="\n".join(commands) + "\nquit\n", check=False))
