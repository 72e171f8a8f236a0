"""A real Prometheus server for one test module: the project's own configuration, other targets."""

from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from leaderboard.settings import project_root
from leaderboard.stack.launch import Job, Launched
from leaderboard.stack.ports import HOST, free_port

FOLDER = project_root() / "monitoring"


class Prometheus:
    """Started with `targets` (host:port by job) in place of those in prometheus.yml, and faster.

    As a context it stops at the end; it also does when the test run is killed.
    """

    def __init__(self, folder: Path, targets: dict[str, str]) -> None:
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(configuration(targets)))
        (folder / "rules.yml").write_text((FOLDER / "rules.yml").read_text())
        port = free_port()
        command = [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={HOST}:{port}",
        ]  # fmt: skip
        self._url = f"http://{HOST}:{port}"
        self._launched = Launched([Job("prometheus", command, folder / "log", folder)], guard=True)
        self._launched.wait("prometheus", self._ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._launched.release()

    def get(self, path: str, **query: str) -> Any:
        """The `data` of an answer of its HTTP API."""
        answer = httpx.get(f"{self._url}/api/v1/{path}", params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def query(self, promql: str) -> list[float]:
        """Values of an instant query."""
        result = self.get("query", query=promql)["result"]
        return [float(series["value"][1]) for series in result]

    def alerts(self) -> dict[str, str]:
        """State of each alert that is pending or firing."""
        return {a["labels"]["alertname"]: a["state"] for a in self.get("alerts")["alerts"]}

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self._url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False


def configuration(targets: dict[str, str]) -> dict[str, Any]:
    """The project's prometheus.yml with these targets."""
    config: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = dict.fromkeys(config["global"], "500ms")
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [targets.pop(job["job_name"])]}]
    assert not targets
    return config
