"""The examples in the docstrings are true."""

import doctest

import pytest

from leaderboard.cli import replies
from leaderboard.stack import find, kafka


@pytest.mark.parametrize("module", [find, kafka, replies], ids=lambda m: m.__name__)
def test_examples(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
