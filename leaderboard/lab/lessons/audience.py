"""Clients that watch the board: some poll, some are pushed to, some never read.

All of them live in one background thread with its own loop, for a bounded time. Staleness is how
old the board is that a client shows: now minus the moment the API read it (`updated_at`).
"""

import asyncio
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, Final, Protocol, Self, TypeAlias
from urllib.parse import urlsplit

import msgspec
import numpy as np
import pandas as pd
from msgspec import Struct
from numpy.typing import NDArray
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from leaderboard.errors import StageError

Floats: TypeAlias = NDArray[np.float64]
KINDS: Final = ("poll", "push")
SAMPLE_S: Final = 0.1
CONNECT_S: Final = 20.0
"""Longest that all clients of a round may take to show their first board."""
UP_S: Final = 60.0
"""Longest that API and producer may take to start."""


class Round(Struct, frozen=True):
    """`clients` that poll, as many that are pushed to, and `sleepers` that never read.

    Measured for `seconds`, after `settle_s` more.
    """

    name: str
    clients: int
    seconds: float
    sleepers: int = 0
    settle_s: float = 0.0


class _Board(Struct):
    updated_at: datetime


class _Data(Struct):
    leaderboard: _Board | None = None


class _Push(Struct):
    type: str
    data: _Data


_board = msgspec.json.Decoder(_Board)
_push = msgspec.json.Decoder(_Push)


class Client:
    """One client: what it was shown, as (moment it came, moment the API had read it)."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.shown: list[tuple[float, float]] = []
        self.sizes: list[int] = []

    def take(self, body: bytes | str, board: _Board | None) -> None:
        """Show `board`, which came in `body`."""
        if board is not None:
            self.shown.append((time.time(), board.updated_at.timestamp()))
            self.sizes.append(len(body))

    def staleness(self, times: Floats) -> Floats:
        """Age in seconds of the board shown at each of `times`; exact between two boards."""
        came, read = np.array(self.shown, dtype=np.float64).T
        ages: Floats = times - read[np.searchsorted(came, times, side="right") - 1]
        return ages

    async def poll(self, address: tuple[str, int], period_s: float, phase_s: float) -> None:
        """Ask every `period_s` by a fixed schedule, whatever an answer takes."""
        due = time.monotonic() + phase_s
        await asyncio.sleep(phase_s)
        reader, writer = await asyncio.open_connection(*address)
        try:
            while True:
                body = await _get(reader, writer)
                self.take(body, _board.decode(body))
                due += period_s
                await asyncio.sleep(due - time.monotonic())
        finally:
            writer.close()

    async def watch(self, ws: str) -> None:
        """Take every push."""
        async with connect(ws, compression=None, open_timeout=CONNECT_S) as pushes:
            async for body in pushes:
                self.take(body, _push.decode(body).data.leaderboard)

    async def sleep(self, ws: str) -> None:
        """Connect, ask for the longest pushes, and never read one."""
        narrow = _narrow_socket(ws)
        handshake = connect(
            f"{ws}?top=100&limit=50", sock=narrow, compression=None, max_queue=1,
            open_timeout=CONNECT_S, ping_interval=None, close_timeout=0.1,
        )  # fmt: skip
        with suppress(ConnectionClosed):
            async with handshake as pushes:
                self.shown.append((time.time(), time.time()))
                pushes.transport.pause_reading()
                await asyncio.Event().wait()


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """One GET on a connection that stays open; a whole HTTP client would cost more than the API."""
    writer.write(b"GET /api/leaderboard HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if " 200 " not in head.splitlines()[0]:
        raise StageError(f"the API answered {head.splitlines()[0]}")
    return await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))


def _narrow_socket(ws: str) -> socket.socket:
    """A connection whose receiver holds next to nothing, so that not reading is soon felt."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(_address(ws))
    sock.setblocking(False)
    return sock


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


class Watched(Protocol):
    """What an audience needs of a lab."""

    @property
    def url(self) -> str: ...

    @property
    def state(self) -> dict[str, str]: ...


