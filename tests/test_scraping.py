"""The reader of PromQL that the tests of rules and dashboards rely on finds what is there."""

import pytest

from tests.scraping import series_in


@pytest.mark.parametrize(
    ("promql", "names"),
    [
        ("up", {"up"}),
        ('sum by (le, route) (rate(a_bucket{route=~"x|y"}[5m]))', {"a_bucket"}),
        ("a:b:rate1m > 1000 and deriv(a:b:sum[5m]) > 0", {"a:b:rate1m", "a:b:sum"}),
        ("time() - mistyped_seconds > 30 or vector(0)", {"mistyped_seconds"}),
        ("a / on (instance) group_left (job) b unless c", {"a", "b", "c"}),
        ("sum(rate(a[$__rate_interval])) without (instance) ", {"a"}),
        ("vector(1)", set()),
    ],
)
def test_series_in(promql: str, names: set[str]):
    assert series_in(promql) == names
