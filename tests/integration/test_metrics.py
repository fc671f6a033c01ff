"""Numbers of runs: every way in, on this machine and on Slurm; the job's token; the client beside a gateway that comes
and goes."""
import json
import pathlib
import subprocess

import pytest

from support.gateway import ROOT, until

CLIENT = (ROOT / "scripts" / "client" / "sluice_client.py").read_text(encoding="utf-8")

PRESETS = r'''
import sys
out = sys.stdout
out.write("2026-01-31 12:00:00 INFO: 12 workers\n")
out.write("step: 1 | Train Loss: 0.5 | c/acc: nan\n")
out.write("step=2 e_loss=0.25 e_lr=1e-3\n")
out.write("Epoch 2/5\n 50/100 [====>....] - ETA: 1:16 - k_loss: 0.5000\b\b\r100/100 [======] - 9s - k_loss: 0.4 - k_val: inf\n")
out.write("Epoch 1:  45%|####5     | 45/100 [00:01<00:02, 32.1it/s, v_num=3, l_loss=0.693]\n")
out.write("{'h_loss': 0.5, 'h_norm': nan, 'epoch': 0.5}\n{'h_loss': '0.4', 'epoch': 1.0}\n")
out.write("\r 45%|####5  | 450/1000 [01:02<01:16,  7.20it/s, t_loss=0.123]\r 46%|####6 | 460/1000 [01:03<01:15, 7.2it/s, t_loss=0.12]\n")
out.write("step 470/1000\n")
'''


@pytest.fixture(params=["local", "alder"])
def site(request, gateway, bed, project, folder):
    """A gateway whose jobs can reach it; site.run(config, files) submits there."""
    local = {"name": "local", "type": "local", "workspace": str(folder / "work")}
    gw = gateway(clusters=[bed.cluster() if request.param == "alder" else local], start=False)
    gw.write_config({"public_url": gw.url})
    gw.start()

    def run(config=None, files=None):
        return gw.submit(project=gw.register(project(config=config, files=files))["name"], cluster=request.param)

    gw.run = run
    gw.workspace = pathlib.Path(bed.user()["workspace"] if request.param == "alder" else folder / "work")
    return gw


def curves(gw, job):
    """name: [(step, value), ...]"""
    items = gw.json(f"/jobs/{job['id']}/metrics")["items"]
    return {item["name"]: list(zip(item["steps"], item["values"])) for item in items}


def wait_curves(gw, job, expected):
    def is_so():
        found = curves(gw, job)
        return all(found.get(name) == points for name, points in expected.items())
    try:
        until(is_so, "the curves", 60)
    except Exception as error:
        raise AssertionError(f"{curves(gw, job)}\n{gw.log(job['id'])}") from error
    return curves(gw, job)


def test_every_preset_is_read_off_the_log(site):
    job = site.run(files={"train.py": PRESETS})
    done = site.wait_final(job["id"])
    assert done["state"] == "completed", done
    found = wait_curves(site, job, {
        "Train Loss": [(1, 0.5)], "c/acc": [(1, "NaN")],
        "e_loss": [(2, 0.25)], "e_lr": [(2, 0.001)],
        "k_loss": [(150, 0.5), (200, 0.4)], "k_val": [(200, "Infinity")],
        "l_loss": [(145, 0.693)],
        "h_loss": [(0.5, 0.5), (1, 0.4)], "h_norm": [(0.5, "NaN")],
        "t_loss": [(450, 0.123), (460, 0.12)]})
    assert set(found) == {"Train Loss", "c/acc", "e_loss", "e_lr", "k_loss", "k_val", "l_loss", "h_loss", "h_norm", "t_loss"}
    done = site.job(job["id"])
    assert done["metrics"]["k_val"] == {"last": "Infinity", "best": "Infinity", "step": 200}
    # "Epoch 2/5" stood there: 470 of 1000 is a part of it.
    assert done["progress"]["fraction"] == pytest.approx(0.294)
    assert "29%" in site.cli("ls", check=True).stdout
    shown = site.cli("show", job["id"], check=True).stdout
    assert "progress    29%" in shown and "t_loss" in shown


