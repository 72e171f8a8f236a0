"""A schema registry of a few lines, for tests: the documented paths, in this process."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from leaderboard.pipeline.compatibility import obstacles
from leaderboard.stack.ports import HOST, free_port


class Stub:
    """Start it, `url` is where it answers; `broken` makes it answer with that status and text."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.asked: Counter[str] = Counter()
        self.broken: tuple[int, str] | None = None
        self._schemas: list[str] = []
        self._subjects: dict[str, list[str]] = {}
        self._levels: dict[str, str] = {}
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> "Stub":
        self._server = ThreadingHTTPServer((HOST, self.port), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, Any]:
        """Status and JSON."""
        self.asked[f"{method} {path}"] += 1
        match [unquote(part) for part in path.strip("/").split("/")], method:
            case ["schemas", "ids", number], "GET":
                if 1 <= int(number) <= len(self._schemas):
                    return 200, {"schema": self._schemas[int(number) - 1]}
                return 404, {"error_code": 40403, "message": f"Schema {number} not found"}
            case ["subjects", subject], "POST":
                text = _compact(body["schema"])
                if subject not in self._subjects:
                    return 404, {"error_code": 40401, "message": f"Subject {subject} not found."}
                if text not in self._subjects[subject]:
                    return 404, {"error_code": 40403, "message": "Schema not found"}
                return 200, {"subject": subject, "id": self._schemas.index(text) + 1}
            case ["subjects", subject, "versions"], "POST":
                return self._register(subject, _compact(body["schema"]))
            case ["config", subject], "PUT":
                self._levels[subject] = body["compatibility"]
                return 200, body
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}

    def _register(self, subject: str, text: str) -> tuple[int, Any]:
        versions = self._subjects.setdefault(subject, [])
        if versions and self._levels.get(subject) == "BACKWARD":
            why = obstacles(reader=text, writer=versions[-1])
            if why:
                return 409, {"error_code": 409, "message": f"incompatible: {why}"}
        for known in (self._schemas, versions):
            if text not in known:
                known.append(text)
        return 200, {"id": self._schemas.index(text) + 1}


def _compact(text: str) -> str:
    """As registries keep schemas: without the white space."""
    return json.dumps(json.loads(text), separators=(",", ":"))


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer("GET")

        def do_POST(self) -> None:
            self.answer("POST")

        def do_PUT(self) -> None:
            self.answer("PUT")

        def answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if stub.broken:
                status, text = stub.broken
            else:
                status, answer = stub.answer(method, self.path, json.loads(body or b"{}"))
                text = json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """The tests' output is no place for a log."""

    return Handler
