"""Estimating a share from a count, with its 95 % interval. Pure."""

from math import sqrt
from typing import Final

from msgspec import Struct

Z_95: Final = 1.959963984540054
"""Normal quantile of 0.975."""


class Share(Struct, frozen=True):
    """An observed share of a whole, from 0 to 1, and the interval that holds the true one."""

    observed: float
    low: float
    high: float

    def holds(self, expected: float) -> bool:
        """Whether the interval contains `expected`."""
        return self.low <= expected <= self.high


def wilson(count: int, total: int, z: float = Z_95) -> Share:
    """The share `count / total` with Wilson's score interval; no data: all of 0 to 1.

    Unlike the textbook interval it stays inside 0 to 1 and works for small counts (Wilson 1927;
    Brown, Cai and DasGupta 2001, *Interval estimation for a binomial proportion*).

    >>> wilson(5, 10)
    Share(observed=0.5, low=0.236593090512564, high=0.7634069094874360)
    """
    if total <= 0:
        return Share(0.0, 0.0, 1.0)
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2)
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))
