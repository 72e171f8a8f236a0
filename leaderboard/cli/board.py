"""Boards as tables in the terminal."""

from redis import Redis
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
        table.add_row(str(row.rank), Text(row.player_name), Text(row.player_id), f"{row.score:,}")
    Console().print(table)


def print_page(page: BoardPage) -> None:
    """Print a board's rows to standard output."""
    place = page.place
    table = Table(
        title=f"{place.id}: {page.total:,} players",
        caption=f"{place.policy} ranks" + (f"; window {page.state}" if page.state else ""),
    )
    _add_player_columns(table)
    for row in page.rows:
        table.add_row(str(row.rank), Text(row.player_name), Text(row.player_id), shown(row.score))
    Console().print(table)


def print_boards(boards: list[BoardInfo]) -> None:
    """Print what boards there are to standard output."""
    table = Table(title=f"{len(boards)} boards")
    for name in ("Board", "Counts", "Ranks", "Window", "Live", "Next reset (UTC)"):
        table.add_column(name, overflow="fold")
    for name in ("Players", "Kept", "Late", "Out of bounds"):
        table.add_column(name, justify="right")
    for info in boards:
        board = info.board
        players = f"{len(info.games)} games" if info.total is None else f"{info.total:,}"
        table.add_row(
            board.name,
            board.metric if board.operator == "sum" else f"{board.operator} {board.metric}",
            board.ranks,
            board.window,
            info.live.window.label if info.live else "",
            f"{instant(info.next_reset):%Y-%m-%d %H:%M:%S}" if info.next_reset else "",
            players,
            f"{info.windows_kept:,}" if info.live else "",
            f"{info.late:,}",
            f"{info.out_of_bounds:,}",
        )
    Console().print(table)


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
