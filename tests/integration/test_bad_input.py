"""Whatever comes over the API: a clear refusal, the gateway lives on, nothing is stored."""
import json

import pytest

LONG = "x" * 100_000


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from support.gateway import Gateway
    from support.project import make_project
    place = tmp_path_factory.mktemp("gw")
    place.chmod(0o700)
    gw = Gateway(place, clusters=[{"name": "local", "type": "local", "workspace": str(place / "work")},
                                  {"name": "far", "type": "slurm", "host": "nobody@127.0.0.1", "port": 9}]).start()
    gw.name = gw.register(make_project(place / "p"))["name"]
    yield gw
    gw.close()


def refused(answer, statuses=(400, 413, 415, 422)):
    assert answer.status in statuses, answer
    problem = answer.json
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert problem["status"] == answer.status and problem["title"] and problem["code"]
    assert problem.get("detail") or problem.get("errors"), problem
    return problem


BODIES = {
    "unknown-field": {"colour": "red"},
    "unknown-nested": {"resources": {"gpu": 1}},
    "wrong-type": {"resources": {"gpus": "many"}},
    "number-for-text": {"name": 7},
    "text-for-list": {"args": "a b"},
    "negative": {"resources": {"gpus": -1}},
    "overflow": {"resources": {"gpus": 99999999999999999999}},
    "fraction": {"resources": {"gpus": 1.5}},
    "no-such-project": {"project": "nowhere"},
    "no-such-cluster": {"cluster": "nowhere"},
    "no-such-profile": {"profile": "nowhere"},
    "newline-in-name": {"name": "a\n#SBATCH --uid=0"},
    "escape-in-name": {"name": "a\x1b[2J"},
    "nul-in-name": {"name": "a\0b"},
    "separator-in-name": {"name": "a\x1fb"},
    "quote-in-name": {"name": "a\"b"},
    "long-name": {"name": "x" * 5000},
    "nul-in-argument": {"args": ["a\0b"]},
    "space-in-partition": {"slurm": {"partition": "gpu --uid=0"}, "cluster": "far"},
    "semicolon-in-account": {"slurm": {"account": "ml;id"}, "cluster": "far"},
    "backtick-in-constraint": {"slurm": {"constraint": "a`id`"}, "cluster": "far"},
    "newline-in-dependency": {"slurm": {"dependency": "afterok:1\nx"}, "cluster": "far"},
    "quote-in-reservation": {"slurm": {"reservation": 'a"b'}, "cluster": "far"},
    "option-that-is-not-allowed": {"slurm": {"extra": {"uid": "0"}}, "cluster": "far"},
    "array-without-end": {"slurm": {"array": "1-"}, "cluster": "far"},
    "bad-time": {"resources": {"time": "soon"}},
    "bad-memory": {"resources": {"mem": "lots"}},
    "name-of-a-variable": {"env": {"vars": {"A-B": "1"}}},
    "not-come-yet": {"sweep": {"method": "grid"}},
    "undeclared-environment": {"environment": {"TOKEN": "x"}},
}


@pytest.mark.parametrize("extra", BODIES.values(), ids=BODIES.keys())
def test_a_bad_submission_is_refused_and_stores_nothing(served, extra):
    problem = refused(served.post("/jobs", {"project": served.name, "cluster": "local", **extra}), (400, 403, 404, 422))
    word = next(iter(extra))
    assert word in json.dumps(problem) or "line 1, column" in json.dumps(problem), problem
    assert served.jobs() == []


RAW = {
    "empty": b"", "no-json": b"hello", "cut": b'{"project": "p"', "list": b"[]", "twice": b'{"project":"a","project":"b"}',
    "not-utf-8": b'{"project": "\xff\xfe"}', "lone-surrogate": b'{"project": "\\ud800"}', "nan": b'{"priority": NaN}',
    "deep": b"[" * 5000 + b"]" * 5000, "deep-object": b'{"a":' * 200 + b"1" + b"}" * 200, "long": LONG.encode() * 20,
    "bom": b"\xef\xbb\xbf{}", "trailing": b"{} {}",
}


@pytest.mark.parametrize("body", RAW.values(), ids=RAW.keys())
def test_a_body_that_is_no_request_is_refused(served, body):
    refused(served.post("/jobs", body))
    assert served.jobs() == []


@pytest.mark.parametrize("path", ["/jobs/0", "/jobs/-1", "/jobs/99999999999999999999", "/jobs/x", "/jobs/1%00", "/jobs/..",
                                  "/projects/%2e%2e", "/clusters/%0a", "/jobs/1/log/../../etc", "/nothing"])
def test_paths_that_lead_nowhere_are_refused(served, path):
    assert served.get(path).status in (400, 404), served.get(path)


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=99999999999", "limit=x", "cursor=zzz", "filter=state:",
                                   "filter=colour:red", "sort=nothing", "since=x", "unknown=1", "limit=1&limit=2"])
def test_bad_queries_are_refused_with_the_parameter(served, query):
    problem = refused(served.get(f"/jobs?{query}"))
    assert query.split("=")[0] in json.dumps(problem), problem


PROJECTS = {
    "crlf": b"train_script: train.py\r\nresources: {gpus: 0}\r\n",
    "unknown": b"trian_script: train.py\n",
    "duplicate": b"python: a\npython: b\n",
    "alias": b"args: &a [x]\nparams: *a\n",
    "tag": b"python: !!python/object x\n",
    "second-document": b"python: a\n---\npython: b\n",
    "not-utf-8": b"python: \xff\n",
    "nul": b"python: a\0b\n",
    "tab": b"resources:\n\tgpus: 1\n",
    "deep": b"args: " + b"[" * 200 + b"]" * 200 + b"\n",
    "huge": b"args: [" + b"x, " * 200_000 + b"x]\n",
    "wrong-type": b"resources: many\n",
}


@pytest.mark.parametrize("text", PROJECTS.values(), ids=PROJECTS.keys())
def test_a_bad_project_file_is_told_with_its_place(served, tmp_path, text):
    tmp_path.chmod(0o700)
    (tmp_path / ".mlops-config.yaml").write_bytes(text)
    (tmp_path / "train.py").write_text("print(1)\n", encoding="utf-8")
    answer = served.post("/projects", {"path": str(tmp_path)})
    if answer.status in (200, 201) and text.startswith(b"train_script"):
        assert not answer.json.get("errors")  # CR LF is a line end like another
        return
    said = answer.text
    if answer.status in (200, 201):
        answer = served.post("/jobs", {"project": answer.json["name"], "cluster": "local"})
        said += answer.text
    assert ".mlops-config.yaml" in said, said
    refused(answer)
    assert served.jobs() == []


def test_the_gateway_lives_on(served):
    assert served.get("/healthz").status == 200
    job = served.submit(project=served.name, cluster="local")
    assert served.wait_final(job["id"])["state"] == "completed"
