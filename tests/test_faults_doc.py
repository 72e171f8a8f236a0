"""docs/faults.md is true: every test it names is there, and README names no others."""

import re
import shlex

from benchmarks.results import read
from leaderboard.settings import project_root
from tests.mixes.play import SEVERAL
from tests.mixes.schedule import KINDS
from tools import faults

ROOT = project_root()
PAGE = (ROOT / "docs/faults.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+)\. .* \| `([^`]+)` \|$", PAGE, re.MULTILINE)
README = (ROOT / "README.md").read_text("utf-8")


def test_each_fault_of_the_list_has_a_row():
    assert {int(number) for number, _ in ROWS} == set(range(1, 17))


def test_each_command_finds_tests():
    for _, command in ROWS:
        file, *rest = shlex.split(command.strip('"'))
        tests = re.findall(r"^(?:async )?def (test_\w+)", (ROOT / file).read_text(), re.MULTILINE)
        assert rest[:1] in ([], ["-k"]), command
        assert any((rest[1] if rest else "") in name for name in tests), command


def test_the_measured_mixes_lost_nothing():
    """That the page shows these figures is checked where all pages are."""
    tables = read("faults").tables
    assert tables["failed"] == []
    assert [row["seed"] for row in tables["seeds"]] == list(faults.SEEDS)
    every = {kind for kinds in KINDS.values() for kind in kinds} | {SEVERAL}
    assert {row["fault"] for row in tables["faults"]} == every


def test_readme_has_a_line_for_each_fault():
    table = README.split("\n## Faults\n")[1].split("\n## ")[0]
    commands = re.findall(r"^\| [^|]+ \| `make test ARGS=([^`]+)` \|$", table, re.MULTILINE)
    assert len(commands) >= 16
    assert set(commands) <= {command for _, command in ROWS}


def test_the_words_that_name_seeds():
    assert faults.seeds_of(["17"]) == [17]
    assert faults.seeds_of(["3", "7-9"]) == [3, 7, 8, 9]
