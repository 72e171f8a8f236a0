"""Every key a call of `Scripts` reaches: those it names, and those its payload leads to.

For the text of an error alone: what is reached decide the scripts.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec

from leaderboard.store.keys import Keys


def reached(
    keys: Keys, script: str, named: Sequence[str], args: Sequence[str | bytes]
) -> list[str]:
    """Their names; `script`, `named` and `args` as in `scripts.Call`."""
    if script == "apply":
        return [*named, *_of_changes(keys, msgspec.msgpack.decode(cast(bytes, args[0])))]
    if script == "expire":
        return [*named, *_of_window(keys, msgspec.msgpack.decode(cast(bytes, args[0])))]
    return list(named)


def _of_changes(keys: Keys, run: dict[str, Any]) -> Iterator[str]:
    of = keys.of_boards
    yield of["split"]
    for player_id, *_ in run["players"]:
        yield keys.player(player_id)
        yield keys.matches(player_id)
    ids = ["global"]
    for part in run["parts"]:
        ids += (part["id"], of["on_time"] + part["id"])
        yield from _of_window(keys, part)
    for id_ in ids:
        for kind in ("board", "hidden_board", "state", "distinct"):
            yield of[kind] + id_


def _of_window(keys: Keys, part: dict[str, Any]) -> Iterator[str]:
    yield keys.of_boards["windows"] + part["board"]
    yield keys.of_boards["games"] + part["place"]
