"""Notebook 07's parts: processes that really die, what it costs, the control, the exercise."""

import inspect
import linecache
import threading
from collections.abc import Callable, Iterator

import pandas as pd
import psutil
import pytest
from ipywidgets.widgets.widget import _instances
from kafka import KafkaAdminClient
from redis import Redis

from leaderboard.errors import NotebookError, StageError
from leaderboard.lab import frames
from leaderboard.lab.checks import drift
from leaderboard.lab.lessons import charts_crashes as charts
from leaderboard.lab.lessons import guard, toll
from leaderboard.lab.lessons.crashes import Ward
from leaderboard.lab.lessons.dying import LineToDieAt, listing
from leaderboard.lab.lessons.mortal import GUARDED, LINES, OURS, Life
from leaderboard.lab.lessons.naive import Log, Names, add
from leaderboard.lab.lessons.nurse import Nurse
from leaderboard.model.events import decode
from leaderboard.settings import Settings
from tests.waiting import until


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis) as redis:
        yield redis


@pytest.fixture
def ward(settings: Settings, redis: Redis) -> Iterator[Ward]:
    with Ward(settings, redis, events=120, batch=20, crashes=2) as ward:
        yield ward


# the processes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["half counted", "both done"])
def test_naive_designs_are_wrong_by_the_law_and_ours_is_exact(ward: Ward, line: str) -> None:
    seen: list[toll.Found] = []

    found = ward.run(line, seen.append)

    table = found.table()
    for design in toll.ALL:
        lost, doubled = toll.law(design, line, batch=20, crashes=2)
        right = 120 - lost - doubled
        assert table.loc[design].to_dict() == {
            "died": 2, "lost": lost, "doubled": doubled, "exact": right,
        }  # fmt: skip
    assert drift(ward.settings_of(OURS), ward.settings.kafka, ward.redis).ok
    boards = ward.boards()
    assert boards[OURS].equals(boards["the oracle"].rename(OURS))
    sums = boards.sum()
    if line == "both done":
        assert sums["commit first"] == sums["the oracle"] == sums["apply first"]
    else:
        assert sums["commit first"] < sums["the oracle"] < sums["apply first"]
    assert len(seen[-1].history) == 3 * len(toll.ALL)
    assert seen[0].ledger["times"].isna().any(), "told before the end"

    player = f"{ward.settings_of(OURS).key_prefix}player:stats:{next(iter(ward.oracle))}"
    ward.redis.hincrby(player, "events_count", 3)
    assert ward._toll(OURS)[2] == 3, "a damaged board of ours is not called exact"


def test_an_interrupted_run_ends_everybody(ward: Ward) -> None:
    def interrupt(_found: toll.Found) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ward.run("between", interrupt)

    assert not any(nurse.works for nurse in ward._nurses.values())


def test_whoever_reads_again_gets_what_was_not_committed(ward: Ward) -> None:
    me = ward.settings_of("by hand")
    names = Names(me.key_prefix)
    with Log(me, batch=50) as log:
        first = log.take()
        for record in first:
            add(ward.redis, names, record)
    with Log(me, batch=50) as log:
        assert [r.offset for r in log.take()] == [r.offset for r in first] == list(range(50))
        log.commit(first)
    with Log(me, batch=50) as log:
        assert [len(batch) for batch in log] == [50, 20]
    assert ward.redis.hlen(names.times) == 50
    ward.forget("by hand")


def test_what_cannot_be_run_is_refused(settings: Settings, redis: Redis, ward: Ward) -> None:
    with pytest.raises(NotebookError, match="need 600 events or more, got 599"):
        Ward(settings, redis, events=599, batch=100, crashes=3)
    with pytest.raises(NotebookError, match=r"expected one of nothing done, .* got 'line 7'"):
        ward.run("line 7")


def test_a_process_that_ends_otherwise_is_an_error_with_its_words(ward: Ward) -> None:
    source = "def add(redis, names, record):\n    raise ValueError('no such player')"
    with (
        Nurse(ward.settings_of(GUARDED)) as nurse,
        pytest.raises(StageError, match="no such player"),
    ):
        nurse.live(Life(GUARDED, 10, source=source))


