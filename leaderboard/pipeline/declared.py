"""The boards the owner declared, the writer that counts for them, and where they are read."""

from collections.abc import Callable
from pathlib import Path

from redis import Redis

from leaderboard.errors import SettingsError
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board, parse
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys
from leaderboard.store.places import Source
from leaderboard.store.writer import Writer


def declared_boards(settings: Settings) -> tuple[Board, ...]:
    """The global board and those of the boards file; without a file the built-in ones.

    Raises
    ------
    SettingsError
        when the file can not be read or declares something wrong: says what and where.
    """
    if not settings.boards_file:
        return DEFAULTS
    try:
        return (GLOBAL, *parse(Path(settings.boards_file).read_text()))
    except (OSError, ValueError) as error:
        raise SettingsError(f"boards file {settings.boards_file}: {error}") from error


def writer_of(
    redis: Redis, settings: Settings, on_call: Callable[[str, float], None] = lambda *_: None
) -> Writer:
    """A writer for the topic, keys and boards of `settings`; `redis` must return bytes.

    `on_call` gets the name of each script and the seconds its round trip took.
    """
    return Writer(
        redis,
        Keys(settings.key_prefix),
        settings.topic,
        ttl_hours=settings.processed_ttl_hours,
        boards=declared_boards(settings),
        on_call=on_call,
    )


def source_of(settings: Settings) -> Source:
    """Where the boards of `settings` are read. Raises as `declared_boards`."""
    return Source(Keys(settings.key_prefix), settings.topic, declared_boards(settings))
