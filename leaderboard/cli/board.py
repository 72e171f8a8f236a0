"""The board as a table in the terminal."""

from redis import Redis
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leaderboard.store import reader
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
    table.add_column("Rank", justify="right")
    table.add_column("Player", overflow="ellipsis", no_wrap=True, min_width=12, max_width=32)
    table.add_column("Id", style="dim", overflow="ellipsis", no_wrap=True, max_width=32)
    table.add_column("Score", justify="right")
    for row in snapshot.rows:
        table.add_row(str(row.rank), Text(row.player_name), Text(row.player_id), f"{row.score:,}")
    Console().print(table)
