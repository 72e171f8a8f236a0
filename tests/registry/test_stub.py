"""The registry contract on the stub, and what only a stub lets happen: it breaks, it goes away."""

from collections.abc import Iterator

import pytest

from leaderboard.errors import RegistryError, ServersError
from leaderboard.model.avro import Unknown
from leaderboard.pipeline.readable import readable_value
from leaderboard.pipeline.registry import MOST_UNKNOWN, UNKNOWN_KEPT_S, Registry
from leaderboard.pipeline.schemas import encoder_of, known, wire_of
from tests.cli.commands import run
from tests.pipeline.pipes import Pipe
from tests.registry.contract import NEWEST, Contract
from tests.registry.stub import Stub
from tests.waiting import until


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub().start()
    yield stub
    stub.stop()


class TestStub(Contract):
    @pytest.fixture
    def registry_url(self, stub: Stub) -> str:
        return stub.url

    def test_a_registry_that_goes_away_is_waited_for(
        self, pipe: Pipe, stub: Stub, caplog: pytest.LogCaptureFixture
    ):
        """Loudly, and without one dead letter: the network is no reason to refuse a record."""
        pipe.send(pipe.events(20), encoder_of(pipe.settings))
        stub.stop()
        with pipe.running(wire=wire_of(pipe.settings)) as processor:
            until(lambda: f"no schema registry answers at {stub.url}" in caplog.text)
            assert processor.totals.records == 0
            stub.start()
            until(lambda: processor.totals.applied == 20)
        report = pipe.assert_right(20, wire=wire_of(pipe.settings))
        assert (report.dead_letters, pipe.letters()) == (0, [])
        assert "trying again" in caplog.text

    @pytest.mark.parametrize(
        "broken",
        [(500, '{"error_code": 50001}'), (404, "<html>"), (404, '{"error_code": 404}'), (200, "ok"),
         (200, "[]"), (401, '{"error_code": 40101}'), (429, "slow down")],
    )  # fmt: skip
    def test_nonsense_is_an_error_and_no_verdict(
        self, stub: Stub, subject: str, broken: tuple[int, str]
    ):
        with Registry(stub.url, known()) as registry:
            stub.broken = broken
            with pytest.raises(
                RegistryError, match=rf"GET {stub.url}/schemas/ids/1: .*{broken[0]}"
            ):
                registry.find(1)
            with pytest.raises(RegistryError, match="LEADERBOARD_SCHEMA_REGISTRY right"):
                registry.id_of(NEWEST, subject)
            stub.broken = None
            assert registry.find(registry.id_of(NEWEST, subject)) is NEWEST

    def test_an_id_is_asked_for_once_and_an_unknown_one_again_later(self, stub: Stub, subject: str):
        now = [0.0]
        with Registry(stub.url, known(), clock=lambda: now[0]) as registry:
            assert isinstance(registry.find(1), Unknown)
            assert isinstance(registry.find(1), Unknown)
            assert stub.asked["GET /schemas/ids/1"] == 1
            assert registry.id_of(NEWEST, subject) == 1
            now[0] = UNKNOWN_KEPT_S
            for _ in range(3):
                assert registry.find(1) is NEWEST
            assert stub.asked["GET /schemas/ids/1"] == 2

    def test_unknown_ids_do_not_pile_up(self, stub: Stub):
        with Registry(stub.url, known()) as registry:
            registry._unknown.update(dict.fromkeys(range(2, MOST_UNKNOWN + 2), (0.0, Unknown(""))))
            registry.find(1)
            assert len(registry._unknown) == 1

    def test_away_at_the_start_is_one_line_and_status_1(self, pipe: Pipe, stub: Stub):
        stub.stop()
        away = run(pipe.settings, "produce", "--events", "1")
        assert (away.returncode, "no schema registry answers" in away.stderr) == (1, True)
        assert "Traceback" not in away.stderr
        pipe.send(pipe.events(1), avro_of(pipe))
        pipe.drain(wire=None)
        assert run(pipe.settings, "verify").returncode == 0, "our own ids need no registry"

    def test_without_it_a_record_is_shown_as_bytes(self, pipe: Pipe, stub: Stub):
        value, headers = encoder_of(pipe.settings)(pipe.events(1)[0])
        shown = readable_value(value, headers, wire_of(pipe.settings))
        assert shown is not None
        assert shown.startswith('Avro, schema 1:\n{\n  "event_type"')
        stub.stop()
        blind = readable_value(value, headers, wire_of(pipe.settings))
        assert blind is not None
        assert blind.startswith("\0\0\0\0\1")


def avro_of(pipe: Pipe):
    return encoder_of(pipe.settings.with_(schema_registry=""))


def test_a_registry_error_is_one_to_wait_for():
    assert issubclass(RegistryError, ServersError)