class Audience:
    """Plays `rounds` one after the other as soon as the lab's API and producer run.

    It ends with its last round, with the producer, by `close`, or when another one begins.

    Attributes
    ----------
    rows
        (round, kind, client, seconds in the round, staleness in seconds), 10 a second and client.
    """

    _current: ClassVar["Audience | None"] = None

    def __init__(self, lab: Watched, rounds: Sequence[Round], period_s: float) -> None:
        self._lab, self._rounds, self._period_s = lab, list(rounds), period_s
        self.rows: list[tuple[str, str, int, float, float]] = []
        self.traffic: list[tuple[str, str, int, float, float]] = []
        self._closing = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._main, name="audience", daemon=True)
        if Audience._current is not None:
            Audience._current._closing.set()
        Audience._current = self
        self._thread.start()

    def wait(self) -> Self:
        """Block until the last round is over.

        Raises
        ------
        StageError
            when a client failed, or the API never came.
        """
        self._thread.join()
        if self._failure:
            failure, self._failure = self._failure, ""
            raise StageError(f"the audience failed:\n{failure}")
        return self

    def close(self) -> None:
        """Send everybody home. Raises as `wait`."""
        self._closing.set()
        self.wait()

    def to_frame(self) -> pd.DataFrame:
        """Columns `round`, `kind` (poll or push), `client`, `t_s`, `staleness_s`."""
        columns = ["round", "kind", "client", "t_s", "staleness_s"]
        return pd.DataFrame(self.rows, columns=columns)

    def costs(self) -> pd.DataFrame:
        """Columns `round`, `kind`, `clients`, `messages_per_s`, `kb_per_s`: of all clients."""
        columns = ["round", "kind", "clients", "messages_per_s", "kb_per_s"]
        return pd.DataFrame(self.traffic, columns=columns)

    # the thread --------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            asyncio.run(self._play())
        except Exception:  # noqa: BLE001  # the thread ends here; whoever waits is told
            self._failure = traceback.format_exc()

    async def _play(self) -> None:
        await _until(lambda: self._closing.is_set() or (self._lab.url and self._producing), UP_S)
        for some in self._rounds:
            if self._going:
                await self._round(some)
        played = {name for name, *_ in self.traffic}
        missing = [some.name for some in self._rounds if some.name not in played]
        if missing and not self._closing.is_set():
            raise StageError(
                f"the producer ended before the round {missing[0]!r}: let it run for more seconds"
            )

    @property
    def _going(self) -> bool:
        return self._producing and not self._closing.is_set()

    @property
    def _producing(self) -> bool:
        return self._lab.state.get("producer") in ("starting", "running", "paused")

    async def _round(self, some: Round) -> None:
        url, period_s = self._lab.url, self._period_s
        ws = f"ws{url.removeprefix('http')}/ws"
        pollers, watchers = ([Client(kind) for _ in range(some.clients)] for kind in KINDS)
        sleepers = [Client("sleep") for _ in range(some.sleepers)]
        everybody = [*pollers, *watchers, *sleepers]
        phases = [period_s * n / some.clients for n in range(some.clients)]
        plays = [c.poll(_address(url), period_s, p) for c, p in zip(pollers, phases, strict=True)]
        plays += [c.watch(ws) for c in watchers] + [c.sleep(ws) for c in sleepers]
        tasks = [asyncio.create_task(play) for play in plays]
        try:
            await _until(lambda: all(c.shown for c in everybody) or _failed(tasks), CONNECT_S)
            await asyncio.sleep(some.settle_s)
            began = time.time()
            while time.time() - began < some.seconds and self._going:
                _raise_failed(tasks)
                await asyncio.sleep(SAMPLE_S)
            self._note(some, pollers + watchers, began, time.time())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _note(self, some: Round, clients: list[Client], began: float, ended: float) -> None:
        times = np.arange(began, ended, SAMPLE_S)
        for number, client in enumerate(clients):
            measured = zip(times - began, client.staleness(times), strict=True)
            self.rows += [(some.name, client.kind, number, t, age) for t, age in measured]
        for kind in KINDS:
            sizes = [
                size
                for c in clients
                for (came, _), size in zip(c.shown, c.sizes, strict=True)
                if c.kind == kind and came >= began
            ]
            seconds = ended - began
            self.traffic.append(
                (some.name, kind, some.clients, len(sizes) / seconds, sum(sizes) / seconds / 1000)
            )


def _failed(tasks: Sequence[asyncio.Task[None]]) -> bool:
    return any(t.done() and not t.cancelled() and t.exception() for t in tasks)


def _raise_failed(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


async def _until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StageError(f"the audience waited {seconds:g} s in vain; does the API run?")
        await asyncio.sleep(SAMPLE_S)
