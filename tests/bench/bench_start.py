"""The daemon by itself: from exec to the first answer with 100,000 jobs stored, its memory when idle and with 10,000 active
jobs, and what 100 clusters cost that are polled every 30 s."""
import os
import shutil
import socket
import sqlite3
import subprocess
import time

from figures import ROOT, at_most, bed, cpu_s, fill, folder, gateway, median, rss_kb
from support.gateway import binary, until

STORED, ACTIVE, CLUSTERS = 100_000, 10_000, 100
STARTS, WATCH_S = 21, 90
ASK = b"GET /api/v1/jobs?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

# Stands for squeue: the rows of one cluster's jobs under the nonce that the format begins with.
SQUEUE = """\
#!/bin/sh
for word; do case $word in *"$(printf '\\037')"*) nonce=${word%%"$(printf '\\037')"*};; esac; done
exec sed "s/@/$nonce/g" "$(dirname "$0")/rows"
"""
ROW = ("@\037{id}\037{id}\037RUNNING\037ada\037gpu\037ml\037normal\037gpu-a100-017\0371\0378\0371795186400\0371795186490\037N/A\037"
       "4294901757\0372-00:00:00\037@=gres:gpu:a100:4@=(null)@=None@=train@={token}@={run}@={run}/script.sh@.\n")


def first_answer_s(port):
    """Asks until there is somebody; the time of the first byte."""
    while True:
        with socket.socket() as link:
            if link.connect_ex(("127.0.0.1", port)) == 0:
                link.sendall(ASK)
                if link.recv(12).endswith(b"200"):
                    return time.perf_counter()


def on_cpu_ms(pid):
    """What it really worked, however many others wanted the processor."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def starts(gw):
    """Milliseconds of each start. `sluice version` beside it is what starting any process costs here."""
    ours, bare, worked = [], [], []
    for _ in range(STARTS):
        begin = time.perf_counter()
        child = subprocess.Popen(gw.argv(), cwd=gw.dir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        ours.append((first_answer_s(gw.port) - begin) * 1000)
        worked.append(on_cpu_ms(child.pid))
        child.terminate()
        child.wait()
        begin = time.perf_counter()
        subprocess.run([binary(), "version"], stdout=subprocess.DEVNULL, check=True)
        bare.append((time.perf_counter() - begin) * 1000)
    print(f"start: median {median(ours):.1f} ms, least {min(ours):.1f}, of which on a processor {median(worked):.1f}, "
          f"{min(worked):.1f}; `sluice version`: median {median(bare):.1f}, least {min(bare):.1f}")
    return ours


def bench_start(place):
    with gateway(place / "idle", start=False, state_dir=fill(place / "stored", STORED)) as gw:
        times = starts(gw)
        at_most("start to first answer, 100,000 jobs stored", median(times), 15, "ms")
        gw.start()
        for _ in range(50):
            gw.get("/jobs?limit=50")
        at_most("idle memory, 100,000 jobs stored", rss_kb(gw.pid) / 1024, 16, "MB")


class FakeSlurms:
    """On the bed's sshd: a folder of commands for each of the clusters c0, c1 ..., which show their jobs as running."""

    def __init__(self, on, state_dir, count):
        user = on.user()
        self.bed = on
        self.folder = os.path.join(user["home"], "fakes")
        jobs = {}
        with sqlite3.connect(os.path.join(state_dir, "sluice.db")) as db:
            for cluster, number, token, run in db.execute("SELECT cluster, sched_id, token, run_dir FROM job WHERE phase = ?"
                                                          " AND sched_id IS NOT NULL", (self.submitted(db),)):
                jobs.setdefault(cluster, []).append(ROW.format(id=number, token=token, run=run))
        for n in range(count):
            self.add(f"c{n}", jobs.get(f"c{n}", []))
        subprocess.run(["chown", "-R", f"{user['uid']}:{user['gid']}", self.folder], check=True)

    @staticmethod
    def submitted(db):
        return db.execute("SELECT max(phase) FROM job WHERE state = 'running'").fetchone()[0]

    def add(self, name, rows):
        home = os.path.join(self.folder, name)
        os.makedirs(home)
        for command in ("squeue", "sacct", "scontrol", "sinfo", "sbatch", "scancel", "sacctmgr"):
            with open(os.path.join(home, command), "w", encoding="utf-8") as file:
                file.write(SQUEUE if command == "squeue" else "#!/bin/sh\nexit 0\n")
            os.chmod(os.path.join(home, command), 0o755)
        with open(os.path.join(home, "rows"), "w", encoding="utf-8") as file:
            file.writelines(rows)

    def cluster(self, name, **more):
        return self.bed.cluster(name, slurm={"bin_dir": os.path.join(self.folder, name)}, **more)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def polled(gw):
    """Clusters whose jobs were all seen."""
    return sum(1 for cluster in gw.json("/clusters")["items"] if cluster.get("observed_at"))


def bench_many_jobs(place, on):
    """All 10,000 on one cluster, so that its answer is the largest there can be."""
    filled = fill(place / "many", STORED, ACTIVE, 1)
    fakes = FakeSlurms(on, filled, 1)
    with gateway(place / "active", state_dir=filled,
                 clusters=[fakes.cluster("c0", poll={"active": 2, "pending": 2, "log": 60})]) as gw:
        before = seen_of(gw)
        until(lambda: seen_of(gw) > before, "a poll of 10,000 jobs", 120)
        for _ in range(5):
            time.sleep(3)
            gw.get("/jobs?limit=50")
        assert gw.json("/jobs?limit=1&filter=state:running")["items"], "the jobs are still active"
        at_most("memory, 10,000 active jobs polled", rss_kb(gw.pid) / 1024, 45, "MB")
    fakes.remove()


def seen_of(gw):
    return max((job.get("observed_at") or "" for job in gw.json("/jobs?limit=1&filter=state:running")["items"]), default="")


def bench_many_clusters(place, on):
    filled = fill(place / "wide", STORED, ACTIVE, CLUSTERS)
    fakes = FakeSlurms(on, filled, CLUSTERS)
    entries = [fakes.cluster(f"c{n}", poll={"active": 30, "pending": 30, "log": 60, "max_commands_per_minute": 20})
               for n in range(CLUSTERS)]
    with gateway(place / "clusters", state_dir=filled, clusters=entries) as gw:
        until(lambda: polled(gw) == CLUSTERS, "100 clusters polled once", 240)
        time.sleep(30)
        begin, spent = time.monotonic(), cpu_s(gw.pid)
        time.sleep(WATCH_S)
        spent, took = cpu_s(gw.pid) - spent, time.monotonic() - begin
        print(f"100 clusters, 10,000 jobs: {spent:.2f} s of a core in {took:.0f} s; {rss_kb(gw.pid) / 1024:.1f} MB")
        at_most("100 clusters polled every 30 s", 100 * spent / took, 3, "% of a core")
    fakes.remove()


def main():
    with folder() as place:
        bench_start(place)
        with bed("--sshd", "MaxStartups=200:30:400") as on:
            bench_many_jobs(place, on)
            bench_many_clusters(place, on)


if __name__ == "__main__":
    main()
