"""What was read of boards, as the models the routes answer with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from leaderboard.api import board_models as models
from leaderboard.model import windows
from leaderboard.model.moments import resets
from leaderboard.store import board_rows, catalog, combine, standings
from leaderboard.store.board_rows import State
from leaderboard.store.places import Place


def page_answer(page: board_rows.BoardPage, now: float) -> models.BoardPage:
    """A page, with the resets around `now` (seconds since 1970 UTC)."""
    previous, following = None, None
    if page.place.window:
        previous, following = map(windows.instant, resets(page.place.board, int(now)))
    return models.BoardPage(
        **_place(page.place, page.state),
        previous_reset=previous,
        next_reset=following,
        total_players=page.total,
        count=page.count,
        rows=[models.BoardRow.model_validate(row) for row in page.rows],
        previous=page.previous,
        next=page.next,
        has_on_time=page.has_on_time,
    )


def friends_answer(found: standings.Friends) -> models.Friends:
    return models.Friends(
        **_place(found.place, found.state),
        total_players=found.total,
        rows=[models.Friend.model_validate(row) for row in found.rows],
    )


def ranks_answer(player_id: str, found: list[standings.Rank]) -> models.PlayerRanks:
    ranks = [
        models.PlayerRank(
            **_place(rank.place, rank.state),
            standing=models.Standing.model_validate(rank.standing),
            previous_rank=rank.previous_rank,
        )
        for rank in found
    ]
    return models.PlayerRanks(player_id=player_id, ranks=ranks)


def history_answer(player_id: str, place: Place, then: list[standings.Then]) -> models.RankHistory:
    return models.RankHistory(
        player_id=player_id,
        board=place.board.name,
        game=place.game,
        policy=place.policy,
        pane=place.pane,
        windows=[
            models.Then(
                window=_window(t.window, t.state),
                total_players=t.total,
                standing=models.Standing.model_validate(t.standing) if t.standing else None,
            )
            for t in then
        ],
    )


def combined_answer(
    found: combine.Combination, names: dict[str, str], how: str, aggregate: str, policy: str
) -> models.CombinedBoard:
    """The first lines, those whose `names` were read."""
    rows = found.rows[: len(names)]
    return models.CombinedBoard.model_validate(
        {
            "places": [_place(place, state) for place, state in found.places],
            "how": how,
            "aggregate": aggregate,
            "policy": policy,
            "total_players": len(found.rows),
            "rows": [
                {"player_name": names[row.player_id], **msgspec.structs.asdict(row)} for row in rows
            ],
        }
    )


def games_answer(found: catalog.Games) -> models.Games:
    window = _window(found.window, found.state) if found.window and found.state else None
    return models.Games(board=found.board.name, window=window, games=found.games)


def boards_answer(found: Sequence[catalog.BoardInfo]) -> models.Boards:
    return models.Boards(boards=[_info(info) for info in found])


def _info(info: catalog.BoardInfo) -> models.BoardInfo:
    return models.BoardInfo(
        name=info.board.name,
        definition=msgspec.structs.asdict(info.board),
        live=_window(info.live.window, info.live.state) if info.live else None,
        previous_reset=_instant(info.previous_reset),
        next_reset=_instant(info.next_reset),
        total_players=info.total,
        games=info.games,
        windows_kept=info.windows_kept,
        windows=[_window(kept.window, kept.state) for kept in info.windows],
        late=info.late,
        out_of_bounds=info.out_of_bounds,
    )


def _place(place: Place, state: State | None) -> dict[str, Any]:
    return {
        "id": place.id,
        "board": place.board.name,
        "game": place.game,
        "policy": place.policy,
        "pane": place.pane,
        "window": _window(place.window, state) if place.window and state else None,
    }


def _window(window: windows.Window, state: State) -> models.Window:
    return models.Window(
        label=window.label,
        start=windows.instant(window.start),
        end=windows.instant(window.end),
        state=state,
    )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else windows.instant(seconds)
