"""Each of the fifteen mistakes of earlier leaderboards has a test that is named after it."""

import re
from pathlib import Path


def test_all_fifteen_are_covered():
    named = {
        int(number)
        for path in Path(__file__).parent.rglob("test_*.py")
        for numbers in re.findall(r"def test_mistakes?_([0-9_and]+)_", path.read_text())
        for number in re.findall(r"\d+", numbers)
    }
    assert named == set(range(1, 16))
