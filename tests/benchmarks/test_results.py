"""What a benchmark found is kept as it was, merged, marked, and refused where it means nothing."""

import doctest
import json
import multiprocessing
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import __main__, machine, parts, results
from benchmarks.results import Options, Part
from benchmarks.targets import BY_NAME, TARGETS, Target

RIGHT = {"contestant": "ours", "us": 3.0, "wrong": ""}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """One part, `fake`, on a quiet machine; what it was asked for."""
    asked: list[Options] = []

    def run(options: Options) -> Part:
        asked.append(options)
        return Part("fake", {"ours/naive zipf": 90.0}, {"table": [RIGHT]}, {"pinned": True})

    monkeypatch.setattr(parts, "PARTS", ("fake",))
    monkeypatch.setattr(parts, "import_module", lambda _: SimpleNamespace(run=run))
    monkeypatch.setattr(__main__, "PARTS", ("fake",))
    monkeypatch.setattr(machine, "busy_cores", lambda _: 0.0)
    return asked


def test_examples() -> None:
    result = doctest.testmod(results)
    assert result.attempted > 0
    assert result.failed == 0


def test_what_was_written_is_read(tmp_path: Path) -> None:
    part = Part("one", {"a": 1.5}, {"t": [{"x": 1, "name": "ours"}]}, {"kernel": "6"})

    results.write(part, tmp_path)

    assert results.read("one", tmp_path) == part


def test_latest_merges_the_parts_and_replaces_a_part_measured_again(tmp_path: Path) -> None:
    results.write(Part("one", {"a": 1.0, "gone": 2.0}), tmp_path)
    results.write(Part("two", {"b": 2.0}, {"t": [{"x": 1}]}, {"rounds": 5}), tmp_path)
    results.write(Part("one", {"a": 3.0}), tmp_path)

    latest = json.loads((tmp_path / results.LATEST).read_text())

    assert latest == {
        "ratios": {"a": 3.0, "b": 2.0},
        "medians": {"one": {}, "two": {"t": [{"x": 1}]}},
        "conditions": {"one": {}, "two": {"rounds": 5}},
    }


def test_a_ratio_belongs_to_one_part(tmp_path: Path) -> None:
    results.write(Part("one", {"a": 1.0}), tmp_path)

    with pytest.raises(ValueError, match="two: another part reports a too"):
        results.write(Part("two", {"a": 1.0}), tmp_path)

    assert not (tmp_path / "two.json").exists()


def test_a_run_keeps_its_parts_with_the_conditions(measured: list[Options], tmp_path: Path) -> None:
    assert __main__.main(["fake", "--rounds", "7", "--folder", str(tmp_path)]) == 0

    part = results.read("fake", tmp_path)
    assert measured == [Options(rounds=7, folder=tmp_path)]
    assert part.ratios == {"ours/naive zipf": 90.0}
    assert {
        "date", "cpu", "cores", "memory_gib", "kernel", "python", "kafka", "valkey", "libraries",
        "load", "busy_cores", "quiet", "rounds", "short", "pinned",
    } == set(part.conditions)  # fmt: skip
    assert part.conditions["rounds"] == 7
    assert part.conditions["quiet"] is True
    assert part.conditions["kafka"].startswith("4.")
    assert part.conditions["valkey"].startswith("9.")


def test_a_wrong_end_state_is_kept_told_and_exit_status_1(
    measured: list[Options],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(RIGHT, "wrong", "player_001 has 5, expected 7")

    assert __main__.main(["--folder", str(tmp_path)]) == 1

    assert "fake, table: ours: player_001 has 5, expected 7" in capsys.readouterr().err
    assert results.read("fake", tmp_path).tables["table"][0]["wrong"]


def test_a_busy_machine_is_refused(
    measured: list[Options],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(machine, "busy_cores", lambda _: 0.5)

    assert __main__.main(["fake", "--folder", str(tmp_path)]) == 2

    assert "other programs use 0.50 cores, expected at most 0.15" in capsys.readouterr().err
    assert measured == []
    assert list(tmp_path.iterdir()) == []


def test_measured_anyway_is_marked(
    measured: list[Options], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "busy_cores", lambda _: 0.5)

    assert __main__.main(["fake", "--anyway", "--folder", str(tmp_path)]) == 0

    assert results.read("fake", tmp_path).conditions["quiet"] is False


def test_an_unknown_part_is_wrong_use(
    measured: list[Options], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["fake", "other", "--folder", str(tmp_path)]) == 2

    assert "no part 'other'; there are fake" in capsys.readouterr().err
    assert measured == []


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_another_process_at_work_is_seen() -> None:
    other = multiprocessing.get_context("spawn").Process(target=burn, args=(600.0,))
    other.start()
    try:
        deadline = time.monotonic() + 60
        while machine.busy_cores(1.0) < 0.3:
            assert time.monotonic() < deadline, "a busy process was not seen"
    finally:
        other.kill()
        other.join()


def test_every_target_has_a_name_of_its_own_and_a_part() -> None:
    assert len(BY_NAME) == len(TARGETS)
    assert BY_NAME["ours/faust"].met(6.0) is True
    assert BY_NAME["5M/10k players"].met(2.1) is False
    assert Target("x", "reported only", "scale").met(2.1) is None
    assert {target.part for target in TARGETS} >= {"throughput", "boards"}
