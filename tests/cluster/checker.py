#!/usr/bin/python3
"""Did every accepted job run exactly once, whole, and end as the gateway says?

An independent witness: it shares nothing with the gateway. It holds three accounts against each other: the ledger that
each payload (payload.sh) appended to on the cluster's disk, Slurm's own accounting (sacct), and what the gateway says
(over its REST API, or from its SQLite file opened read-only).

    checker.py --ledger FILE... (--url URL | --db FILE) [--slurm-conf FILE] [--accepted FILE] [--unfinished-ok]

--accepted names the jobs whose POST was answered 202, one id or token a line: each must be there. Prints each problem
on a line of its own and ends with 1 if there was one. `check()` does the same for tests.
"""
import argparse
import collections
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import urllib.request

FINAL = {"completed", "failed", "cancelled", "timeout", "out_of_memory", "node_fail", "preempted", "boot_fail",
         "deadline", "submit_failed", "lost"}
TOKEN = re.compile(r"\bjx[0-9a-z]{26}\b")
MIGHT_NOT_HAVE_RUN = {"submit_failed", "cancelled", "lost", "boot_fail", "deadline", "node_fail", "preempted"}
DUPLICATE = "120:0"  # the claim guard ended it before its payload

Start = collections.namedtuple("Start", "token attempt task job hash time")
End = collections.namedtuple("End", "token attempt task job code time")
Row = collections.namedtuple("Row", "job_id state exit_code token started")


# The three witnesses.

def read_ledgers(paths):
    """(starts, ends, torn lines) of all ledgers; a ledger that nobody wrote is empty."""
    starts, ends, torn = [], [], []
    for path in paths:
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.split()
                if len(words) == 7 and words[0] == "start":
                    starts.append(Start(words[1], int(words[2]), words[3], words[4], words[5], int(words[6])))
                elif len(words) == 7 and words[0] == "end":
                    ends.append(End(words[1], int(words[2]), words[3], words[4], int(words[5]), int(words[6])))
                else:
                    torn.append(f"{path}: {line.rstrip()}")
    return starts, ends, torn


