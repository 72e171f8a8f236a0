"""What one schema version can read of another, and the folder they come from."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderboard.errors import SchemaError
from leaderboard.model.avro import Schemas, parse
from leaderboard.pipeline.compatibility import Step, obstacles, steps
from leaderboard.pipeline.schemas import FOLDER, declared, known, load
from tests.cli.commands import run

OLD: list[dict[str, Any]] = json.loads(known().newest.text)
Change = Callable[[list[dict[str, Any]]], object]


def changed(change: Change) -> str:
    union = copy.deepcopy(OLD)
    change(union)
    return json.dumps(union)


def points(kind: object) -> Change:
    return lambda union: union[0]["fields"][4].update(type=kind)


def field(**more: object) -> Change:
    return lambda union: union[0]["fields"].append({"name": "region", "type": "string", **more})


@pytest.mark.parametrize(
    ("change", "backward", "forward"),
    [
        (lambda union: None, "", ""),
        (lambda union: union[0].update(doc="other words"), "", ""),
        (lambda union: union.reverse(), "", ""),
        (field(default=""), "", ""),
        (field(), "PlayerScored: reader field missing default value: region", ""),
        (lambda u: u[0]["fields"].pop(4), "", "reader field missing default value: points"),
        (points("long"), "", "reader type: int not compatible with writer type: long"),
        (points("string"), "type mismatch", "type mismatch"),
        (points(["null", "int"]), "", "type mismatch"),
        (lambda u: u[0]["fields"][6]["type"]["symbols"].append("dance"), "",
         "PlayerScored: missing enum symbols: {'dance'}"),
        (lambda u: u[0]["fields"][6]["type"]["symbols"].remove("kill"),
         "PlayerScored: missing enum symbols: {'kill'}", ""),
        (lambda u: u.pop(1), "the reader has no PlayerJoined", ""),
        (lambda u: u[1].update(name="PlayerLeft"),
         "the reader has no PlayerJoined", "the reader has no PlayerLeft"),
    ],
)  # fmt: skip
def test_what_stands_against_reading(change: Change, backward: str, forward: str):
    """`backward`: the changed schema reads what the old one wrote."""
    old, new = json.dumps(OLD), changed(change)
    for found, says in ((obstacles(new, old), backward), (obstacles(old, new), forward)):
        assert len(found) == bool(says), found
        assert says in "".join(found)


@pytest.mark.parametrize(
    ("backward", "forward", "kept"),
    [
        ([], [], {"BACKWARD", "FORWARD", "FULL"}),
        ([], ["x"], {"BACKWARD"}),
        (["x"], [], {"FORWARD"}),
        (["x"], ["x"], set()),
    ],
)
def test_which_level_a_step_keeps(backward: list[str], forward: list[str], kept: set[str]):
    step = Step(1, 2, backward, forward)
    assert {level for level in ("BACKWARD", "FORWARD", "FULL") if step.keeps(level)} == kept  # type: ignore[arg-type]


def test_our_steps():
    assert steps(known()) == [Step(1, 2, [], ["the reader has no MatchFinished"])]
    assert steps(Schemas({1: known().versions[1]})) == []


def test_what_avro_takes_for_no_schema_is_named():
    twice = json.loads(known().newest.text)
    twice[1]["fields"].append(twice[1]["fields"][0])
    with pytest.raises(SchemaError, match="no Avro schema"):
        obstacles(json.dumps(twice), json.dumps(OLD))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of our versions, to be changed."""
    return shutil.copytree(FOLDER, tmp_path / "schemas")


def test_the_command_says_yes(folder: Path):
    told = run(None, "schemas", "check", "--folder", str(folder))
    assert (told.returncode, told.stderr) == (0, "")
    row = next(line for line in told.stdout.splitlines() if "v1 -> v2" in line)
    words = [cell.strip() for cell in row.strip("│").split("│")]
    assert words == ["v1 -> v2", "yes", "no: the reader has no MatchFinished", "no", "kept"]


def test_the_command_says_no_to_a_broken_promise(folder: Path):
    (folder / "v3.avsc").write_text(changed(field()))
    broken = run(None, "schemas", "check", "--folder", str(folder))
    assert broken.returncode == 1
    assert "v2 -> v3 is not BACKWARD: make v3 compatible" in broken.stderr
    (folder / "v3.avsc").write_text(changed(field(default="")))
    assert run(None, "schemas", "check", "--folder", str(folder)).returncode == 0
    (folder / "schemas.toml").write_text('compatibility = "FULL"')
    narrower = run(None, "schemas", "check", "--folder", str(folder))
    assert (narrower.returncode, "v1 -> v2 is not FULL" in narrower.stderr) == (1, True)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("v4.avsc", "[]", r"versions \[1, 2, 4\]"),
        ("v2.avsc", "{", "schema v2"),
        ("v2.avsc", '["int"]', "schema v2"),
    ],
)
def test_a_folder_that_is_not_right_is_named(folder: Path, name: str, text: str, says: str):
    (folder / name).write_text(text)
    with pytest.raises(SchemaError, match=says):
        load(folder)


def test_no_versions_at_all(tmp_path: Path):
    with pytest.raises(SchemaError, match=r"versions \[\]"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "compatibility = 1", 'compatibility = "SOME"', "="])
def test_a_declaration_that_is_none(folder: Path, text: str):
    (folder / "schemas.toml").write_text(text)
    with pytest.raises(SchemaError, match=r"schemas\.toml"):
        declared(folder)


def test_other_files_beside_the_versions_do_not_matter(folder: Path):
    (folder / "v01.avsc").write_text("")
    (folder / "v3.avsc.orig").write_text("")
    assert set(load(folder).versions) == {1, 2}


def test_ids_are_those_that_records_carry():
    assert [schema.id for schema in known().versions.values()] == [2_000_000_001, 2_000_000_002]
    assert parse(3, known().newest.text).id == 2_000_000_003


def test_the_list_names_them():
    told = run(None, "schemas", "list").stdout
    assert all(word in told for word in ("v2", "2000000002", "MatchFinished"))
