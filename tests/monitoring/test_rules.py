"""The rules by themselves: `promtool` checks and tests them, and each test can fail."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from leaderboard.cli.commands import app
from leaderboard.settings import project_root
from tests.cli.test_help import commands
from tests.scraping import DECLARED, series_in, series_of

FOLDER = project_root() / "monitoring"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = [rule["alert"] for rule in RULES if "alert" in rule]
RECORDED = [rule["record"] for rule in RULES if "record" in rule]


def promtool(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["promtool", *args], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "args",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "rules.yml"),
        ("test", "rules", "rules_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(args: tuple[str, ...]):
    result = promtool(FOLDER, *args)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("always", ["vector(1)", "vector(1) > 1"], ids=["always", "never"])
@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_fires_always_or_never_fails_the_tests(
    tmp_path: Path, alert: str, always: str
):
    rules = yaml.safe_load((FOLDER / "rules.yml").read_text())
    for rule in rules["groups"][1]["rules"]:
        if rule["alert"] == alert:
            rule["expr"] = always
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    shutil.copy(FOLDER / "rules_test.yml", tmp_path)

    result = promtool(tmp_path, "test", "rules", "rules_test.yml")

    assert result.returncode == 1
    assert f"alertname: {alert}, " in result.stdout + result.stderr


def test_every_recording_rule_is_tested():
    tests = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
    tested = {expr["expr"] for test in tests for expr in test.get("promql_expr_test", ())}
    assert tested == set(RECORDED)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.get("alert") or r["record"])
def test_rules_read_metrics_that_are_declared(rule: dict[str, Any]):
    names = series_in(rule["expr"])
    assert names
    assert names <= series_of(DECLARED) | set(RECORDED) | {"up"}


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_says_what_exists(alert: str):
    (rule,) = [rule for rule in RULES if rule.get("alert") == alert]
    runbook = rule["annotations"]["runbook"]
    existing = {"leaderboard " + " ".join(c) for c in commands(typer.main.get_command(app))}
    quoted = re.findall(r"`([^`]+)`", runbook)

    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
    assert len(runbook) > 100
    for text in quoted:
        if text.startswith("leaderboard "):
            assert text in existing
        elif text.startswith("leaderboard_"):
            assert text in series_of(DECLARED)
        else:
            assert text == "GET /health/ready"
