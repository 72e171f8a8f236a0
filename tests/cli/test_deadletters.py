"""Dead letters by commands: listed with what they are, replayed once."""

import base64
import json

from leaderboard.model.wire import Wire, avro_header_encoder
from leaderboard.pipeline.schemas import known
from leaderboard.settings import Settings
from tests.cli.commands import run
from tests.pipeline.pipes import Pipe

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
    again = run(settings, "deadletters", "replay")
    assert "0 dead letters replayed" in again.stdout
    assert "3 were replayed before" in again.stdout

    assert run(settings, "process", "--drain", "--show-every", "0").returncode == 0
    verified = run(settings, "verify")
    assert "3 applied + 0 duplicates + 4 dead letters" in verified.stdout
    assert verified.returncode == 0


def test_no_letters(settings: Settings):
    assert run(settings, "process", "--drain").returncode == 0
    assert "0 dead letters replayed" in run(settings, "deadletters", "replay").stdout
