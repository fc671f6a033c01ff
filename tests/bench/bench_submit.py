"""What a submission costs: validated, rendered, committed, sent over ssh, taken by sbatch, its id committed. One at a time at
0, 10 and 40 ms of round trip, each beside a local `bash -c sbatch` of the same script; then 64 at once."""
import collections
import http.client
import json
import queue
import socket
import subprocess
import tempfile
import threading
import time

from figures import at_least, at_most, bed, folder, gateway, median, timed
from support.project import make_project

ROUNDS, AT_ONCE, BURSTS = 25, 64, 3
PROJECT = {"command": ["true"], "code": {"mode": "in_place"}}


class SlowLink:
    """Leads to target_port; every byte arrives delay_s after it came, however many are under way."""

    def __init__(self, target_port, delay_s):
        self.target_port, self.delay_s = target_port, delay_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target_port))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink in ((near, far), (far, near)):
                waiting = queue.SimpleQueue()
                threading.Thread(target=self.read, args=(source, waiting), daemon=True).start()
                threading.Thread(target=self.write, args=(sink, waiting), daemon=True).start()

    def read(self, source, waiting):
        data = b"-"
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            waiting.put((time.monotonic() + self.delay_s, data))

    @staticmethod
    def write(sink, waiting):
        while True:
            due, data = waiting.get()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return


class Client:
    """Submits over connections that stay open."""

    def __init__(self, gw, project):
        self.gw = gw
        self.body = json.dumps({"project": project, "cluster": "alder", "slurm": {"extra": {"hold": True}}})
        self.link = http.client.HTTPConnection("127.0.0.1", gw.port, timeout=120)
        self.link.connect()

    def ask(self):
        self.link.request("POST", "/api/v1/jobs?wait=submitted&timeout=100s", self.body,
                          {"Content-Type": "application/json"})

    def answer(self):
        reply = self.link.getresponse()
        job = json.loads(reply.read())
        assert reply.status == 202 and job["slurm"]["job_id"], job
        return job

    def submit(self):
        self.ask()
        return self.answer()


class LocalSbatch:
    """`bash -c 'sbatch ...'` of the same script by the same user, beside all ssh."""

    def __init__(self, on, script):
        user = on.user()
        self.place = tempfile.mkdtemp(prefix="local-", dir=user["home"])
        self.file = f"{self.place}/script.sh"
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(script)
        subprocess.run(["chown", "-R", f"{user['uid']}:{user['gid']}", self.place], check=True)
        self.words = ["bash", "-c", f"exec sbatch --parsable --ignore-pbs --chdir={self.place} {self.file}"]
        self.how = {"user": user["uid"], "group": user["gid"], "extra_groups": [], "cwd": self.place,
                    "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                    "env": {"PATH": "/usr/bin:/bin", "SLURM_CONF": on.env["slurm_conf"], "HOME": user["home"]}}

    def run(self):
        subprocess.run(self.words, check=True, **self.how)


def one_by_one(on, place, rtt_ms):
    """{way: milliseconds}, turn by turn."""
    link = SlowLink(on.env["ssh_port"], rtt_ms / 2000)
    known = on.known_hosts_for(link.port, place / f"known{rtt_ms}")
    entry = on.cluster(port=link.port, ssh={"known_hosts": known}) if rtt_ms else on.cluster()
    took = collections.defaultdict(list)
    with gateway(place / f"gw{rtt_ms}", clusters=[entry]) as gw:
        name = gw.register(make_project(place / f"project{rtt_ms}", PROJECT))["name"]
        client = Client(gw, name)
        job = client.submit()
        local = LocalSbatch(on, gw.get(f"/jobs/{job['id']}/script").text)
        for _ in range(ROUNDS):
            took["ours"].append(timed(client.submit)[0] * 1000)
            took["local"].append(timed(local.run)[0] * 1000)
    link.listener.close()
    ours, theirs = median(took["ours"]), median(took["local"])
    print(f"{rtt_ms} ms round trip: ours {ours:.1f} ms (least {min(took['ours']):.1f}), "
          f"local sbatch {theirs:.1f} ms (least {min(took['local']):.1f})")
    at_most(f"submit at {rtt_ms} ms round trip, over local sbatch", ours - theirs, 7 + 1.15 * rtt_ms, "ms")


def all_at_once(on, place):
    rates = []
    with gateway(place / "burst", clusters=[on.cluster(poll={"active": 30, "pending": 30})]) as gw:
        name = gw.register(make_project(place / "project", PROJECT))["name"]
        clients = [Client(gw, name) for _ in range(AT_ONCE)]
        clients[0].submit()
        for _ in range(BURSTS):
            took, _ = timed(burst, clients)
            rates.append(AT_ONCE / took)
        local = LocalSbatch(on, gw.get("/jobs/1/script").text)
        took, _ = timed(four_at_a_time, local)
    print(f"{AT_ONCE} at once: {', '.join(f'{rate:.0f}' for rate in rates)} a second; "
          f"sbatch by itself, 4 at a time: {AT_ONCE / took:.0f} a second")
    at_least("64 submits at once", max(rates), 100, "/s")


def burst(clients):
    for client in clients:
        client.ask()
    for client in clients:
        client.answer()


def four_at_a_time(local):
    def some():
        for _ in range(AT_ONCE // 4):
            local.run()

    threads = [threading.Thread(target=some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    with folder() as place, bed() as on:
        for rtt_ms in (0, 10, 40):
            one_by_one(on, place, rtt_ms)
        all_at_once(on, place)


if __name__ == "__main__":
    main()
