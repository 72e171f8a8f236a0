"""Schedules are values that a seed repeats, and thirty seeds have every kind of fault."""

from collections import Counter

from tests.mixes.inject import INJECT
from tests.mixes.schedule import KINDS, PLACES, schedule

THIRTY = [schedule(seed) for seed in range(1, 31)]


def test_a_seed_repeats_its_schedule():
    assert schedule(17) == schedule(17) != schedule(18)
    assert str(schedule(17)).startswith("seed 17: ")
    assert len(str(schedule(17)).splitlines()) == 1 + len(schedule(17).steps)


def test_a_shorter_schedule_is_the_start_of_a_longer_one():
    assert schedule(17, steps=3).steps == schedule(17).steps[:3]


def test_thirty_seeds_have_every_fault_alone_and_among_others():
    alone = Counter(step[0].kind for s in THIRTY for step in s.steps if len(step) == 1)
    among = Counter(f.kind for s in THIRTY for step in s.steps for f in step if len(step) > 1)
    every = {kind for kinds in KINDS.values() for kind in kinds}
    assert alone.keys() == among.keys() == every == INJECT.keys()
    places = {f.place for s in THIRTY for step in s.steps for f in step if f.place}
    assert places == set(PLACES)


def test_a_step_does_one_thing_to_each():
    on = {kind: what for what, kinds in KINDS.items() for kind in kinds}
    for step in (step for s in THIRTY for step in s.steps):
        assert len({on[fault.kind] for fault in step}) == len(step)
        assert step[0].after_s == 0
