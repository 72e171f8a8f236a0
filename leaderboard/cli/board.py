"""Boards as tables in the terminal."""

from redis import Redis
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from leaderboard.cli.visible import cell
from leaderboard.model.boards import Board
from leaderboard.model.windows import instant
from leaderboard.store import reader
from leaderboard.store.board_rows import BoardPage, Score
from leaderboard.store.catalog import BoardInfo
from leaderboard.store.keys import Keys


def print_board(redis: Redis, keys: Keys, n: int) -> None:
    """Print the best `n` players to standard output. Raises `StoreError` when Redis is away."""
    snapshot = reader.run(redis, reader.snapshot(keys, n))
    applied, duplicates, dead = (
        snapshot.counts.get(name, 0) for name in ("applied", "duplicates", "dead_letters")
    )
    table = Table(
        title=f"Leaderboard: {snapshot.total_players:,} players",
        caption=f"{applied:,} events counted, {duplicates:,} duplicates, {dead:,} dead letters",
    )
    _add_player_columns(table)
    for row in snapshot.rows:
        table.add_row(str(row.rank), cell(row.player_name), cell(row.player_id), f"{row.score:,}")
    Console().print(table)


def print_page(page: BoardPage) -> None:
    """Print a board's rows to standard output."""
    place = page.place
    table = Table(
        title=cell(f"{place.id}: {page.total:,} players"),
        caption=f"{place.policy} ranks" + (f"; window {page.state}" if page.state else ""),
    )
    _add_player_columns(table)
    for row in page.rows:
        table.add_row(str(row.rank), cell(row.player_name), cell(row.player_id), shown(row.score))
    Console().print(table)


def print_boards(boards: list[BoardInfo]) -> None:
    """Print what boards there are to standard output; 80 columns hold it, long names fold.

    Below a live window stands when it ends, below what is counted how it ranks if not 1, 2, 3.
    `Missed` counts the events that came too late or lay out of bounds.
    """
    table = Table(title=f"{len(boards)} boards, times in UTC", box=SIMPLE, pad_edge=False)
    for name in ("Board", "Counts"):
        table.add_column(name, overflow="fold")
    table.add_column("Live window", no_wrap=True)
    for name in ("Players", "Kept", "Missed"):
        table.add_column(name, justify="right", no_wrap=True)
    for info in boards:
        table.add_row(
            info.board.name,
            _counts(info.board),
            _window(info),
            f"{len(info.games)} games" if info.total is None else f"{info.total:,}",
            f"{info.windows_kept:,}" if info.live else "",
            f"{info.late + info.out_of_bounds:,}",
        )
    Console().print(table)


def _counts(board: Board) -> str:
    what = board.metric if board.operator == "sum" else f"{board.operator} {board.metric}"
    return what if board.ranks == "ordinal" else f"{what}\n{board.ranks}"


def _window(info: BoardInfo) -> str:
    if info.live is None or info.next_reset is None:
        return f"({info.board.window})"
    return f"{info.live.window.label}\nto {instant(info.next_reset):%m-%d %H:%M}"


def shown(score: Score) -> str:
    """A score for people: rates with four digits.

    >>> shown(1250), shown(2 / 3)
    ('1,250', '0.6667')
    """
    return f"{score:,}" if isinstance(score, int) else f"{score:.4f}"


def _add_player_columns(table: Table) -> None:
    table.add_column("Rank", justify="right")
    table.add_column("Player", overflow="ellipsis", no_wrap=True, min_width=12, max_width=32)
    table.add_column("Id", style="dim", overflow="ellipsis", no_wrap=True, max_width=32)
    table.add_column("Score", justify="right")
