"""The list's rival: what one would write in an afternoon, FastAPI over sqlite3. `uvicorn rival:app --workers 2`, RIVAL_DB=FILE."""
import json
import os
import sqlite3
import threading

from fastapi import FastAPI

COLUMNS = ("id, name, description, project, grp, tags, user, cluster, scheduler, priority, state, reason, why, confirmed, stale, "
           "nodes, gpus, gpu_type, cpus, mem, time_s, partition, account, qos, args, argv, node_list, attempt, "
           "created_at_us, submitted_at_us, started_at_us, ended_at_us, exit_code, signal, links, archived, event")
JSON_COLUMNS = ("tags", "args", "argv", "links")

app = FastAPI()
local = threading.local()


def database():
    if not hasattr(local, "db"):
        local.db = sqlite3.connect(f"file:{os.environ['RIVAL_DB']}?mode=ro", uri=True)
        local.db.row_factory = sqlite3.Row
    return local.db


def job_of(row):
    job = {name: value for name, value in dict(row).items() if value is not None}
    for name in JSON_COLUMNS:
        if name in job:
            job[name] = json.loads(job[name])
    return job


@app.get("/api/v1/jobs")
def list_jobs(limit: int = 50, cursor: int = 1 << 60):
    rows = database().execute(f"SELECT {COLUMNS} FROM job WHERE archived = 0 AND id < ? ORDER BY id DESC LIMIT ?",
                              (cursor, limit)).fetchall()
    return {"items": [job_of(row) for row in rows], "next": rows[-1]["id"] if rows else None, "total": None}