def test_own_sources_primary_and_progress(site):
    config = {"metrics": {"sources": ["csv:code/out/*/m.csv", r"regex:L(?<loss>\S+) at (?<step>\d+)"],
                          "primary": {"name": "gap/loss", "goal": "max"}},
              "progress": {"regex": r"seen (\d+)", "total": 200}}
    code = r'''
import os
os.makedirs("out/v0")
with open("out/v0/m.csv", "w") as f:
    f.write('step,"gap/loss","a,b"\n1,3,"7"\n2,NaN,\nstep,gap/loss,c\n3,2,5\n')
open(os.environ["SLUICE_RUN_DIR"] + "/metrics.jsonl", "w").write('{"step": 1, "not_asked_for": 1}\n')
print("L0.5 at 7\nL-inf at 8\nx=1 seen 50", flush=True)
'''
    job = site.run(config, {"train.py": code})
    assert site.wait_final(job["id"])["state"] == "completed"
    found = wait_curves(site, job, {"gap/loss": [(1, 3), (2, "NaN"), (3, 2)], "a,b": [(1, 7)], "c": [(3, 5)],
                                    "loss": [(7, 0.5), (8, "-Infinity")]})
    assert set(found) == {"gap/loss", "a,b", "c", "loss"}
    done = site.job(job["id"])
    assert list(done["metrics"].items())[0] == ("gap/loss", {"last": 2, "best": 3, "step": 3, "primary": True})
    assert done["progress"]["fraction"] == 0.25 and done["progress"]["total"] == 200


def test_a_wrong_source_is_refused_at_its_place(gateway, project):
    gw = gateway(clusters=[{"name": "local", "type": "local"}])
    text = ("metrics:\n  sources:\n    - auto\n    - log:kera\n  primary: {name: loss, goal: up}\n"
            "progress:\n  regex: 'step (\\d+'\n")
    path = project(config=text)
    shown = gw.cli("config", "check", path / ".mlops-config.yaml")
    for words in ("4:7: metrics.sources", "log:kera is no preset", "5:31: metrics.primary.goal", "7:10: progress.regex",
                  "missing closing parenthesis at character 10"):
        assert words in shown.stdout + shown.stderr, (words, shown)
    answer = gw.post("/jobs", {"project": gw.register(project())["name"], "cluster": "local",
                               "metrics": {"sources": ["tfevents:*"]}})
    assert answer.status == 422 and "tfevents: and wandb: files are not supported yet" in answer.text, answer


def test_steps_go_back_after_a_requeue(gateway, bed, project):
    gw = gateway(clusters=[bed.cluster()])
    code = ('echo "attempt $SLUICE_ATTEMPT"; s=$SLUICE_ATTEMPT; for i in 1 2 3; do echo "step $((i + s - 1))/10 loss=$s.$i"; done; '
            '[ "$SLUICE_ATTEMPT" != 1 ] || sleep 300')
    path = project(config={"shell": code})
    job = gw.submit(project=gw.register(path)["name"], cluster="alder")
    wait_curves(gw, job, {"loss": [(1, 1.1), (2, 1.2), (3, 1.3)]})
    assert gw.job(job["id"])["progress"]["fraction"] == 0.3
    number = gw.job(job["id"])["slurm"]["job_id"]
    bed.slurm("scontrol", "requeue", str(number))
    until(lambda: gw.job(job["id"])["attempt"] == 2, "the second attempt", 60)
    bed.slurm("scontrol", "update", f"jobid={number}", "starttime=now")
    assert gw.wait_final(job["id"], 240)["state"] == "completed"
    wait_curves(gw, job, {"loss": [(1, 1.1), (2, 1.2), (3, 1.3), (2, 2.1), (3, 2.2), (4, 2.3)]})
    done = gw.job(job["id"])
    assert done["metrics"]["loss"] == {"last": 2.3, "best": 1.1, "step": 4}
    assert done["progress"]["fraction"] == 0.4


def token_of(job, gw):
    file = gw.workspace / "runs" / job["token"] / "told"
    return until(lambda: file.exists() and file.read_text().split(), "the job's variables", 60)


TELL = ('umask 077; echo "$SLUICE_METRICS_TOKEN $SLUICE_METRICS_URL" >"$SLUICE_RUN_DIR/told.new"; '
        'mv "$SLUICE_RUN_DIR/told.new" "$SLUICE_RUN_DIR/told"; while [ ! -e "$SLUICE_RUN_DIR/go" ]; do sleep 0.2; done')


def post(gw, job, token, points):
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return gw.post(f"/jobs/{job['id']}/metrics", {"points": points}, headers=headers)


