"""Small projects to submit. Their folder is 0700: the cluster's user cannot look into it."""
import json
import os
import pathlib
import subprocess

from .gateway import to_yaml

# Prints, trains nothing, ends with the code it is told; `args` come back as a JSON list.
TRAIN = """\
import json, sys, time
print("args " + json.dumps(sys.argv[1:]), flush=True)
for word in sys.argv[1:]:
    if word.startswith("sleep="):
        time.sleep(float(word[6:]))
    if word.startswith("exit="):
        sys.exit(int(word[5:]))
print("done", flush=True)
"""

PAYLOAD = pathlib.Path(__file__).resolve().parents[2] / "cluster" / "payload.sh"


def git(path, *words):
    env = {**os.environ, "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t",
           "GIT_COMMITTER_EMAIL": "t@example.org", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(["git", "-C", str(path), *words], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def make_project(path, config=None, files=None, commit=True):
    """A git repository with .mlops-config.yaml and train.py. config: a dict, or the file's text."""
    path = pathlib.Path(path)
    path.mkdir(mode=0o700, parents=True)
    path.chmod(0o700)
    base = {"python": "python3", "resources": {"gpus": 0, "cpus": 1, "mem": "200M", "time": "00:05:00"}}
    text = config if isinstance(config, str) else to_yaml({**base, **(config or {})})
    everything = {".mlops-config.yaml": text, "train.py": TRAIN, **(files or {})}
    for name, content in everything.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(path, "init", "-q", "-b", "main")
    if commit:
        git(path, "add", "-A")
        git(path, "commit", "-q", "-m", "first")
    return path


def make_ledger_project(path, ledger, seconds=0, code=0, config=None):
    """A project whose payload appends to a ledger on the cluster's disk (tests/cluster/checker.py reads it)."""
    own = {"command": ["sh", "payload.sh", str(ledger), str(seconds), str(code)], **(config or {})}
    return make_project(path, own, {"payload.sh": PAYLOAD.read_bytes()})


def args_seen(log):
    """The argv that the payload of make_project printed."""
    for line in log.splitlines():
        if line.startswith("args "):
            return json.loads(line[5:])
    return None
