"""Board definitions: what is declared, and that each wrong one is refused with its reason."""

import msgspec
import pytest

from leaderboard.model.boards import DEFAULTS, definitions, parse


def toml(**fields: object) -> str:
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in fields.items()]
    return "[[board]]\n" + "\n".join(lines)


def test_nine_boards_are_built_in():
    assert [b.name for b in DEFAULTS] == [
        "global", "hourly", "daily", "weekly", "monthly", "game", "kda", "win_rate", "streak",
    ]  # fmt: skip


def test_declared_boards_are_read_back_whole():
    text = "\n".join(
        toml(**{k: v for k, v in msgspec.to_builtins(b).items() if v is not None})
        for b in DEFAULTS[1:]
    )
    assert parse(text) == DEFAULTS[1:]


def test_definitions_do_not_depend_on_their_order_but_on_every_field():
    assert definitions(DEFAULTS) == definitions(DEFAULTS[::-1])
    changed = (msgspec.structs.replace(DEFAULTS[1], keep=7), *DEFAULTS[2:])
    assert definitions(changed) != definitions(DEFAULTS[1:])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "Big"}, "name"), ({"name": "a-b"}, "name"), ({"name": "x" * 41}, "name"),
        ({"name": "on_time"}, "reserved"), ({"name": "global"}, "always there"),
        ({"metric": "luck"}, "'b'.*luck"), ({"colour": "red"}, "'b'.*colour"),
        ({"metric": "kda", "operator": "best"}, "operator"),
        ({"metric": "streak", "min_score": 1}, "min_score"), ({"min_games": 3}, "min_games"),
        ({"metric": "kda", "min_games": -1}, "min_games"), ({"keep": 0}, "keep"),
        ({"min_score": 5, "max_score": 4}, "above"), ({"operator": "best", "order": "asc"}, "min"),
        ({"window": "daily", "zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"window": "daily", "zone": "../../etc/passwd"}, "zone"),
        ({"zone": "Europe/Berlin"}, "zone"), ({"window": "fixed"}, "size_s"),
        ({"window": "daily", "size_s": 5}, "size_s"),
        ({"window": "sliding", "size_s": 60}, "every_s"),
        ({"window": "sliding", "size_s": 60, "every_s": 61}, "every_s"),
        ({"window": "sliding", "size_s": 1000, "every_s": 1}, "100 windows"),
        ({"window": "session"}, "gap_s"), ({"gap_s": 5}, "gap_s"),
        ({"window": "session", "gap_s": 5, "operator": "last"}, "session"),
        ({"window": "session", "gap_s": 5, "tie_break": "first"}, "tie_break"),
        ({"window": "session", "gap_s": 5, "order": "asc"}, "order"),
        ({"lateness_s": 5}, "late"), ({"window": "daily", "lateness_s": -1}, "lateness_s"),
        ({"metric": "achievements", "scope": "game"}, "no game"), ({"keep": 1.5}, "keep"),
    ],
)  # fmt: skip
def test_wrong_definitions_are_refused_with_the_board_and_the_reason(
    fields: dict[str, object], problem: str
):
    with pytest.raises(ValueError, match=problem) as refusal:
        parse(toml(**{"name": "b"} | fields))
    assert f"'{fields.get('name', 'b')}'" in str(refusal.value)


def test_one_name_declares_one_board():
    with pytest.raises(ValueError, match="'b' is declared 2 times"):
        parse(toml(name="b") + "\n" + toml(name="b"))


def test_there_are_not_more_boards_than_one_call_can_carry():
    with pytest.raises(ValueError, match="50 boards"):
        parse("\n".join(toml(name=f"b{i}") for i in range(50)))


def test_a_board_needs_a_name():
    with pytest.raises(ValueError, match=r"number 1.*name"):
        parse('[[board]]\nmetric = "kills"')
