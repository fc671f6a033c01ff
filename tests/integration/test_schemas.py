"""Every JSON route answers what its OpenAPI document says; support/schemas.py holds the answers of all tests against it."""
from support import schemas

NEEDS_MORE = {  # what one machine without Slurm, notifiers and logins cannot be asked
    "/api/v1/clusters/{cluster}/connect", "/api/v1/clusters/{cluster}/check",
    "/api/v1/notifiers/{notifier}/test", "/api/v1/notifiers/{notifier}/deliveries",
}


def visit_everything(gw, project, job):
    gw.patch(f"/projects/{project}", {"group": "g"})
    gw.post(f"/projects/{project}/sync", {})
    gw.get("/projects")
    gw.get(f"/projects/{project}")
    for path in ("/healthz", "/readyz", "/version", "/openapi.json", "/counts", "/events", "/clusters", "/clusters/local",
                 "/clusters/local/gpus", "/clusters/local/nodes", "/clusters/local/partitions", "/gpus", "/jobs?total=1",
                 "/notifiers", f"/jobs/{job}", f"/jobs/{job}/events", f"/jobs/{job}/request", f"/jobs/{job}/manifest",
                 f"/jobs/{job}/metrics", f"/jobs/{job}/log/search?q=hello", "/schemas/project", "/schemas/clusters"):
        gw.get(path)
    gw.patch(f"/jobs/{job}", {"tags": ["a"], "description": "text"})
    gw.post(f"/jobs/{job}/cancel", {})
    gw.post("/jobs:cancel", {"ids": [job, 999]})
    gw.post("/jobs:render", {"project": project, "cluster": "local"})
    gw.post("/jobs?dry_run=1", {"project": project, "cluster": "local"})
    gw.get("/jobs/999")
    gw.post("/jobs", {"project": project, "resorces": {}})


def test_every_json_route_answers_by_its_schema(gateway, folder, project):
    gw = gateway(clusters=[{"name": "local", "type": "local", "workspace": str(folder / "work")}])
    path = project(config={"shell": "echo hello; echo '{\"step\": 1, \"loss\": 0.5}' >\"$SLUICE_RUN_DIR/metrics.jsonl\"",
                           "resources": {"gpus": 0, "cpus": 1}})
    name = gw.register(path)["name"]
    job = gw.submit(project=name, cluster="local")["id"]
    gw.wait_final(job)
    visit_everything(gw, name, job)
    gw.delete(f"/projects/{name}")
    contract = schemas.contract_of(gw.url)
    json_routes = {(method, pattern) for method, pattern, _, row in contract.routes
                   if any("json" in kind for status, answer in row["responses"].items() if status.startswith("2")
                          for kind in answer.get("content", {}))
                   and pattern not in NEEDS_MORE}
    missed = {(method, pattern) for method, pattern in json_routes - gw.contract.checked if method in ("GET", "PATCH")}
    assert not missed, f"no test holds the answers of {sorted(missed)} against their schema"