def test_a_jobs_token_is_for_its_numbers_alone(site):
    first, second = site.run({"shell": TELL}), site.run({"shell": TELL})
    token, url = token_of(first, site)
    other, _ = token_of(second, site)
    assert url == f"{site.url}/api/v1/jobs/{first['token']}/metrics" and token != other
    assert post(site, first, token, [{"step": 1, "a": "NaN"}]).status == 204
    assert post(site, first, token[:-1] + "x", [{"a": 1}]).status == 401
    assert post(site, first, "", [{"a": 1}]).status == 401
    assert post(site, first, other, [{"a": 1}]).status == 403
    assert post(site, first, None, [{"step": 2, "a": 5}]).status == 204  # the owner needs none
    assert curves(site, first)["a"] == [(1, "NaN"), (2, 5)] and curves(site, second) == {}
    # Another user of this machine: with the token that one route, without it nothing.
    ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json", "-H",
           f"Authorization: Bearer {token}"]
    for words, status in ((["--data", '{"points": [{"step": 3, "a": 6}]}', url], "204"), ([url], "403"),
                          ([f"{site.url}/api/v1/jobs"], "403"), (["-X", "POST", f"{site.url}/api/v1/jobs/1/cancel"], "403")):
        done = subprocess.run(ask + words, user="nobody", capture_output=True, text=True, check=False)
        assert done.stdout == status, (words, done)
    assert curves(site, first)["a"][-1] == (3, 6)
    # Never where it does not belong.
    for path in ("", "/script", "/events", "/request", "/manifest", "/log"):
        answer = site.get(f"/jobs/{first['id']}{path}")
        assert token.encode() not in answer.body, path
    for file in [site.log_file, *site.state_dir.rglob("*")]:
        assert not file.is_file() or token.encode() not in file.read_bytes(), file
    run_dir = site.workspace / "runs" / first["token"]
    holders = {file.name for file in run_dir.rglob("*") if file.is_file() and token.encode() in file.read_bytes()}
    assert holders == {"secrets", "told"} and (run_dir / "secrets").stat().st_mode & 0o777 == 0o600
    for job in (first, second):
        (site.workspace / "runs" / job["token"] / "go").touch()
        assert site.wait_final(job["id"])["state"] == "completed"
    assert post(site, first, token, [{"step": 4, "a": 7}]).status == 204  # the last flush, within the grace
    if first["cluster"] == "local":  # under Slurm a job may come back, and needs it; it is good for nothing else
        until(lambda: not (run_dir / "secrets").exists(), "the token goes")


CLIENT_RUN = r'''
import os, sys, time, sluice_client as sluice
go = os.environ["SLUICE_RUN_DIR"] + "/go"
for step in range(100):
    sluice.log({"loss": float("nan") if step == 3 else 1.0 / (step + 1), "inner": {"inf": float("inf")}}, step=step)
print("half", flush=True)
while not os.path.exists(go):
    time.sleep(0.1)
for step in range(100, 200):
    sluice.log({"loss": 1.0 / (step + 1)}, step=step)
if sys.argv[1:] == ["die"]:
    os.kill(os.getpid(), 9)
'''


@pytest.mark.parametrize("end", ["well", "die"])
def test_the_client_loses_and_doubles_nothing(site, end):
    """Posted by the token, written beside it; the gateway is killed and away for a while, and the run may be killed."""
    job = site.run({"args": [end], "style": "args"}, {"train.py": CLIENT_RUN, "sluice_client.py": CLIENT})
    expected = [(step, "NaN" if step == 3 else 1.0 / (step + 1)) for step in range(200)]
    wait_curves(site, job, {"loss": expected[:100]})
    run_dir = site.workspace / "runs" / job["token"]
    assert len(list(run_dir.glob("metrics.*.jsonl"))) == 1
    site.kill9()
    (run_dir / "go").touch()
    file = next(run_dir.glob("metrics.*.jsonl"))
    until(lambda: file.read_text().count("\n") == 200, "the file has every point", 60)
    site.restart()
    done = site.wait_final(job["id"])
    assert done["state"] == ("completed" if end == "well" else "failed"), done
    found = wait_curves(site, job, {"loss": expected})
    assert found["inner/inf"] == [(step, "Infinity") for step in range(100)]
    assert done["id"] and json.loads(file.read_text().splitlines()[0])["step"] == 0
