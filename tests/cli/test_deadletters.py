"""Dead letters by commands: listed with what they are, replayed once."""

import base64
import json
import re

from leaderboard.model.wire import Wire, avro_header_encoder
from leaderboard.pipeline.deadletter import KEPT_BYTES
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.schemas import known
from leaderboard.settings import Settings
from tests.cli.commands import run
from tests.pipeline.pipes import Pipe
from tests.pipeline.test_large_records import (
    NOISE,
    SMALL_LIMIT,
    letters_of_at_most,
    send_compressed,
)

OLD = Wire(known().up_to(1))
"""A program that knows the first version alone."""


def test_list_and_replay(settings: Settings):
    """A letter that an older program could not read, and one that nobody can."""
    newest = known().newest
    pipe = Pipe(settings)
    try:
        pipe.send(pipe.events(3), avro_header_encoder(newest, newest.id))
        pipe.send_raw(b"junk")
        pipe.drain(wire=OLD)
    finally:
        pipe.close()
    listed = run(settings, "deadletters", "list")
    assert "4 dead letters" in listed.stdout
    lines = run(settings, "deadletters", "list", "--json").stdout.splitlines()
    letters = [json.loads(line) for line in lines]
    header = ["schema-id", base64.b64encode(str(newest.id).encode()).decode()]
    assert sorted(letter["headers"] for letter in letters) == [[], [header], [header], [header]]

    passed = run(settings, "deadletters", "replay", "--reason", "no such reason")
    assert "0 dead letters replayed" in passed.stdout
    done = run(settings, "deadletters", "replay")
    assert (done.returncode, "3 dead letters replayed" in done.stdout) == (0, True)
    assert "still bad: 1 x JSON is malformed" in done.stdout
    waiting = run(settings, "deadletters", "list", "--waiting")
    assert "1 dead letters" in waiting.stdout
    again = run(settings, "deadletters", "replay")
    assert "0 dead letters replayed" in again.stdout
    assert "3 were replayed before" in again.stdout

    assert run(settings, "process", "--drain", "--show-every", "0").returncode == 0
    verified = run(settings, "verify")
    assert "3 applied + 0 duplicates + 4 dead letters" in verified.stdout
    assert verified.returncode == 0


def test_one_letter_with_everything_in_it(settings: Settings):
    """Readable, in hex and in base64; chosen by where the record stood."""
    junk = b"\xff\xfe junk of more than sixteen bytes"
    pipe = Pipe(settings.with_(partitions=1))
    try:
        with Producer(settings.kafka, settings.topic) as producer:
            producer.send_raw(junk, b"player_001", [("trace", b"abc")])
        pipe.send_raw(None)
        pipe.send_raw(b"junk", key=None)
        pipe.drain()
    finally:
        pipe.close()
    place = f"{settings.topic}[0]@0"
    shown = run(settings, "deadletters", "show", place)
    assert shown.returncode == 0
    for expected in (
        f"{place}, kept in {settings.dead_letter_topic}", "reason    ", "key       player_001",
        "header    trace: abc", f"value     {len(junk)} bytes", r"\xff\xfe junk of more",
        "00000000  ff fe 20 6a 75 6e 6b", "00000010  ", base64.b64encode(junk).decode(),
    ):  # fmt: skip
        assert expected in shown.stdout
    assert re.search(r"time +20\d\d-\d\d-\d\dT[\d:.]+\+00:00", shown.stdout)
    (line,) = run(settings, "deadletters", "show", place, "--json").stdout.splitlines()
    assert base64.b64decode(json.loads(line)["value"]) == junk
    null = run(settings, "deadletters", "show", f"{settings.topic}[0]@1").stdout
    assert "value     null" in null
    assert "key       null" in run(settings, "deadletters", "show", f"{settings.topic}[0]@2").stdout
    for wrong, says in ((f"{settings.topic}[0]@7", "no letter of"), ("junk", "expected topic[")):
        refused = run(settings, "deadletters", "show", wrong)
        assert (refused.returncode, says in refused.stderr) == (2, True)
    newest = run(settings, "deadletters", "list", "--json", "-n", "2").stdout.splitlines()
    assert [json.loads(letter)["offset"] for letter in newest] == [1, 2]
    reason = json.loads(newest[0])["error"]
    assert "1 dead letters" in run(settings, "deadletters", "list", "--reason", reason).stdout


def test_a_cut_letter_says_so(settings: Settings):
    """Too large for its topic: the start is shown, and where the rest is."""
    letters_of_at_most(settings, SMALL_LIMIT)
    pipe = Pipe(settings.with_(partitions=1))
    try:
        send_compressed(pipe, b"junk" + NOISE, [("trace", b"abc")])
        pipe.drain()
        pipe.delete_records()
    finally:
        pipe.close()
    place, size = f"{settings.topic}[0]@0", len(NOISE) + 4
    listed = "".join(run(settings, "deadletters", "list").stdout.split())
    assert f"cut,{size}bytes" in re.sub("[^a-z0-9,]", "", listed)
    (line,) = run(settings, "deadletters", "list", "--json").stdout.splitlines()
    assert json.loads(line)["truncated"] == size
    shown = run(settings, "deadletters", "show", place).stdout
    assert f"the log has all of it at {place}" in shown
    assert f"value     {KEPT_BYTES} of {size} bytes" in shown
    done = run(settings, "deadletters", "replay")
    assert "still bad: 1 x only its start was kept" in done.stdout


def test_no_letters(settings: Settings):
    assert run(settings, "process", "--drain").returncode == 0
    assert "0 dead letters replayed" in run(settings, "deadletters", "replay").stdout


def test_before_anything_was_produced_there_are_none_yet(settings: Settings):
    for command in (("list",), ("list", "--json"), ("replay",)):
        said = run(settings, "deadletters", *command)
        assert (said.returncode, said.stdout) == (0, "")
        assert said.stderr.startswith("no dead letters yet: nothing was produced or processed")
    missing = run(settings, "deadletters", "show", f"{settings.topic}[0]@0")
    assert (missing.returncode, "no letter of" in missing.stderr) == (2, True)
