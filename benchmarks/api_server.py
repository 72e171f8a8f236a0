"""The API as `leaderboard serve` runs it, plus two routes to compare it with.

Says its address, then answers lines with its CPU time and the number of pushes. The two routes
come first, so that neither pays for looking through ours.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Final, cast

from fastapi import Response
from fastapi.routing import APIRoute
from redis.asyncio import Redis

from benchmarks.answering import answer_lines, say
from leaderboard.api import create_app, listen, live, make_server
from leaderboard.api.models import Counts, Leaderboard, RankedPlayer
from leaderboard.api.server import url_of
from leaderboard.api.services import Services
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

NO_OP: Final = "/bench/no-op"
TWO_READS: Final = "/bench/two-reads"


def main(hurry: float) -> None:
    """Serve until SIGTERM; `hurry` is how many times as often as usual clients are pushed to."""
    settings = Settings.load()
    live.PUSH_EVERY_S /= hurry
    live.POLL_EVERY_S /= hurry
    live.SEND_TIMEOUT_S /= hurry
    app = create_app(settings, redis_url=settings.redis, kafka=settings.kafka)
    app.router.routes[:0] = [no_op_route(), two_reads_route(settings)]
    services: Services = app.state.services
    sock = listen("127.0.0.1", 0)
    say(url_of(sock))
    answer_lines(lambda: services.hub.pushes, lambda: services.hub.clients)
    make_server(app).run(sockets=[sock])


def no_op_route() -> APIRoute:
    """The least a FastAPI route can do: it returns an answer that is made already."""

    async def no_op() -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    return APIRoute(NO_OP, no_op, methods=["GET"])


def two_reads_route(settings: Settings) -> APIRoute:
    """The usual design: read the board, read the counts, let a model make JSON of them.

    It shows ids for names: those would be a third read.
    """
    keys = Keys(settings.key_prefix)
    redis: Redis = Redis.from_url(settings.redis, decode_responses=True)

    async def two_reads(top: int = 10) -> Leaderboard:
        found = await redis.zrevrange(keys.board, 0, top - 1, withscores=True)
        best = cast("list[tuple[str, float]]", found)
        counts = await redis.hgetall(keys.counts)
        rows = [
            RankedPlayer(
                rank=rank, player_id=str(player), player_name=str(player), score=int(score)
            )
            for rank, (player, score) in enumerate(best, start=1)
        ]
        return Leaderboard(
            updated_at=datetime.now(UTC),
            total_players=len(rows),
            counts=Counts.model_validate(counts),
            top_players=rows,
        )

    return APIRoute(TWO_READS, two_reads, methods=["GET"], response_model=Leaderboard)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 1.0)
