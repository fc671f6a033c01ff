"""Holds every JSON answer that the tests get against the schema that the gateway itself publishes for it."""
import json
import re
import urllib.request

import jsonschema

_kept = {}  # the text of an OpenAPI document -> its Contract: the same for all gateways of a run


class Contract:
    def __init__(self, text):
        self.document = json.loads(text)
        self.routes = []
        for path, methods in self.document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)) + "$")
            self.routes += [(method.upper(), path, pattern, row) for method, row in methods.items() if "responses" in row]
        self.routes.sort(key=lambda route: route[1].count("{"))  # the literal path before the one with a parameter
        self.checked = set()

    def check(self, method, path, status, content_type, body):
        """Raises AssertionError where the answer is not what the document says of it."""
        plain = path.split("?")[0]
        found = [route for route in self.routes if route[0] == method and route[2].match(plain)]
        if not found or "json" not in (content_type or ""):
            return
        _, pattern, _, row = found[0]
        answer = row["responses"].get(str(status)) or row["responses"].get(f"{status // 100}XX") or row["responses"].get("default")
        assert answer, f"{method} {plain} answered {status}, which the document does not know"
        while "$ref" in answer:
            answer = self.resolve(answer["$ref"])
        schemas = [part["schema"] for kind, part in answer.get("content", {}).items() if "json" in kind]
        assert schemas, f"{method} {plain}: {status} has no JSON schema in the document"
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.document["components"],
                  **schemas[0]}
        errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(body)), key=str)
        assert not errors, f"{method} {plain} {status}: {errors[0].json_path}: {errors[0].message}"
        self.checked.add((method, pattern))

    def resolve(self, reference):
        node = self.document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node


def contract_of(url):
    """The contract of the gateway at url; None while it does not answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + "/api/v1/openapi.json", timeout=10) as reply:
            text = reply.read()
    except OSError:
        return None
    return _kept.setdefault(text, Contract(text))