def _fetch(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as reply:
        return reply.read()


def jobs_over_rest(url):
    """[{id token state exit_code signal cluster slurm script events}]"""
    found, cursor = [], None
    while True:
        page = json.loads(_fetch(f"{url}/api/v1/jobs?limit=200" + (f"&cursor={cursor}" if cursor else "")))
        found += page["items"]
        cursor = page.get("next")
        if not cursor:
            break
    for job in found:
        job["script"] = _fetch(f"{url}/api/v1/jobs/{job['id']}/script")
        job["events"] = json.loads(_fetch(f"{url}/api/v1/jobs/{job['id']}/events"))["items"]
    return found


def jobs_from_store(path):
    """The same from the gateway's SQLite file; read-only, so it may be in use."""
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    base.row_factory = sqlite3.Row
    jobs = []
    for row in base.execute("SELECT * FROM job ORDER BY id"):
        script = base.execute("SELECT script FROM job_script WHERE id = ?", (row["id"],)).fetchone()
        events = base.execute("SELECT * FROM event WHERE job_id = ? ORDER BY id", (row["id"],)).fetchall()
        text = script["script"] if script else ""
        jobs.append({"id": row["id"], "token": row["token"], "state": row["state"], "exit_code": row["exit_code"],
                     "signal": row["signal"], "cluster": row["cluster"], "scheduler": row["scheduler"],
                     "attempt": row["attempt"], "slurm": {"job_id": row["sched_id"], "array": row["array_spec"]},
                     "script": text if isinstance(text, bytes) else text.encode(),
                     "events": [{"kind": event["kind"], "data": json.loads(event["data"] or "{}")}
                                for event in events]})
    base.close()
    return jobs


def read_sacct(slurm_conf):
    """Every allocation of accounting that carries a token in its work dir or command line, requeued ones too."""
    env = {**os.environ, "SLURM_CONF": slurm_conf, "LC_ALL": "C"}
    argv = ["sacct", "-a", "-X", "-D", "-n", "-P", "--delimiter=\x1f", "-S", "now-2days", "-E", "now+1day",
            "-o", "JobID,State,ExitCode,WorkDir,SubmitLine,Start"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, errors="replace", check=False)
    if done.returncode != 0:
        raise SystemExit(f"checker: sacct: {done.stderr.strip()}")
    rows = []
    for line in done.stdout.splitlines():
        columns = line.split("\x1f")
        if len(columns) == 6 and (token := TOKEN.search(columns[3]) or TOKEN.search(columns[4])):
            rows.append(Row(columns[0], columns[1].split()[0].lower(), columns[2], token[0],
                            columns[5] not in ("Unknown", "None", "")))
    return rows


# The comparison.

class Checker:
    """Collects problems; every method looks at one law."""

    def __init__(self, jobs, starts, ends, rows=None):
        self.jobs = jobs
        self.starts = starts
        self.ends = ends
        self.rows = rows
        self.problems = []
        self.by_token = {job["token"]: job for job in jobs}

    def problem(self, job, text):
        name = f"job {job['id']} ({job['token']}, {job['state']})" if job else "ledger"
        self.problems.append(f"{name}: {text}")

    def accepted_jobs_are_there(self, accepted):
        known = {str(job["id"]) for job in self.jobs} | set(self.by_token)
        for name in accepted:
            if str(name) not in known:
                self.problems.append(f"LOST: {name} was accepted and is not in the store")

    def tokens_are_unique(self):
        counted = collections.Counter(job["token"] for job in self.jobs)
        for token, number in counted.items():
            if number > 1:
                self.problems.append(f"store: token {token} stands {number} times")

    def nothing_ran_that_is_unknown(self):
        for token in {start.token for start in self.starts} - set(self.by_token):
            self.problems.append(f"ledger: {token} ran and the gateway knows no such job")

    def jobs_ended(self):
        for job in self.jobs:
            if job["state"] not in FINAL:
                self.problem(job, "has not ended")

    def each_attempt_ran_once(self):
        counted = collections.Counter((start.token, start.task, start.attempt) for start in self.starts)
        for (token, task, attempt), number in counted.items():
            if number > 1 and token in self.by_token:
                self.problem(self.by_token[token], f"DOUBLED: attempt {attempt}, task {task} ran {number} times")

    def scripts_were_whole(self):
        wanted = {job["token"]: hashlib.sha256(job["script"]).hexdigest() for job in self.jobs}
        for start in self.starts:
            if start.token in wanted and start.hash != wanted[start.token]:
                self.problem(self.by_token[start.token],
                             f"TRUNCATED or other script: ran {start.hash[:12]}, stored {wanted[start.token][:12]}")

    def ends_agree_with_the_ledger(self):
        ends = collections.defaultdict(list)
        for end in self.ends:
            ends[end.token].append(end)
        started = {start.token for start in self.starts}
        for job in self.jobs:
            state, token = job["state"], job["token"]
            if state == "submit_failed" and token in started:
                self.problem(job, "was refused, yet ran")
            if state not in MIGHT_NOT_HAVE_RUN and state in FINAL and token not in started:
                self.problem(job, "LOST: is said to have run, but never started")
            if is_array(job):
                continue
            last = max(ends[token], key=lambda end: end.attempt, default=None)
            if state == "completed" and (last is None or last.code != 0):
                self.problem(job, f"completed, but its payload ended with {last.code if last else 'nothing'}")
            if state == "failed" and last and last.code and job.get("exit_code") not in (last.code, None):
                self.problem(job, f"exit code {job.get('exit_code')}, but its payload ended with {last.code}")
            if state == "failed" and last and last.code == 0:
                self.problem(job, "failed, but its payload ended with 0")

    def accounting_agrees(self):
        if self.rows is None:
            return
        rows = collections.defaultdict(list)
        for row in self.rows:
            rows[row.token].append(row)
        for token in set(rows) - set(self.by_token):
            self.problems.append(f"sacct: {token} is there and the gateway knows no such job")
        for job in self.jobs:
            if job.get("scheduler") == "slurm" and not is_array(job):
                self._row_agrees(job, rows[job["token"]])

    def _row_agrees(self, job, rows):
        ran = [row for row in rows if row.exit_code != DUPLICATE and (row.started or row.state == "completed")]
        ids = {row.job_id for row in ran}
        if len(ids) > 1:
            self.problem(job, f"DOUBLED: Slurm ran it as {sorted(ids)}")
        own = [row for row in rows if row.job_id == job["slurm"]["job_id"]] if job.get("slurm") else []
        if job["state"] in MIGHT_NOT_HAVE_RUN and not own:
            return
        if not own:
            self.problem(job, f"its id {job.get('slurm')} is not in sacct ({[row.job_id for row in rows]})")
        elif job["state"] in FINAL and own[-1].state != job["state"]:
            self.problem(job, f"WRONG END: sacct says {own[-1].state} {own[-1].exit_code}")

    def events_happened_once(self):
        for job in self.jobs:
            kinds = collections.Counter(event["kind"] for event in job["events"])
            if kinds["created"] != 1:
                self.problem(job, f"{kinds['created']} 'created' events")
            ends = [event for event in job["events"]
                    if isinstance(event.get("data"), dict) and event["data"].get("state") in FINAL]
            reopened = kinds["requeued"]
            if len(ends) > 1 + reopened:
                self.problem(job, f"{len(ends)} events of its end")


def is_array(job):
    slurm = job.get("slurm") or {}
    return bool(slurm.get("array") or slurm.get("tasks"))


def check(jobs, ledgers, rows=None, accepted=(), unfinished_ok=False):
    """All laws; returns the problems, [] if there is none."""
    starts, ends, torn = read_ledgers(ledgers)
    checker = Checker(jobs, starts, ends, rows)
    checker.problems += [f"ledger: torn line: {line}" for line in torn]
    checker.accepted_jobs_are_there(accepted)
    checker.tokens_are_unique()
    checker.nothing_ran_that_is_unknown()
    if not unfinished_ok:
        checker.jobs_ended()
    checker.each_attempt_ran_once()
    checker.scripts_were_whole()
    checker.ends_agree_with_the_ledger()
    checker.accounting_agrees()
    checker.events_happened_once()
    return checker.problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledger", action="append", required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--url")
    source.add_argument("--db")
    parser.add_argument("--slurm-conf")
    parser.add_argument("--accepted", help="a file with an id or token a line")
    parser.add_argument("--unfinished-ok", action="store_true")
    args = parser.parse_args()
    jobs = jobs_over_rest(args.url) if args.url else jobs_from_store(args.db)
    rows = read_sacct(args.slurm_conf) if args.slurm_conf else None
    accepted = []
    if args.accepted:
        with open(args.accepted, encoding="utf-8") as file:
            accepted = file.read().split()
    problems = check(jobs, args.ledger, rows, accepted, args.unfinished_ok)
    for text in problems:
        print(text)
    starts, _, _ = read_ledgers(args.ledger)
    print(f"checker: {len(jobs)} jobs, {len(starts)} starts, {len(rows or [])} accounting rows, "
          f"{len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
