"""What tests do with metrics: fetch them as Prometheus does, and read names out of PromQL."""

import re
from collections.abc import Iterable

import httpx
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from leaderboard.api.metrics import API
from leaderboard.pipeline.metrics import PROCESSOR, PRODUCER, Metric

DECLARED = (*PROCESSOR, *PRODUCER, *API)
WORDS = {"and", "or", "unless", "bool", "offset", "by", "on", "without", "ignoring"}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Values by series name and labels; a type line without samples is no sample."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def shown(registry: CollectorRegistry) -> Samples:
    """What a scrape of `registry` gives."""
    return samples(generate_latest(registry).decode())


def fetched(url: str) -> Samples:
    """What a scrape of `url` gives."""
    return samples(httpx.get(url, timeout=30).raise_for_status().text)


def series_of(metrics: Iterable[Metric]) -> set[str]:
    """The names under which Prometheus keeps these metrics."""
    names = set()
    for metric in metrics:
        endings = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        names.update(metric.name + ending for ending in endings)
    return names


def series_in(promql: str) -> set[str]:
    """Names of the series that an expression reads, ours or not."""
    text = re.sub(r'"[^"]*"', "", promql)
    text = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", text)
    text = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", text)) - WORDS
