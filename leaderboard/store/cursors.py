"""Cursors: a place between two rows, as a text to give back.

A cursor holds the score and the member it stands beside, never a number of rows, so rows that come
or go elsewhere do not move it. It is bound to the board, window, game, policy and pane it came
from. It is no secret: whoever changes one can only ask for another page of the same board.
"""

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

import msgspec
from msgspec import Struct

from leaderboard.errors import CursorError, QuestionError, StaleCursorError
from leaderboard.store.places import Place

Direction = Literal["after", "before"]


class Cursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page goes on: `after` or `before` the row with this score and member."""

    board: str
    label: str
    game: str
    policy: str
    pane: str
    direction: Direction
    score: float
    member: str


def write_cursor(place: Place, direction: Direction, score: float, member: str) -> str:
    """The cursor as URL-safe text."""
    cursor = Cursor(
        place.board.name, place.label, place.game, place.policy, place.pane, direction, score,
        member,
    )  # fmt: skip
    return urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str, place: Place) -> Cursor:
    """The cursor in `text`.

    Raises
    ------
    QuestionError
        when `text` is no cursor.
    CursorError
        when it belongs to another board, game, policy or pane, or to a window not asked for.
    StaleCursorError
        when the live window is asked for and has changed since.
    """
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        cursor = msgspec.msgpack.decode(raw, type=Cursor)
    except (binascii.Error, UnicodeEncodeError, msgspec.MsgspecError) as error:
        raise QuestionError("cursor: expected one that an answer gave, unchanged") from error
    if not math.isfinite(cursor.score):
        raise QuestionError("cursor: expected one that an answer gave, unchanged")
    for what, its, asked in (
        ("board", cursor.board, place.board.name),
        ("game", cursor.game, place.game),
        ("policy", cursor.policy, place.policy),
        ("pane", cursor.pane, place.pane),
    ):
        if its != asked:
            raise CursorError(f"this cursor is of {what} {its!r}, not of {asked!r}: start anew")
    if cursor.label != place.label:
        if place.is_live:
            raise StaleCursorError(
                f"board {place.board.name!r} was reset since: this cursor is of window "
                f"{cursor.label}, now is {place.label}; start anew, or ask for at={cursor.label}"
            )
        raise CursorError(
            f"this cursor is of window {cursor.label}, not of {place.label}: start anew"
        )
    return cursor
