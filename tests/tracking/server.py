"""A stand-in for the W&B server: it takes what a run sends, on this machine only."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VIEWER = {
    "id": "u1",
    "entity": "me",
    "username": "me",
    "email": "",
    "flags": "{}",
    "teams": {"edges": []},
}

NO_MORE = {"endCursor": None, "hasNextPage": False}


class StandIn(ThreadingHTTPServer):
    """Answers logins, run creation, file uploads and the stream of metrics; keeps what came.

    `refuse` maps the name of a GraphQL operation to the HTTP status it is answered with.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.refuse: dict[str, int] = {}
        self.files: dict[str, bytes] = {}
        self.run: dict[str, Any] = {}
        self.artifacts: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}).start()

    def stop(self) -> None:
        """Go silent: connections are refused from now on."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about connections that clients cut."""

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Return the status and the content for a request."""
        if path == "/graphql":
            question = json.loads(body)
            operation = question["operationName"] or _operation(question["query"])
            if operation in self.refuse:
                return self.refuse[operation], {"errors": [{"message": "refused"}]}
            return 200, {"data": self._data(operation, question.get("variables") or {})}
        if path.startswith("/upload/"):
            self.files[path.removeprefix("/upload/")] = body
        elif path.endswith("/file_stream"):
            lines = json.loads(body).get("files", {}).get("wandb-history.jsonl", {})
            self.history += [json.loads(line) for line in lines.get("content", [])]
        return 200, {}

    def _data(self, operation: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        if operation in ("Viewer", "GetDefaultEntity"):
            return {"viewer": VIEWER}
        if operation == "UpsertBucket":
            self.run |= {name: value for name, value in variables.items() if value is not None}
            project = {"id": "p1", "name": self.run["project"], "entity": {"id": "e", "name": "me"}}
            bucket = {"id": "r1", "name": self.run["name"], "config": "{}", "project": project}
            return {"upsertBucket": {"inserted": True, "bucket": bucket}}
        if operation == "ArtifactType":
            return {"project": None}
        if operation == "CreateArtifact":  # the server says that it has these files already
            self.artifacts.append(variables["input"])
            artifact = {"id": "a1", "state": "COMMITTED"}
            return {"createArtifact": {"artifact": artifact | {"artifactSequence": {}}}}
        if operation == "GetProjects":
            return {"models": {"pageInfo": {"__typename": "PageInfo", **NO_MORE}, "edges": []}}
        if operation.lower().startswith("upsertview"):
            self.views.append(variables)
            return {"upsertView": {"inserted": True, "view": _view(variables)}}
        if operation == "CreateRunFiles":
            files = [
                {"name": name, "uploadUrl": f"{self.url}/upload/{name}"}
                for name in variables["files"]
            ]
            return {"createRunFiles": {"runID": "r1", "uploadHeaders": [], "files": files}}
        return None


def _operation(query: str) -> str:
    found = re.search(r"(?:query|mutation) (\w+)", query)
    return found[1] if found else ""


def _view(variables: dict[str, Any]) -> dict[str, Any]:
    """Return a workspace or a report as the server knows it when it is saved."""
    names = ("name", "displayName", "description", "type", "spec")
    project = {"id": "p1", "name": variables["projectName"], "entityName": variables["entityName"]}
    return {"id": "v1", "project": project, **{name: variables.get(name) for name in names}}


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        status, content = self.server.answer(self.path, body)
        reply = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def do_GET(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing about what was asked."""
