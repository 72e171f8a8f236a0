"""What any registry must let us do: the same tests for the stub and for a real one."""

import json

import httpx
import pytest

from leaderboard.errors import RegistryError
from leaderboard.model.avro import Schema, Unknown
from leaderboard.model.events import BadRecord
from leaderboard.model.wire import PREFIX_BYTES, Wire, avro_encoder
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.registry import CONTENT_TYPE, Registry
from leaderboard.pipeline.schemas import encoder_of, known, wire_of
from leaderboard.settings import Settings
from tests.cli.commands import run
from tests.pipeline.pipes import Pipe
from tests.pipeline.test_schemas import V3

NEWEST = known().newest


class Contract:
    """Inherit, and give a fixture `registry_url`: an address where the protocol is spoken."""

    @pytest.fixture
    def pipe(self, settings: Settings, registry_url: str):
        pipe = Pipe(settings.with_(schema_registry=registry_url, event_format="avro"))
        yield pipe
        pipe.close()

    @pytest.fixture
    def subject(self, settings: Settings) -> str:
        """A subject that no other test has, with a character that paths must escape."""
        return f"{settings.topic}/value"

    def test_a_schema_gets_one_id_and_is_found_by_it(self, registry_url: str, subject: str):
        with Registry(registry_url, known()) as registry:
            first, second = (registry.id_of(v, subject) for v in known().versions.values())
            assert registry.id_of(NEWEST, subject) == second != first
        with Registry(registry_url, known()) as another:
            assert another.find(second) is NEWEST
            assert another.find(first) is known().versions[1]

    def test_an_id_nobody_gave_and_a_schema_of_something_else(
        self, registry_url: str, subject: str
    ):
        with Registry(registry_url, known()) as registry:
            nobody = registry.find(1_999_999_999)
            assert isinstance(nobody, Unknown)
            assert nobody.reason == "Unknown schema id 1999999999: the registry has none"
            number = registry.id_of(V3, subject)
            other = registry.find(number)
            assert isinstance(other, Unknown)
            assert f"Unknown schema id {number}: it is none of those known" in other.reason

    def test_ids_of_our_own_stay_what_they_are(self, registry_url: str):
        with Registry(registry_url, known()) as registry:
            assert registry.find(NEWEST.id) is NEWEST

    def test_an_incompatible_schema_is_refused_with_its_reason(
        self, registry_url: str, subject: str
    ):
        with Registry(registry_url, known()) as registry:
            registry.id_of(NEWEST, subject)
            asked = httpx.put(
                f"{registry_url}/config/{subject.replace('/', '%2F')}",
                headers={"Content-Type": CONTENT_TYPE},
                content=json.dumps({"compatibility": "BACKWARD"}),
            )
            assert asked.is_success
            narrower = Schema(9, json.dumps(json.loads(NEWEST.text)[:1]), "", {})
            with pytest.raises(RegistryError, match="409"):
                registry.id_of(narrower, subject)

    def test_the_pipeline_by_commands(self, pipe: Pipe):
        """Producer, processor and verifier each ask the registry for themselves."""
        for name in ("avro", "avro-header", "json"):
            settings = pipe.settings.with_(event_format=name)
            sent = run(settings, "produce", "--events", "50", "--rate", "0")
            assert sent.returncode == 0, sent.stderr
        processed = run(pipe.settings, "process", "--drain", "--show-every", "0")
        assert processed.returncode == 0, processed.stderr
        verified = run(pipe.settings, "verify")
        assert (verified.returncode, "150 applied + 0 dupl" in verified.stdout) == (0, True)
        ids = {
            int.from_bytes(record.value[1:PREFIX_BYTES])
            for record in read_log(pipe.settings.kafka, pipe.settings.topic)
            if record.value[:1] == b"\0" and not record.headers
        }
        with Registry(pipe.settings.schema_registry, known()) as registry:
            assert [registry.find(number) for number in ids] == [NEWEST]
        assert ids != {NEWEST.id}

    def test_what_the_registry_does_not_know_is_a_dead_letter(self, pipe: Pipe):
        events = pipe.events(30)
        pipe.send(events[:10], encoder_of(pipe.settings))
        pipe.send(events[10:20], avro_encoder(NEWEST, 1_999_999_999))
        pipe.send(events[20:])
        wire = wire_of(pipe.settings)
        pipe.drain(wire=wire)
        report = pipe.assert_right(30, wire=wire)
        assert (report.applied, report.dead_letters) == (20, 10)
        assert {"the registry has none" in letter.error for letter in pipe.letters()} == {True}

    def test_records_counted_before_there_was_a_registry(self, pipe: Pipe):
        """Their ids are our own; and what no program could read then stays a dead letter."""
        with Registry(pipe.settings.schema_registry, known()) as registry:
            number = registry.id_of(NEWEST, f"{pipe.settings.topic}-value")
        events = pipe.events(30)
        pipe.send(events[:10], avro_encoder(NEWEST, NEWEST.id))
        pipe.send(events[10:20], avro_encoder(NEWEST, number))
        pipe.drain()
        wire = wire_of(pipe.settings)
        assert not isinstance(wire.decode(avro_encoder(NEWEST, number)(events[0])[0]), BadRecord)
        pipe.send(events[20:], avro_encoder(NEWEST, number))
        pipe.drain(wire=wire)
        report = pipe.assert_right(30, wire=wire)
        assert (report.applied, report.dead_letters) == (20, 10)
        assert isinstance(
            Wire(known()).decode(avro_encoder(NEWEST, number)(events[0])[0]), BadRecord
        )
