"""Notifications from the real daemon to a receiver that checks their signature by itself."""
import hashlib
import hmac
import json
import time

import pytest

from support.gateway import to_yaml
from support.receiver import Receiver, put_secret

KEY = b"a key of the test's own"


def is_signed(message, key=KEY):
    timestamp = message["headers"]["X-Sluice-Timestamp"]
    expected = hmac.new(key, timestamp.encode() + b"." + message["body"], hashlib.sha256).hexdigest()
    return hmac.compare_digest(message["headers"]["X-Sluice-Signature"], "v1=" + expected)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def told(gateway, receiver):
    """A gateway with this machine alone and a webhook `ci` to the receiver."""
    clusters = to_yaml({"version": 1,
                        "notifiers": {"ci": {"type": "webhook", "url_secret": "ci-url", "sign_secret": "ci-key"}},
                        "clusters": [{"name": "local", "type": "local"}]})
    config = {"webhooks": {"allow": [f"127.0.0.1:{receiver.port}"]}, "public_url": "https://sluice.example.org/"}
    gw = gateway(clusters=clusters, config=config, start=False)
    put_secret(gw.state_dir, "ci-url", f"http://127.0.0.1:{receiver.port}/hook/T0KEN\n".encode())
    put_secret(gw.state_dir, "ci-key", KEY + b"\n")
    return gw.start()


def run(gw, path, *args):
    name = gw.register(path)["name"]
    job = gw.submit(project=name, cluster="local", args=list(args))
    return gw.wait_final(job["id"])


@pytest.mark.threads
def test_a_failed_job_is_told_of_and_signed(told, receiver, project):
    path = project(config={"notify": {"to": ["ci"], "when": ["failed", "started"]}})
    done = run(told, path, "exit=3")
    assert done["state"] == "failed"
    messages = receiver.wait(2)
    assert all(is_signed(message) for message in messages)
    assert not is_signed(messages[0], b"another key")
    bodies = {body["type"]: body for body in (json.loads(message["body"]) for message in messages)}
    assert set(bodies) == {"job.started", "job.failed"}
    failed = bodies["job.failed"]
    assert failed["job"]["id"] == done["id"] and failed["job"]["exit_code"] == 3
    assert failed["url"] == f"https://sluice.example.org/jobs/{done['id']}"
    assert len({message["headers"]["X-Sluice-Delivery"] for message in messages}) == 2


def test_a_message_survives_kill_9_and_arrives_once(told, receiver, project):
    port = receiver.port
    receiver.close()
    run(told, project(config={"notify": {"to": ["ci"]}}), "exit=1")
    end = time.monotonic() + 30
    while not any(item["tries"] for item in told.json("/notifiers/ci/deliveries")["items"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    told.kill9()
    again = Receiver(port)
    try:
        told.restart()
        assert is_signed(again.wait(1)[0])
        end = time.monotonic() + 10
        while told.json("/notifiers/ci/deliveries")["items"][0]["status"] != "delivered":
            assert time.monotonic() < end
            time.sleep(0.05)
        told.restart()
        time.sleep(2)
        assert len(again.messages) == 1
    finally:
        again.close()


@pytest.mark.threads
def test_the_test_button_says_what_came_back(told, receiver):
    answer = told.post("/notifiers/ci/test")
    assert answer.status == 200 and answer.json["ok"] is True and answer.json["status"] == 200
    assert is_signed(receiver.messages[0])
    receiver.status = 403
    answer = told.post("/notifiers/ci/test")
    assert answer.json["ok"] is False and answer.json["status"] == 403
    put_secret(told.state_dir, "ci-key", KEY, mode=0o644)
    answer = told.post("/notifiers/ci/test")
    assert answer.json["ok"] is False and "read by others" in answer.json["error"]
    assert "read by others" in told.json("/notifiers")["items"][0]["problem"]
    assert told.post("/notifiers/nobody/test").status == 404


def test_an_inner_address_is_refused_unless_listed(told, receiver):
    other = Receiver()
    try:
        put_secret(told.state_dir, "ci-url", f"http://127.0.0.1:{other.port}/x".encode())
        answer = told.post("/notifiers/ci/test")
        assert answer.json["ok"] is False and "webhooks.allow" in answer.json["error"]
        assert not other.messages
    finally:
        other.close()


def test_an_unknown_notifier_is_refused_when_a_job_is_submitted(told, project):
    name = told.register(project(config={"notify": {"to": ["pager"]}}))["name"]
    answer = told.post("/jobs", {"project": name, "cluster": "local"})
    assert answer.status in (400, 422), answer
    assert "pager" in answer.text


def test_secrets_are_nowhere_but_in_their_files(told, receiver, project):
    receiver.status = 500
    run(told, project(config={"notify": {"to": ["ci"]}}), "exit=1")
    receiver.wait(1)
    told.post("/notifiers/ci/test")
    shown = told.get("/notifiers").body + told.get("/notifiers/ci/deliveries").body
    told.stop()
    stored = b"".join(file.read_bytes() for file in told.state_dir.glob("sluice.db*"))
    for secret in (b"T0KEN", KEY):
        assert secret not in shown + stored + told.log_file.read_bytes()
