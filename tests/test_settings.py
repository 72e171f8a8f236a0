"""Settings: read once, wrong ones named, and passed on to children unchanged."""

import pytest

from leaderboard.errors import SettingsError
from leaderboard.settings import PREFIX, Settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_defaults_are_those_of_the_specification():
    settings = Settings.load()
    assert (settings.topic, settings.dead_letter_topic) == (
        "game-events",
        "game-events.dead-letter",
    )
    assert settings.group == "leaderboard-processor"
    assert (settings.kafka_port, settings.redis_port, settings.api_port) == (9092, 6379, 8000)
    assert settings.retention_days == 7
    assert settings.key_prefix == ""


def test_a_child_sees_the_same(monkeypatch: pytest.MonkeyPatch):
    settings = Settings.load(topic="t", cors_origins=("http://a", "http://b"), kafka="h:1")
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KAFKA", "localhost", "host:port"),
        ("REDIS", "localhost:6379", "redis://"),
        ("PARTITIONS", "0", "greater than or equal to 1"),
        ("TOPIC", "no spaces", "match"),
        ("LOG_LEVEL", "LOUD", "match"),
        ("CORS_ORIGINS", "http://a,b", "scheme://host"),
        ("EVENT_FORMAT", "protobuf", "'json', 'avro' or 'avro-header'"),
        ("SCHEMA_REGISTRY", "localhost:8081", "http://host:port"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
):
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert PREFIX + name in str(caught.value)
    assert says in str(caught.value)


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"{PREFIX}CORS_ORIGINS", "http://a:1,https://b")
    assert Settings.load().cors_origins == ("http://a:1", "https://b")


def test_a_misspelt_setting_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"{PREFIX}TOPPIC", "x")
    with pytest.raises(SettingsError, match="TOPPIC: no such setting"):
        Settings.load()
