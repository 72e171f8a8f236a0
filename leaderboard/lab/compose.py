"""A sample of what was read from the servers and what the stages have said."""

from leaderboard.lab.crew import Crew
from leaderboard.lab.monitor import Reading
from leaderboard.lab.sample import Sample
from leaderboard.lab.wishes import Wishes


def compose(
    reading: Reading, crew: Crew, wishes: Wishes, *, t_s: float, apply_rate: float
) -> Sample:
    """The pipeline at `t_s` seconds; `apply_rate` in events per second."""
    producer, api = crew.stage("producer"), crew.stage("api")
    sending = producer is not None and producer.alive
    return Sample(
        t_s=t_s,
        target_rate=float(wishes.rate),
        sent=crew.sent,
        send_rate=producer.metrics.get("rate", 0.0) if producer and sending else 0.0,
        applied=reading.counts.get("applied", 0),
        duplicates=reading.counts.get("duplicates", 0),
        dead_letters=reading.counts.get("dead_letters", 0),
        apply_rate=apply_rate,
        end=reading.end,
        stored=reading.stored,
        owners=reading.owners,
        total_players=reading.total_players,
        top=reading.top,
        unlocked=reading.unlocked,
        clients=api.metrics.get("clients", 0) if api else 0,
        stages=crew.states,
    )
