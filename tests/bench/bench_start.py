"""The daemon by itself: from exec to the first answer with 100,000 jobs stored, its memory when idle and with 10,000 active
jobs, and what 100 clusters cost that are polled every 30 s."""
import socket
import subprocess
import time

from figures import at_most, bed, cpu_s, fill, folder, gateway, median, rss_kb
from fake_slurm import FakeSlurms
from support.gateway import binary, until

STORED, ACTIVE, CLUSTERS = 100_000, 10_000, 100
STARTS, WATCH_S = 21, 90
ASK = b"GET /api/v1/jobs?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

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
