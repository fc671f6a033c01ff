"""A poll of 1, 100 and 10,000 active jobs over ssh: commands over the link, commands of Slurm, processor time and memory. (What
reading its answer costs: bench_poll.c.)"""

from fake_slurm import FakeSlurms
from figures import at_most, bed, cpu_s, fill, folder, gateway, rss_kb
from support.gateway import until

TICKS = 12


def bench(on, place, jobs):
    """(seconds of a processor a tick, commands of Slurm a tick)"""
    filled = fill(place / f"jobs{jobs}", 0, jobs)
    fakes = FakeSlurms(on, filled, 1)
    offset = on.count()["offset"]

    def ticks():
        return fakes.calls("c0").count("squeue")

    with gateway(place / f"gw{jobs}", state_dir=filled,
                 clusters=[fakes.cluster("c0", poll={"active": 1, "pending": 1, "log": 60})]) as gw:
        until(lambda: ticks() >= 3, "the first polls", 240)
        begun, spent, memory = ticks(), cpu_s(gw.pid), rss_kb(gw.pid)
        until(lambda: ticks() >= begun + TICKS, "more polls", 600)
        done = ticks() - begun
        spent = (cpu_s(gw.pid) - spent) / done
        grown = rss_kb(gw.pid) - memory
        commands = gw.commands("c0")
    calls, logins = fakes.calls("c0"), on.count(offset)["logins"]
    fakes.remove()
    print(f"{jobs} jobs: {1000 * spent:.1f} ms of a processor a tick, {logins} login, {commands} commands over ssh, of Slurm: "
          f"{len(calls)}")
    at_most(f"poll of {jobs} jobs: commands over ssh beyond one a tick and the first", commands - calls.count("squeue"), 1)
    if jobs == 10_000:
        at_most("poll of 10,000 jobs: memory grown in 12 ticks", grown / 1024, 2, "MB")
    return spent, len(calls) / calls.count("squeue")


def main():
    with folder() as place, bed() as on:
        seen = {jobs: bench(on, place, jobs) for jobs in (1, 100, 10_000)}
        at_most("poll: Slurm's commands a tick, 10,000 jobs / 1 job", seen[10_000][1] / seen[1][1], 1.1, "x")
        at_most("poll: processor time a job, 10,000 jobs / 100 jobs", seen[10_000][0] / seen[100][0] / 100, 1.2, "x")


if __name__ == "__main__":
    main()
