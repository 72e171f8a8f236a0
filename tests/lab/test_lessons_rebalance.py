"""Notebook 03's parts: a group by hand on a real Kafka, and the waits on what a lab has seen."""

from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaAdminClient
from msgspec import Struct
from redis import Redis

from leaderboard import Lab
from leaderboard.errors import StageError
from leaderboard.lab.lessons import rebalance
from leaderboard.lab.lessons.group_by_hand import GroupByHand
from leaderboard.lab.sample import Sample
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys


@pytest.fixture
def group(settings: Settings) -> Iterator[GroupByHand]:
    quick = settings.with_(session_timeout_s=3)
    with Redis.from_url(settings.redis) as redis, GroupByHand(quick, redis) as group:
        yield group


def test_nobody_is_a_member_before_the_first_poll(group: GroupByHand) -> None:
    anna = group.join("anna")

    assert repr(anna) == "<anna reads nothing>"
    assert group.owners == {}
    group.settle()
    assert repr(anna.poll()) == "<anna reads p0 p1 p2>"


def test_members_come_and_go_and_each_partition_has_one_reader(group: GroupByHand) -> None:
    for name in ("anna", "bob", "carol", "dora"):
        group.join(name)
        table = group.settle()
        owned = [p for member in group.members.values() for p in member.partitions]
        assert sorted(owned) == [0, 1, 2]
        assert group.owners == {p: m.name for m in group.members.values() for p in m.partitions}
        assert list(table.columns) == ["kafka", *group.members]
    assert sorted(len(m.partitions) for m in group.members.values()) == [0, 1, 1, 1]

    group.leave("bob")
    group.leave("bob")
    last = group.settle().iloc[-1]

    assert last["kafka"] == "Stable"
    assert sorted(last[["anna", "carol", "dora"]]) == ["p0", "p1", "p2"]


def test_a_rebalance_is_told_step_by_step(group: GroupByHand) -> None:
    group.join("anna")
    group.settle()
    group.join("bob")

    table = group.settle()

    assert "PreparingRebalance" in set(table["kafka"])
    assert (table["anna"].iloc[0], table["bob"].iloc[0]) == ("p0 p1 p2", "nothing")
    assert table["kafka"].iloc[-1] == "Stable"
    assert len(group.settle()) == 1  # nothing more to tell


def test_one_of_the_same_name_takes_the_place(group: GroupByHand) -> None:
    first = group.join("anna")
    group.settle()
    group.join("anna")
    group.settle()

    assert list(group.members) == ["anna"]
    assert group.members["anna"] is not first


def test_a_new_group_takes_the_place_of_the_old_and_close_deletes_all(
    group: GroupByHand, settings: Settings, admin: KafkaAdminClient
) -> None:
    group.join("anna")
    group.settle()
    with Redis.from_url(settings.redis) as redis, GroupByHand(settings, redis) as new:
        assert group.closed
        assert new.settle()["kafka"].tolist() == ["Dead"]
    new.close()

    assert not [t for t in admin.list_topics() if t.startswith(settings.topic)]
    assert not [g for g in admin.list_groups() if g["group_id"].startswith(settings.group)]


# what a lab has seen ------------------------------------------------------------------------------


class Seen(Struct):
    """A lab that has seen these samples."""

    samples: list[Sample]

    @property
    def sample(self) -> Sample:
        return self.samples[-1]


def seen(*moments: tuple[str, str]) -> Seen:
    """A second each: the owners of p0, p1, ..., and the states of the processors, a letter each."""
    states = {"r": "running", "k": "killed", "f": "failed", "s": "starting"}
    return Seen(
        [
            Sample(
                t_s=float(t),
                end=dict.fromkeys(range(len(owners)), 5),
                owners={p: f"processor-{n}" for p, n in enumerate(owners) if n != "-"},
                stages={f"processor-{n}": states[s] for n, s in enumerate(letters, start=1)},
            )
            for t, (owners, letters) in enumerate(moments)
        ]
    )


def test_settled_says_who_has_what() -> None:
    table = rebalance.settled(seen(("123", "rrrr")), 4)

    assert dict(table.itertuples(index=False)) == {
        "processor-1": "p0", "processor-2": "p1", "processor-3": "p2", "processor-4": "nothing",
    }  # fmt: skip


@pytest.mark.parametrize(
    "moment",
    [("111", "rrr"), ("12-", "rrr"), ("123", "rrs"), ("124", "rrrk"), ("122", "rrr"), ("", "rrr")],
)
def test_settled_waits_for_all_to_have_their_share(
    moment: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebalance, "PATIENCE_S", 0.0)

    with pytest.raises(StageError, match="waited 0 s for 3 processors"):
        rebalance.settled(seen(moment), 3)


def test_a_failed_processor_is_not_waited_for() -> None:
    with pytest.raises(StageError, match="processor-2 has failed"):
        rebalance.settled(seen(("111", "rf")), 2)


def test_orphaned_measures_from_the_death_to_the_heir() -> None:
    lab = seen(("12", "rr"), ("12", "kr"), ("12", "kr"), ("-2", "kr"), ("22", "kr"))

    table = rebalance.orphaned(lab, "processor-1")

    assert list(table.columns) == list(rebalance.GAPS)
    assert table.iloc[0].tolist() == [0, "processor-1", 1.0, 3.0, "processor-2"]


@pytest.mark.parametrize("moment", [("12", "rr"), ("12", "kr"), ("-2", "kr")])
def test_orphaned_waits_for_death_and_heir(
    moment: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebalance, "PATIENCE_S", 0.0)

    with pytest.raises(StageError, match="takes over from processor-1"):
        rebalance.orphaned(seen(moment), "processor-1")


def test_a_killed_processor_orphans_its_partitions_and_one_that_leaves_does_not(
    make_lab: Callable[..., Lab], settings: Settings
) -> None:
    lab = make_lab(processors=2, rate=60)
    lab.run()
    rebalance.settled(lab, 2)

    found = rebalance.orphaned(lab, lab.kill(lab.sample.owners[0]))

    assert (found["seconds"] > 0.6 * settings.session_timeout_s).all()
    assert set(found["heir"]) == set(lab.sample.owners.values())
    assert set(lab.frames.assignment()["state"]) >= {"owned", "orphaned"}

    lab.set(processors=2)
    rebalance.settled(lab, 2)
    lab.stop(lab.sample.owners[0])
    rebalance.settled(lab, 1)
    assert (lab.frames.assignment()["state"] == "orphaned").sum() == len(found)

    lab.stop("producer")
    assert lab.wait().total_lag == 0
    assert rebalance.wrong_values(lab.settings, lab.redis) == 0
    lab.redis.zincrby(Keys(lab.settings.key_prefix).board, 1, "somebody")
    assert rebalance.wrong_values(lab.settings, lab.redis) == 1
