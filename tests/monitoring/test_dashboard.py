"""The Grafana dashboard by itself: it names what exists, and Grafana finds it."""

import json
import re
from collections import Counter
from typing import Any

import pytest
import yaml

from leaderboard.settings import project_root
from tests.monitoring.test_rules import RECORDED
from tests.scraping import DECLARED, series_in, series_of

GRAFANA = project_root() / "monitoring/grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards/leaderboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
KNOWN = series_of(DECLARED) | set(RECORDED) | {"up"}


def test_the_rows_are_those_promised():
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Pipeline", "Lag", "Latency", "API"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: p["title"])
def test_a_panel_says_what_it_shows_and_in_what_unit(panel: dict[str, Any]):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    durations = [t["expr"] for t in panel["targets"] if "seconds" in t["expr"]]

    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["targets"]
    assert all(target["legendFormat"] for target in panel["targets"])
    assert unit in ("s", "none", "eps", "mps", "reqps")
    assert (unit == "s") == bool(durations)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_metrics_that_are_declared(query: str):
    assert series_in(query)
    assert series_in(query) <= KNOWN


def test_every_metric_is_on_the_dashboard_or_in_a_rule_that_is():
    rules = yaml.safe_load((GRAFANA.parent / "rules.yml").read_text())["groups"][0]["rules"]
    recorded = {rule["record"]: series_in(rule["expr"]) for rule in rules}
    seen = set().union(*map(series_in, QUERIES))
    seen |= set().union(*(recorded[name] for name in seen & set(recorded)))
    unseen = [m.name for m in DECLARED if not seen & series_of([m])]
    assert unseen == []


def test_panels_do_not_overlap_and_have_ids_of_their_own():
    cells = Counter(
        (x, y)
        for g in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(g["x"], g["x"] + g["w"])
        for y in range(g["y"], g["y"] + g["h"])
    )
    assert set(cells.values()) == {1}
    assert max(x for x, _ in cells) == 23
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_every_query_goes_to_the_provisioned_server():
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    used = re.findall(r'"uid": "([^"]+)"', json.dumps([p["targets"] for p in PANELS]))
    scrape = yaml.safe_load((GRAFANA.parent / "prometheus.yml").read_text())["global"]

    assert set(used) == {source["uid"]}
    assert source["jsonData"]["timeInterval"] == scrape["scrape_interval"]
