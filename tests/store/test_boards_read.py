"""From the log to the reader: every board, window, game and pane reads as the oracle ranks it."""

import pytest
from redis import Redis

from leaderboard.errors import NotThereError
from leaderboard.model.events import encode
from leaderboard.model.oracle import Oracle
from leaderboard.model.oracle_boards import BoardsOracle, score_of
from leaderboard.store.pages import top
from leaderboard.store.places import Source
from leaderboard.store.query import run
from leaderboard.store.standings import history
from tests.store.plain import Line, Plain
from tests.store.test_boards import AUTUMN, BOARDS, KEYS, PARTITIONS, SPRING, log, replay

SOURCE = Source(KEYS, "topic", BOARDS)
NOW = SPRING.timestamp()


@pytest.mark.parametrize(("seed", "start"), [(1, SPRING), (2, AUTUMN), (3, SPRING)])
def test_every_board_reads_as_the_oracle_ranks_it(redis: Redis, seed: int, start: object):
    records = log(seed, 300, start, 5000.0)
    replay(redis, records, BOARDS, seed)
    oracle = Oracle(boards=BoardsOracle(BOARDS))
    for partition, record in records:
        oracle.feed(partition, encode(record.event), record.logged_us or 0)
    states, read = set(), 0
    for (name, label, game), id_, lines in oracle.boards.panes():
        board = oracle.boards.boards[name]
        pane = "on_time" if id_.startswith("on_time:") else "latest"
        scores = ((i, *score_of(board, line)) for i, line in lines.items())
        expected = [Line(i, score, at) for i, score, at, _ in scores if score is not None]
        place = SOURCE.place(name, now=NOW, at=label, game=game, pane=pane)
        try:
            page = run(redis, top(SOURCE, place, 100))
        except NotThereError:
            assert oracle.boards.is_final((name, label, game), PARTITIONS), id_
            continue
        rows = [(row.rank, row.player_id, row.score) for row in page.rows]
        assert rows == Plain(place, expected).rows(0, len(expected)), id_
        if label:
            final = oracle.boards.is_final((name, label, game), PARTITIONS)
            assert (page.state == "final") == final, id_
            states.add(page.state)
        read += 1
    assert states == {"open", "closing", "final"}
    assert read > 100


def test_history_is_what_each_window_says(redis: Redis):
    replay(redis, log(4, 200, SPRING, 300), BOARDS, 4)
    place = SOURCE.place("quarters", now=NOW)
    seen = 0
    for player in sorted({r.event.player_id for _, r in log(4, 200, SPRING, 300)}):
        for then in run(redis, history(SOURCE, place, player, 1000)):
            then_place = SOURCE.place("quarters", now=NOW, at=then.window.label)
            rows = run(redis, top(SOURCE, then_place, 100)).rows
            ranks = {row.player_id: row.rank for row in rows}
            assert ranks.get(player) == (then.standing.rank if then.standing else None)
            assert then.total == len(rows)
            seen += then.standing is not None
    assert seen > 20