def test_who_is_in_care_dies_with_the_nurse(ward: Ward) -> None:
    nurse = Nurse(ward.settings_of(GUARDED))
    source = "def add(redis, names, record):\n    while True: redis.incr(names.next)"
    errors: list[Exception] = []

    def live() -> None:
        try:
            nurse.live(Life(GUARDED, 10, source=source))
        except StageError as error:
            errors.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    until(lambda: psutil.Process(nurse._child.pid).children())
    (child,) = psutil.Process(nurse._child.pid).children()

    nurse.close()
    nurse.close()
    thread.join(30)

    assert len(errors) == 1
    until(lambda: not child.is_running())


def test_a_new_ward_takes_the_place_of_the_old_and_close_deletes_all(
    ward: Ward, settings: Settings, admin: KafkaAdminClient
) -> None:
    with Ward(settings, ward.redis, events=120, batch=20, crashes=2) as new:
        assert ward.closed
        new.run("nothing done")
    new.close()

    assert not [t for t in admin.list_topics() if t.startswith(settings.topic)]
    assert not [g for g in admin.list_groups() if g["group_id"].startswith(settings.group)]
    assert list(ward.redis.scan_iter(f"{settings.key_prefix}*")) == []


# the exercise ------------------------------------------------------------------------------------


def stub(redis, names, record):
    event = decode(record.value)
    if False:
        return
    with redis.pipeline() as call:
        call.zincrby(names.board, event.points, event.player_id)
        call.execute()


def solution(redis, names, record):
    event = decode(record.value)
    if record.offset < int(redis.get(names.next) or 0):
        return
    with redis.pipeline() as call:
        call.zincrby(names.board, event.points, event.player_id)
        call.set(names.next, record.offset + 1)
        call.execute()


def counts_before_it_remembers(redis, names, record):
    event = decode(record.value)
    if record.offset < int(redis.get(names.next) or 0):
        return
    redis.zincrby(names.board, event.points, event.player_id)
    redis.set(names.next, record.offset + 1)


def remembers_before_it_counts(redis, names, record):
    event = decode(record.value)
    if record.offset < int(redis.get(names.next) or 0):
        return
    redis.set(names.next, record.offset + 1)
    redis.zincrby(names.board, event.points, event.player_id)


def off_by_one(redis, names, record):
    event = decode(record.value)
    if record.offset <= int(redis.get(names.next) or 0):
        return
    with redis.pipeline() as call:
        call.zincrby(names.board, event.points, event.player_id)
        call.set(names.next, record.offset + 1)
        call.execute()


def in_a_hurry(redis, names, record):
    redis.zincrby(names.board, record.points, record.player_id)


TRIES: dict[Callable[..., None], str] = {
    solution: "every score is the oracle's, after 6 deaths",
    stub: "a batch that comes again is counted again",
    counts_before_it_remembers: "it died after the points and before",
    remembers_before_it_counts: "it died after Redis remembered",
    off_by_one: "new events are turned away",
    in_a_hurry: "your function failed: AttributeError",
}


@pytest.mark.timeout(240)
def test_only_the_solution_passes_and_each_mistake_has_its_own_hint(
    settings: Settings, redis: Redis
) -> None:
    with Ward(settings, redis, events=100, batch=10, crashes=2) as ward:
        for seed, (function, hint) in enumerate(TRIES.items()):
            attempt = guard.check(ward, _as_add(function), seed)
            assert hint in repr(attempt), (function.__name__, attempt)
            assert attempt.right is (function is solution)
        assert not redis.exists(Names(ward.settings_of(GUARDED).key_prefix).board)


def _as_add(function: Callable[..., None]) -> Callable[..., None]:
    """`function` under the name that a learner's has."""
    space: dict[str, Callable[..., None]] = {}
    source = inspect.getsource(function).replace(f"def {function.__name__}", "def add")
    name = f"<{function.__name__}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), {"decode": decode}, space)
    return space["add"]


# the control -------------------------------------------------------------------------------------


def test_choosing_marks_the_line_in_the_code_of_each_design() -> None:
    with LineToDieAt("between", events=10) as chosen:
        assert chosen.code.value == listing("between")
        for line in LINES:
            chosen.choice.value = line
            assert chosen.line == line
            assert chosen.code.value.count("<mark>") == len(toll.ALL)
    assert len({listing(line) for line in LINES}) == len(LINES)


def test_it_draws_what_a_run_shows_also_from_another_thread_and_gives_all_back() -> None:
    before = len(_instances)
    with LineToDieAt("between", events=4) as chosen:
        assert "Nobody has run yet" in chosen.view.figure["layout"]["title"]["text"]
        thread = threading.Thread(target=chosen.show, args=(FOUND,))
        thread.start()
        thread.join()
        assert "Commit first lost 2" in chosen.view.figure["layout"]["title"]["text"]

    chosen.show(FOUND)
    assert len(_instances) == before
    assert repr(chosen) == "<LineToDieAt 'between', closed>"


