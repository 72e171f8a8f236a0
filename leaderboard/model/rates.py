"""How sure a rate is: the Wilson score interval.

E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
"""

from math import sqrt
from typing import Final

Z_95: Final = 1.959963984540054
"""The normal distribution's 97.5 % quantile: 95 % lie within."""


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Lowest and highest rate that `successes` in `trials` agree with, at 95 % by default.

    Without trials nothing is known.

    >>> [round(edge, 3) for edge in wilson(8, 10)]
    [0.49, 0.943]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if trials == 0:
        return 0.0, 1.0
    rate = successes / trials
    spread = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    middle = rate + z * z / (2 * trials)
    scale = 1 + z * z / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
