"""What a job finds where it runs: code, variables, secrets, and a sentence where its environment is missing."""
import hashlib
import pathlib
import re
import time

import pytest

from support.gateway import until

SECRET = "s3cr3t' $(touch /tmp/owned) \"quoted\" ümläut"


@pytest.fixture(params=["local", "alder"])
def site(request, gateway, bed, project, folder):
    """A gateway; site.run(config, files, **body) submits there and gives (job, log)."""
    local = {"name": "local", "type": "local", "workspace": str(folder / "work")}
    gw = gateway(clusters=[bed.cluster() if request.param == "alder" else local])

    def run(config=None, files=None, **body):
        path = project(config=config, files=files)
        job = gw.submit(project=gw.register(path)["name"], cluster=request.param, **body)
        done = gw.wait_final(job["id"])
        return done, gw.log(done["id"])

    gw.run = run
    gw.cluster_name = request.param
    gw.workspace = pathlib.Path(bed.user()["workspace"] if request.param == "alder" else folder / "work")
    return gw


def show(*names):
    return {"train.py": "import os\nfor name in %r: print(name + '=' + repr(os.environ.get(name)))\n" % (names,)}


def test_variables_and_passed_values_arrive_byte_for_byte(site):
    horror = "a b\t$HOME `id` 'x' \"y\" \\ ümläut,comma;semi"
    done, log = site.run({"env": {"vars": {"ONE": horror}, "pass": ["TWO"]}}, show("ONE", "TWO", "THREE"),
                         environment={"TWO": horror})
    assert done["state"] == "completed", log
    assert f"ONE={horror!r}" in log and f"TWO={horror!r}" in log and "THREE=None" in log


def test_a_secret_reaches_the_job_and_nothing_else(site):
    files = {"train.py": "import os, stat, hashlib\nrun = os.environ['SLUICE_RUN_DIR']\n"
                         "info = os.stat(run + '/secrets')\n"
                         "print('mode', oct(stat.S_IMODE(info.st_mode)),"
                         " hashlib.sha256(os.environb[b'KEY']).hexdigest())\n"}
    done, log = site.run({"env": {"secrets": ["KEY"]}}, files, environment={"KEY": SECRET})
    assert done["state"] == "completed" and f"mode 0o600 {hashlib.sha256(SECRET.encode()).hexdigest()}" in log
    run_dir = site.workspace / "runs" / done["token"]
    assert run_dir.is_dir()
    until(lambda: not (run_dir / "secrets").exists(), "the secrets go")
    job = f"/jobs/{done['id']}"
    for where in (job, job + "/script", job + "/events", job + "/log", "/jobs", "/events", "/metrics"):
        assert b"s3cr3t" not in site.get(where).body, where
    for path in [site.log_file, *site.state_dir.rglob("*"), *run_dir.rglob("*")]:
        assert not path.is_file() or b"s3cr3t" not in path.read_bytes(), path


def test_a_secret_without_a_value_is_refused_by_name(site, project):
    name = site.register(project(config={"env": {"secrets": ["KEY"]}}))["name"]
    answer = site.post("/jobs", {"project": name, "cluster": site.cluster_name})
    assert answer.status in (400, 422) and "KEY" in answer.text, answer
    assert site.jobs() == []


MISSING = [
    ({"conda_env": "nowhere"}, r"sluice: conda environment 'nowhere' is asked for, but no conda was found on \S+"),
    ({"env": {"venv": "/nowhere/venv"}}, r"sluice: virtual environment '/nowhere/venv' not found on \S+"),
    ({"env": {"modules": ["cuda/99"]}}, r"sluice: modules are asked for, but \S+ has no module command"),
    ({"train_script": "nowhere.py"}, r"sluice: train_script 'nowhere.py' does not exist in "),
    ({"env": {"setup": ["false"]}}, r"sluice: a setup line failed: false"),
]


@pytest.mark.parametrize("config, sentence", MISSING, ids=["conda", "venv", "module", "script", "setup"])
def test_a_missing_environment_fails_with_a_sentence(site, config, sentence):
    done, log = site.run(config)
    assert done["state"] == "failed" and done["exit_code"] == 1
    assert re.search(sentence, log), log


def test_setup_and_teardown_frame_the_command(site):
    config = {"env": {"setup": ["echo first", "export X=1"], "teardown": ["echo last $X"]}, "train_script": "fail.py"}
    done, log = site.run(config, {"fail.py": "print('middle'); raise SystemExit(4)\n"})
    assert (done["state"], done["exit_code"]) == ("failed", 4)
    assert [line for line in log.splitlines() if line in ("first", "middle", "last 1")] == ["first", "middle", "last 1"]


def test_code_in_place_runs_where_it_lies(site, bed):
    where = site.workspace.parent / "placed"
    where.mkdir(exist_ok=True)
    (where / "train.py").write_text("import os\nprint('cwd', os.getcwd())\n", encoding="utf-8")
    where.chmod(0o755)
    done, log = site.run({"code": {"mode": "in_place", "path": str(where)}})
    assert done["state"] == "completed" and f"cwd {where}" in log, log


def test_ignored_and_excluded_files_stay_at_home(site):
    files = {"train.py": "import os\nprint(sorted(n for n in os.listdir('.') if not n.startswith('.')))\n",
             ".gitignore": "ignored.bin\n", "ignored.bin": "x", ".mlopsignore": "big*\n", "big.dat": "y",
             "left.txt": "z", "kept.txt": "k"}
    _, log = site.run({"code": {"exclude": ["left.txt"]}}, files)
    assert "['kept.txt', 'train.py']" in log, log


def test_too_much_code_is_refused_with_the_largest_files(site, project):
    path = project(config={"code": {"max_size": "1M"}}, files={"weights.bin": b"\0" * (2 << 20)})
    answer = site.post("/jobs", {"project": site.register(path)["name"], "cluster": site.cluster_name})
    assert answer.status in (400, 413, 422) and "weights.bin" in answer.text, answer


def test_an_unchanged_tree_is_not_sent_again(gateway, bed, project, proxied):
    proxy, entry = proxied()
    gw = gateway(clusters=[entry])
    path = project(files={"data.bin": pathlib.Path("/dev/urandom").open("rb").read(400_000)})
    name = gw.register(path)["name"]
    sent = []
    for _ in range(2):
        before = proxy.passed["up"]
        job = gw.submit(project=name, cluster="alder")
        assert gw.wait_final(job["id"])["state"] == "completed"
        sent.append(proxy.passed["up"] - before)
    assert sent[0] > 400_000 and sent[1] < 100_000, sent


def test_filters_in_the_accounts_own_environment_hide_no_job(bed, gateway, project):
    rc = pathlib.Path(bed.user()["home"], ".bashrc")
    before = rc.read_text(encoding="utf-8") if rc.exists() else None
    rc.write_text("export SQUEUE_PARTITION=nosuch SQUEUE_STATES=PD SQUEUE_USERS=nobody SCANCEL_PARTITION=nosuch SCANCEL_STATE=PENDING\n",
                  encoding="utf-8")
    try:
        gw = gateway(clusters=[bed.cluster()])
        path = project(config={"command": ["sleep", "300"]})
        job = gw.submit(project=gw.register(path)["name"], cluster="alder")
        gw.wait_state(job["id"], ["running"])
        time.sleep(5)  # some ticks on
        assert gw.job(job["id"])["state"] == "running"
        gw.post(f"/jobs/{job['id']}/cancel")
        assert gw.wait_final(job["id"])["state"] == "cancelled"
    finally:
        rc.unlink() if before is None else rc.write_text(before, encoding="utf-8")
