"""Which board, window and game a question means, and what it may not ask."""

from datetime import datetime

import pytest

from leaderboard.errors import NotThereError, QuestionError
from leaderboard.model.boards import GLOBAL, Board
from leaderboard.model.moments import previous_window, resets, window_at
from leaderboard.store.keys import Keys
from leaderboard.store.places import Source

NOW = datetime.fromisoformat("2026-11-25T13:30:00Z").timestamp()
BERLIN = Board(name="berlin", window="daily", zone="Europe/Berlin")
HOURLY = Board(name="hourly", window="hourly")
WEEKLY = Board(name="weekly", window="weekly")
MONTHLY = Board(name="monthly", window="monthly")
SLIDING = Board(name="sliding", window="sliding", size_s=900, every_s=60)
FIXED = Board(name="fixed", window="fixed", size_s=7200)
BOARDS = (
    GLOBAL, BERLIN, HOURLY, WEEKLY, MONTHLY, SLIDING, FIXED,
    Board(name="game", scope="game", ranks="dense"),
    Board(name="weekly_game", scope="game", window="weekly"),
    Board(name="sittings", window="session", gap_s=60),
)  # fmt: skip
SOURCE = Source(Keys(), "topic", BOARDS)


@pytest.mark.parametrize(
    ("board", "at", "label"),
    [
        (BERLIN, "2026-11-25", "2026-11-25"),
        (BERLIN, "2026-11-24T22:59:59Z", "2026-11-24"),
        (BERLIN, "2026-11-24T23:00:00Z", "2026-11-25"),
        (BERLIN, "2026-11-25T00:00:00", "2026-11-25"),
        (BERLIN, "2026-11-25 00:30:00+02:00", "2026-11-24"),
        (BERLIN, "2026-10-25T02:30:00", "2026-10-25"),
        (WEEKLY, "2026-W48", "2026-W48"),
        (WEEKLY, "2026-11-25", "2026-W48"),
        (WEEKLY, "2026-12-31", "2026-W53"),
        (WEEKLY, "2026-W53", "2026-W53"),
        (MONTHLY, "2026-11", "2026-11"),
        (MONTHLY, "2026-11-30T23:59:59.999999Z", "2026-11"),
        (HOURLY, "2026-11-25", "20261125T000000Z"),
        (HOURLY, "2026-11-25T13:59:00Z", "20261125T130000Z"),
        (HOURLY, "20261125T130000Z", "20261125T130000Z"),
        (FIXED, "2026-11-25T13:59:00Z", "20261125T120000Z"),
        (SLIDING, "2026-11-25T13:59:00Z", "20261125T134500Z"),  # the one that ends next
        (SLIDING, "20261125T135900Z", "20261125T135900Z"),  # by label
    ],
)
def test_at(board: Board, at: str, label: str):
    assert window_at(board, at).label == label
    assert SOURCE.place(board.name, now=NOW, at=at).label == label


@pytest.mark.parametrize(
    ("board", "at", "says"),
    [
        *((BERLIN, at, "expected a date such as 2026-11-25") for at in (
            "yesterday", "2026-13-01", "2026-02-30", "26-11-25", "2026-11-25T25:00:00Z",
            "9999-12-31", "0001-01-01", "2026-W60", "2026-00", "2026-11-25T", "١٢٣٤-11-25", " ",
        )),
        (BERLIN, "2026-W48", "has daily windows, labelled such as 2026-11-23"),
        (WEEKLY, "2026-11", "has weekly windows, labelled such as 2026-W44"),
    ],
)  # fmt: skip
def test_at_that_means_nothing_is_refused(board: Board, at: str, says: str):
    with pytest.raises(QuestionError, match=says):
        SOURCE.place(board.name, now=NOW, at=at)


@pytest.mark.parametrize("board", [BERLIN, HOURLY, WEEKLY, MONTHLY, SLIDING, FIXED])
def test_resets_are_where_live_windows_meet(board: Board):
    """At every reset, and only there, the live window changes; also on a day of 25 hours."""
    at = int(datetime.fromisoformat("2026-10-24T20:30:00Z").timestamp())
    for _ in range(40):
        previous, following = resets(board, at)
        live = [
            SOURCE.place(board.name, now=now).label
            for now in (previous - 1, previous, at, following - 1, following)
        ]
        assert previous <= at < following
        assert live[0] < live[1] == live[2] == live[3] < live[4]
        window = SOURCE.place(board.name, now=following).window
        assert window is not None
        assert previous_window(board, window).label == live[3]
        at = following


def test_what_may_not_be_asked():
    for says, name, asked in (
        ("has no windows, so it has not one of 2026-11-25", "global", {"at": "2026-11-25"}),
        ("has no windows, so it has not one of", "sittings", {"at": "2026-11-25"}),
        ("has no windows, so it has not an on-time result", "global", {"pane": "on_time"}),
        ("leave the game out", "global", {"game": "go"}),
        ("say which", "game", {}),
        ("has no dense ranks", "global", {"policy": "dense"}),
        ("policy 'best': expected one of ordinal, competition, dense", "global",
         {"policy": "best"}),
        ("pane 'early': expected one of latest, on_time", "weekly", {"pane": "early"}),
    ):  # fmt: skip
        with pytest.raises(QuestionError, match=says):
            SOURCE.place(name, now=NOW, **asked)
    with pytest.raises(NotThereError, match=r"no board 'x'; declared: global, berlin"):
        SOURCE.place("x", now=NOW)


def test_policies():
    assert SOURCE.place("game", now=NOW, game="go").policy == "dense"
    assert SOURCE.place("game", now=NOW, game="go", policy="ordinal").policy == "ordinal"
    assert SOURCE.place("global", now=NOW, policy="competition").policy == "competition"


@pytest.mark.parametrize(
    ("text", "id_", "is_live"),
    [
        ("global", "global", True),
        ("game:a:b", "game:a:b", True),
        ("berlin", "berlin:2026-11-25", True),
        ("berlin:2026-11-01", "berlin:2026-11-01", False),
        ("weekly_game:live:go", "weekly_game:2026-W48:go", True),
        ("weekly_game:2026-W40:a:b", "weekly_game:2026-W40:a:b", False),
    ],
)
def test_ids_name_places(text: str, id_: str, is_live: bool):
    place = SOURCE.place_of_id(text, now=NOW)
    assert (place.id, place.is_live) == (id_, is_live)
