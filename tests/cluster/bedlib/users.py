"""Ordinary users of a bed. Their names begin with the bed's name, so two beds never touch each other's."""
import os
import pwd
import shutil

from .base import BedError, machine_lock, run

# short name -> login shell, accounts (the first is the default). "ml" is the ordinary one; "vis" sits in another account.
USERS = {
    "ml": {"shell": "/bin/bash", "accounts": ["ml", "lab"]},
    "noisy": {"shell": "/bin/bash", "accounts": ["ml"]},
    "tcsh": {"shell": "/usr/bin/tcsh", "accounts": ["ml"]},
    "fish": {"shell": "/usr/bin/fish", "accounts": ["ml"]},
    "zsh": {"shell": "/usr/bin/zsh", "accounts": ["ml"]},
    "sh": {"shell": "/bin/sh", "accounts": ["ml"]},
    "vis": {"shell": "/bin/bash", "accounts": ["vision"]},
}

BASH_NOISE = """\
echo "Welcome to the bed! Your quota is 93% used."
echo "Last maintenance: 414|COMPLETED|0:0" >&2
printf '\\033[31mred\\033[0m\\007\\n'
alias ls='ls --color=always'
export SBATCH_TIMELIMIT=9 SQUEUE_FORMAT='%i nonsense' LC_ALL=C
"""

RC_FILES = {
    "noisy": {".bashrc": BASH_NOISE, ".bash_profile": ". ~/.bashrc\necho profile noise\n"},
    "tcsh": {".tcshrc": 'echo "tcsh says hello"\nset noclobber\nalias rm "rm -i"\n'},
    "fish": {".config/fish/config.fish": 'echo "fish says hello"\n'},
    "zsh": {".zshenv": 'echo "zsh says hello"\nsetopt noclobber\n'},
}


def login_name(bed_name, short):
    return f"{bed_name}-{short}"


def _exists(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def check_shells():
    gone = [user["shell"] for user in USERS.values() if not os.access(user["shell"], os.X_OK)]
    if gone:
        raise BedError(f"no such login shell: {', '.join(gone)}; run scripts/setup")


def create(layout, bed_name):
    """Makes the users that are missing; returns short name -> what a test needs to know of them."""
    check_shells()
    made = {}
    with machine_lock():
        for short, spec in USERS.items():
            name = login_name(bed_name, short)
            home = layout.path("home", short)
            known = _exists(name)
            if known and known.pw_dir != home:
                raise BedError(f"user {name} exists with another home ({known.pw_dir}); choose another --name")
            if not known:
                os.makedirs(home, exist_ok=True)
                run(["useradd", "-p", "*", "-M", "-U", "-l", "-d", home, "-s", spec["shell"], name])
            made[short] = _describe(name, home, spec)
    return made


def _describe(name, home, spec):
    entry = pwd.getpwnam(name)
    return {"name": name, "uid": entry.pw_uid, "gid": entry.pw_gid, "home": home, "shell": spec["shell"],
            "workspace": os.path.join(home, "mlops-jobs"), "accounts": spec["accounts"]}


def _write_own(path, text, user, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def furnish(users, authorized_keys):
    """Home folders with rc files and keys, owned by their users."""
    for short, user in users.items():
        home = user["home"]
        os.makedirs(home, exist_ok=True)
        for name, text in RC_FILES.get(short, {}).items():
            _write_own(os.path.join(home, name), text, user, 0o644)
        _write_own(os.path.join(home, ".ssh", "authorized_keys"), authorized_keys, user, 0o600)
        os.chmod(os.path.join(home, ".ssh"), 0o700)
        for folder, _, files in os.walk(home):
            os.chown(folder, user["uid"], user["gid"])
            for name in files:
                os.chown(os.path.join(folder, name), user["uid"], user["gid"], follow_symlinks=False)
        os.chmod(home, 0o755)


def remove(users):
    """Removes users (never one whose home is not the bed's) and what they left in the common places."""
    with machine_lock():
        for user in users.values():
            known = _exists(user["name"])
            if not known or known.pw_dir != user["home"]:
                continue
            run(["userdel", "-f", user["name"]], check=False)
            shutil.rmtree(f"/tmp/fish.{user['name']}", ignore_errors=True)
