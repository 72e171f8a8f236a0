"""A real Prometheus scrapes a running stack: what rules and dashboard ask for is there."""

from redis import Redis

from leaderboard.pipeline.metrics import ACKNOWLEDGED, OUTCOMES
from leaderboard.store.keys import Keys
from tests.monitoring.conftest import Watched
from tests.monitoring.test_dashboard import QUERIES
from tests.monitoring.test_rules import RECORDED, RULES
from tests.scraping import DECLARED, series_in, series_of
from tests.waiting import until


def test_all_targets_are_up(watched: Watched):
    def health() -> dict[str, str]:
        targets = watched.prometheus.get("targets")["activeTargets"]
        return {t["labels"]["job"]: t["health"] for t in targets}

    jobs = ("leaderboard-api", "leaderboard-processor", "leaderboard-producer")
    until(lambda: health() == dict.fromkeys(jobs, "up"))


def test_everything_declared_or_asked_for_has_a_series(watched: Watched):
    asked = set().union(*map(series_in, [*QUERIES, *(rule["expr"] for rule in RULES)]))
    missing = series_of(DECLARED) | set(RECORDED) | asked

    def still_missing() -> set[str]:
        missing.difference_update(watched.prometheus.get("label/__name__/values"))
        return missing

    until(lambda: not still_missing())
    assert missing == set()


def test_every_query_of_the_dashboard_answers(watched: Watched):
    queries = {query.replace("$__rate_interval", "10s") for query in QUERIES}
    silent = set(queries)

    def still_silent() -> set[str]:
        silent.difference_update({q for q in silent if watched.prometheus.query(q)})
        return silent

    until(lambda: not still_silent())
    assert silent == set()


def test_all_rules_are_evaluated_without_error_and_a_healthy_stack_fires_none(watched: Watched):
    def rules() -> list[dict[str, str]]:
        return [r for group in watched.prometheus.get("rules")["groups"] for r in group["rules"]]

    until(lambda: all(rule["health"] == "ok" for rule in rules()))
    assert {rule["name"] for rule in rules()} == {r.get("alert") or r["record"] for r in RULES}
    assert "firing" not in watched.prometheus.alerts().values()


def test_the_numbers_are_those_of_kafka_and_redis(watched: Watched):
    watched.producer.tell(pause=True)
    sent = watched.producer.hear("metrics", paused=True, rate=0.0)["sent"]

    until(lambda: watched.prometheus.query(f"sum({OUTCOMES['applied'].name})") == [sent])

    assert watched.prometheus.query(f"sum({ACKNOWLEDGED.name})") == [sent]
    keys = Keys(watched.settings.key_prefix)
    with Redis.from_url(watched.settings.redis) as redis:
        assert int(redis.hget(keys.counts, "applied") or 0) == sent  # type: ignore[arg-type]  # sync client


def test_a_killed_processor_is_noticed(watched: Watched):
    watched.processor.process.kill()

    until(lambda: "LeaderboardProcessorDown" in watched.prometheus.alerts())

    assert watched.prometheus.query('up{job="leaderboard-processor"}') == [0]
