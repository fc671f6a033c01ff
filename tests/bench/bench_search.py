"""A log of 100 MB, searched over the API: an exact count over all of it, on this machine's own cluster."""
import time

from figures import at_most, folder, gateway, median
from support.project import make_project

LINES = 1_000_000
WRITER = f"""
line = "[2026-01-31 12:00:00] epoch 7 step %07d loss 0.123456 acc 0.98 lr 1e-3 time 12.3s eta 1:02:03 "
for n in range({LINES}):
    print(line % n + ("needle" if n % 1000 == 0 else "......"))
"""


def main():
    with folder() as place, gateway(place / "gw") as gw:
        path = make_project(place / "project", files={"train.py": WRITER})
        job = gw.submit(project=gw.register(path)["name"], cluster="local")
        gw.wait_final(job["id"], timeout=300)
        size = int(gw.get(f"/jobs/{job['id']}/log?offset=-1").headers["X-Sluice-Size"])
        times = []
        for _ in range(7):
            begin = time.perf_counter()
            found = gw.json(f"/jobs/{job['id']}/log/search?q=needle")
            times.append(time.perf_counter() - begin)
            assert found["total"] == LINES // 1000
        print(f"a log of {size / 1e6:.0f} MB, {LINES // 1000} matches")
        at_most("100 MB of log searched", median(times) * 100e6 / size, 0.5, "s")


main()
