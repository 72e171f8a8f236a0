"""Records as text for people. (What is read from Kafka: tests/api/test_pipeline.py.)"""

import doctest

import pytest

from leaderboard.errors import ServersError
from leaderboard.pipeline import readable as module
from leaderboard.pipeline.inspect import Inspector
from leaderboard.pipeline.readable import TEXT_LENGTH, readable


def test_examples():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (None, None),
        (b"", ""),
        (b"plain", "plain"),
        (b'{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}'),
        (b'{"big":12345678901234567890.0}', '{\n  "big": 12345678901234567890.0\n}'),
        (b'{"broken', '{"broken'),
        (b"{\xff}", "{\\xff}"),
        ("日本".encode(), "日本"),
    ],
)
def test_readable(raw: bytes | None, text: str | None):
    assert readable(raw) == text


def test_a_long_text_is_cut():
    text = readable(b"x" * (10 * TEXT_LENGTH))

    assert text == "x" * TEXT_LENGTH + "… (40,000 bytes)"


def test_deep_nesting_is_shown_as_it_came():
    raw = b"[" * 1999 + b"]" * 1999

    assert readable(raw) == raw.decode()


def test_no_kafka_is_an_error_that_names_it():
    inspector = Inspector("127.0.0.1:1", "g", timeout_s=0.5)

    with pytest.raises(ServersError, match=r"127\.0\.0\.1:1 does not answer"):
        inspector.look("t", 1)
