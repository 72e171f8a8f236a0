"""The examples in the docstrings of `model` are true."""

import doctest
import importlib
import pkgutil

import pytest

from leaderboard import model

NAMES = [f"leaderboard.model.{m.name}" for m in pkgutil.iter_modules(model.__path__)]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
