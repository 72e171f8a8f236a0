"""The producer's command."""

import json
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import typer
from prometheus_client import CollectorRegistry
from tqdm.auto import tqdm

from leaderboard import stack
from leaderboard.cli.exposing import LOCAL, MetricsHost, MetricsPort
from leaderboard.cli.signals import on_stop_signal
from leaderboard.errors import SettingsError
from leaderboard.model.simulate import MIX, Profile, Simulator
from leaderboard.pipeline.control import Control
from leaderboard.pipeline.exposition import exposed
from leaderboard.pipeline.load import Load, Stamps, run_load
from leaderboard.pipeline.metrics import ACK_DURATION, ProducerMetrics
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.schemas import encoder_of
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings

MOST_STEP_S = 1e12
"""Between events with --start: more than all the years there are, and what a time can hold."""


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command()(produce)


def produce(
    rate: Annotated[float, typer.Option(help="events per second; 0: as fast as it can")] = 5.0,
    events: Annotated[int | None, typer.Option(min=0, help="stop after this many")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="stop after this time")] = None,
    seed: Annotated[int | None, typer.Option(help="same seed: same players do the same")] = None,
    players: Annotated[int, typer.Option(help="how many players take part")] = 100,
    skew: Annotated[float, typer.Option(help="Zipf exponent: 0 uniform, 1 typical")] = 0.5,
    mix: Annotated[str, typer.Option(help="weights by event type, as JSON")] = json.dumps(MIX),
    start: Annotated[
        datetime | None,
        typer.Option(help="first event's time, UTC; with --seed the very bytes repeat"),
    ] = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = LOCAL,
    control: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Simulate players and publish their events to Kafka.

    Example: leaderboard produce --rate 50 --seconds 30
    """
    load = _load(rate, players, skew, mix)
    settings = Settings.load()
    first = start.replace(tzinfo=UTC) if start else None
    stamps = _stamps(first, rate)
    seed = secrets.randbits(32) if seed is None else seed
    simulator = Simulator(seed, first or datetime.now(UTC), load.profile)
    on_stop_signal(lambda: load.command({"stop": True}))
    registry = CollectorRegistry()
    on_ack = ACK_DURATION.histogram(registry).observe
    with exposed(registry, metrics_host, metrics_port):
        servers = stack.connect(settings)
        ensure_topics(settings, servers.kafka)
        watch = _controlled(load) if control else _progress(events, settings.topic)
        with Producer(
            servers.kafka,
            settings.topic,
            throughput=rate == 0,
            encode=encoder_of(settings),
            on_ack=on_ack,
        ) as producer:
            ProducerMetrics(producer, load, registry)
            sent = run_load(
                producer, simulator, load, stamps, events=events, seconds=seconds, on_metrics=watch
            )
    if not control:
        sys.stdout.write(f"{sent} events acknowledged by Kafka in topic {settings.topic}\n")


def _load(rate: float, players: int, skew: float, mix: str) -> Load:
    try:
        return Load(rate, Profile(players=players, skew=skew, mix=_mix(mix)))
    except ValueError as error:
        raise SettingsError(f"produce --{error}") from error


def _mix(text: str) -> dict[str, float]:
    try:
        return msgspec.json.decode(text, type=dict[str, float])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ValueError(
            f"mix: expected a JSON object, a weight for each event type, such as "
            f"{json.dumps(MIX)}; got {text!r}: {error}"
        ) from error


def _stamps(first: datetime | None, rate: float) -> Stamps:
    step_s = min(1 / rate, MOST_STEP_S) if rate else 0.001
    try:
        return Stamps(first, timedelta(seconds=step_s))
    except ValueError as error:
        raise SettingsError(f"produce --{error}") from error


def _controlled(load: Load) -> Callable[[dict[str, Any]], None]:
    channel = Control(load.command, lambda: load.command({"stop": True}))
    channel.start()
    channel.emit({"type": "ready"})
    return lambda metrics: channel.emit({"type": "metrics", **metrics})


def _progress(events: int | None, topic: str) -> Callable[[dict[str, Any]], None]:
    bar = tqdm(total=events, unit=" events", unit_scale=True, desc=topic)
    return lambda metrics: _advance(bar, metrics["sent"])


def _advance(bar: "tqdm[Any]", count: int) -> None:
    bar.update(count - bar.n)
    bar.refresh()