def test_headless_it_has_no_widgets_and_a_wrong_line_is_refused() -> None:
    before = len(_instances)
    with LineToDieAt("both done", events=4, headless=True) as chosen:
        chosen.show(FOUND)
        assert len(_instances) == before
        assert "Commit first lost 2" in chosen.figure().layout.title.text
    with pytest.raises(NotebookError, match="got 'line 7'"):
        LineToDieAt("line 7", events=4)


# charts ------------------------------------------------------------------------------------------

FOUND = toll.Found(
    "between",
    frames.table(
        [
            ("commit first", 1.0, True, 2, 2, 0),
            ("apply first", 1.5, True, 0, 0, 0),
            ("commit first", 2.0, False, 4, 2, 0),
            ("apply first", 2.5, False, 4, 0, 1),
            ("ours", 3.0, False, 4, 0, 0),
        ],
        toll.HISTORY,
    ),
    frames.table(
        [
            *(("commit first", offset, times) for offset, times in enumerate([0, 0, 1, 1])),
            *(("apply first", offset, times) for offset, times in enumerate([2, 1, 1, 3])),
            *(("ours", offset, times) for offset, times in enumerate([1, 1, None, None])),
        ],
        toll.LEDGER,
    ),
)


def test_the_table_counts_by_design() -> None:
    table = FOUND.table()

    assert table.loc["commit first"].tolist() == [1, 2, 0, 2]
    assert table.loc["apply first"].tolist() == [1, 0, 1, 2]
    assert table.loc["ours"].tolist() == [0, 0, 0, 2]


@pytest.mark.parametrize("line", LINES)
def test_the_law_splits_a_batch_between_the_designs(line: str) -> None:
    lost, _ = toll.law("commit first", line, 51, 1)
    _, doubled = toll.law("apply first", line, 51, 1)

    assert (lost, doubled) == {"between": (51, 51), "half counted": (26, 25)}.get(line, (0, 0))
    assert toll.law(OURS, line, 51, 1) == (0, 0)


def test_the_lanes_join_equal_neighbours_and_tell_kinds_apart_by_height() -> None:
    fig = charts.lanes(FOUND.ledger, FOUND.history, FOUND.line)

    title = "Commit first lost 2; apply first counted 1 twice; ours neither lost nor doubled one"
    assert fig.layout.title.text == title
    bars = {trace.meta: trace for trace in fig.data}
    drawn = {
        meta: list(zip(bars[meta].y, bars[meta].base, bars[meta].x, strict=True))
        for meta in ("lost", "counted once", "counted twice", "still waits")
    }
    assert drawn == {
        "lost": [("commit first", 0, 2)],
        "counted once": [("commit first", 2, 2), ("apply first", 1, 2), ("ours", 0, 2)],
        "counted twice": [("apply first", 0, 1), ("apply first", 3, 1)],
        "still waits": [("ours", 2, 2)],
    }
    heights = [bars[meta].width for meta in ("lost", "counted once", "counted twice")]
    assert heights == sorted(set(heights))
    assert list(bars["died"].x) == [2, 0]
    assert bars["died"].name == "died at 'between' (the next begins here)"


def test_the_chart_over_time_shows_the_law_beside_what_was_found() -> None:
    fig = charts.over_time(FOUND.history, {"commit first": (2, 0), "apply first": (0, 1)})

    assert fig.layout.title.text == "Each death of a naive design made 2 events wrong on average"
    nets = {trace.meta: list(trace.y) for trace in fig.data}
    assert nets["commit first"] == [0, -2, -2, -2]
    assert nets["apply first"] == [0, 0, 1, 1]
    assert [shape.y0 for shape in fig.layout.shapes] == [-2, 1]
    words = [note.text for note in fig.layout.annotations]
    assert words == ["the law: 2 events lost", "the law: 1 event twice"]


def test_empty_charts_say_so() -> None:
    nothing: pd.DataFrame = frames.table([], toll.HISTORY)
    for fig in (
        charts.lanes(frames.table([], toll.LEDGER), nothing, "between"),
        charts.over_time(nothing, {}),
    ):
        assert fig.layout.annotations[-1].text == "no data yet"
