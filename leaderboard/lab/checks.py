"""The laws a run must obey: nothing lost, nothing counted twice, one truth on every door.

Never here: who calls this and when (that is `lab`).
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx
import msgspec
import pandas as pd
from msgspec import Struct
from redis import Redis
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from leaderboard.errors import NotebookError, StageError
from leaderboard.lab import cards
from leaderboard.lab.monitor import Monitor
from leaderboard.pipeline.declared import declared_boards
from leaderboard.pipeline.schemas import wire_of
from leaderboard.pipeline.verify import verify
from leaderboard.settings import Settings
from leaderboard.store import reader
from leaderboard.store.keys import Keys

TOP: Final = 10
AGREE_WITHIN_S: Final = 10.0
"""The API refreshes about once a second; so much later it must agree."""
RETRY_S: Final = 0.1


class Finding(Struct, frozen=True):
    """One law: in words, what it expects, what was found, whether it holds."""

    law: str
    expected: str
    got: str
    ok: bool


class Checks:
    """The findings of one check, as a table."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)

    @property
    def ok(self) -> bool:
        """Whether every law holds."""
        return all(f.ok for f in self.findings)

    def raise_broken(self) -> None:
        """Raise when a law is broken.

        Raises
        ------
        NotebookError
            names each broken law, what it expects and what was found.
        """
        broken = [f for f in self.findings if not f.ok]
        if broken:
            raise NotebookError(
                "\n".join(f"{f.law}: expected {f.expected}, got {f.got}" for f in broken)
            )

    def to_frame(self) -> pd.DataFrame:
        """Columns law, expected, got (text) and ok (bool)."""
        rows = [msgspec.structs.asdict(f) for f in self.findings]
        return pd.DataFrame(rows, columns=["law", "expected", "got", "ok"]).astype({"ok": bool})

    def __repr__(self) -> str:
        lines = [f"{cards.MARKS[f.ok]} {_word(f.ok)}  {f.law}: {f.got}" for f in self.findings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        title = "Every law holds" if self.ok else "A law is broken"
        rows = [(f"{cards.MARKS[f.ok]}\N{NO-BREAK SPACE}{_word(f.ok)}", f.law, f.expected, f.got)
                for f in self.findings]  # fmt: skip
        return cards.table(title, ("", "law", "expected", "found"), rows)


def _word(ok: bool) -> str:
    return "holds" if ok else "broken"


def conservation(settings: Settings, kafka: str, redis: str) -> Finding:
    """Every record of the log has one outcome, or still waits.

    Raises `ServersError` or `StoreError` when Kafka or Redis is away.
    """
    with Monitor(settings, kafka, redis) as monitor:
        reading = monitor.read()
    counts = {name: reading.counts.get(name, 0) for name in ("applied", "duplicates")}
    dead = reading.counts.get("dead_letters", 0)
    total = sum(counts.values()) + dead + reading.lag
    return Finding(
        "produced = applied + duplicates + dead letters + lag",
        f"{reading.produced:,}",
        f"{counts['applied']:,} + {counts['duplicates']:,} + {dead:,} + {reading.lag:,}"
        f" = {total:,}",
        total == reading.produced,
    )


def drift(settings: Settings, kafka: str, redis: Redis) -> Finding:
    """Redis equals what an independent model makes of the log.

    Raises `VerifyError` when the two can not be compared.
    """
    report = verify(
        kafka, redis, Keys(settings.key_prefix), settings.topic, declared_boards(settings),
        wire=wire_of(settings),
    )  # fmt: skip
    first = report.differences[0] if report.differences else None
    got = f"drift {report.drift} over {report.players:,} players"
    if first is not None:
        got += f"; first: {first.where} expected {first.expected}, Redis holds {first.got}"
        got += f" ({first.explained_by})" if first.explained_by else ""
    return Finding("Redis = the oracle's replay of the log", "drift 0", got, report.drift == 0)


def same_board(settings: Settings, redis: Redis, url: str) -> list[Finding]:
    """REST and WebSocket show the board that Redis holds.

    Raises
    ------
    StageError
        when the API at `url` does not answer.
    """
    keys = Keys(settings.key_prefix)

    def in_redis() -> list[tuple[int, str, int]]:
        rows = reader.run(redis, reader.snapshot(keys, TOP)).rows
        return [(row.rank, row.player_name, row.score) for row in rows]

    doors = {"REST": lambda: _rest(url), "WebSocket": lambda: _websocket(url)}
    return [_agree(f"{name} = Redis", in_redis, door) for name, door in doors.items()]


def _agree(
    law: str,
    in_redis: Callable[[], list[tuple[int, str, int]]],
    door: Callable[[], list[tuple[int, str, int]]],
) -> Finding:
    deadline = time.monotonic() + AGREE_WITHIN_S
    while True:
        expected, got = in_redis(), door()
        if expected == got or time.monotonic() > deadline:
            break
        time.sleep(RETRY_S)
    ok = expected == got
    difference = next((g for g, e in zip(got, expected, strict=False) if g != e), None)
    found = f"the same {len(got)} players" if ok else f"{len(got)} players, first off: {difference}"
    return Finding(law, f"the best {len(expected)} players, in order", found, ok)


def _rest(url: str) -> list[tuple[int, str, int]]:
    try:
        answer = httpx.get(f"{url}/api/leaderboard", params={"top": TOP}, timeout=5)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise StageError(f"the API at {url} does not answer: {error}") from error
    return _lines(answer.json())


def _websocket(url: str) -> list[tuple[int, str, int]]:
    try:
        with connect(f"ws{url.removeprefix('http')}/ws", open_timeout=5) as socket:
            message = msgspec.json.decode(socket.recv(timeout=5))
    except (OSError, WebSocketException) as error:
        raise StageError(f"the WebSocket of {url} does not answer: {error}") from error
    return _lines(message["data"]["leaderboard"])


def _lines(board: dict[str, Any]) -> list[tuple[int, str, int]]:
    return [(p["rank"], p["player_name"], p["score"]) for p in board["top_players"]][:TOP]
