"""One example for every answer, shown in `/docs`; a test validates each against its model."""

from typing import Any

LEADERBOARD: dict[str, Any] = {
    "updated_at": "2026-01-01T12:00:05.250000Z",
    "total_players": 2,
    "counts": {"applied": 41, "duplicates": 1, "dead_letters": 0},
    "top_players": [
        {"rank": 1, "player_id": "player_007", "player_name": "NightHawk", "score": 1250},
        {"rank": 2, "player_id": "player_003", "player_name": "IronWolf", "score": 900},
    ],
}

ACHIEVEMENTS: list[dict[str, Any]] = [
    {
        "timestamp": "2026-01-01T12:00:04.125000Z",
        "event_id": "6f1c7d8e-0000-4000-8000-000000000001",
        "player_id": "player_007",
        "player": "NightHawk",
        "achievement": "Unstoppable",
        "rarity": "rare",
    }
]

_MATCHES: dict[str, Any] = {
    "matches": 10, "wins": 8, "losses": 1, "draws": 1, "kills": 42, "deaths": 12, "assists": 18,
    "kda": 5.0, "win_rate": 0.8, "win_rate_low": 0.4901624715366023,
    "win_rate_high": 0.9433178485456247, "current_streak": 2, "best_streak": 5,
}  # fmt: skip

PLAYER: dict[str, Any] = {
    "player_id": "player_007",
    "player_name": "NightHawk",
    "rank": 1,
    "total_score": 1250,
    "events_count": 14,
    "games_joined": 3,
    "last_active": "2026-01-01T12:00:04.125000Z",
    "actions": {"kill": 8, "headshot": 3},
    "matches": _MATCHES,
    "matches_by_game": {"game_alpha": _MATCHES},
}

UPDATE: dict[str, Any] = {
    "type": "leaderboard_update",
    "data": {"leaderboard": LEADERBOARD, "recent_achievements": ACHIEVEMENTS},
}

STATUS: dict[str, Any] = {
    "type": "service_status",
    "data": {"available": False, "reason": "cannot read from Redis: connection refused"},
}

HEALTH: dict[str, Any] = {"status": "ok"}

PIPELINE: dict[str, Any] = {
    "read_at": "2026-01-01T12:00:05.250000Z",
    "topics": [
        {
            "name": "game-events",
            "partitions": [
                {
                    "partition": 0,
                    "begin": 0,
                    "end": 42,
                    "committed": 40,
                    "committed_lag": 2,
                    "stored": 42,
                    "stored_lag": 0,
                }
            ],
        }
    ],
    "group": {
        "name": "leaderboard-processor",
        "state": "Stable",
        "members": [
            {
                "member_id": "processor-4711-8c1e",
                "client_id": "processor-4711",
                "host": "/127.0.0.1",
                "partitions": {"game-events": [0]},
            }
        ],
    },
    "topic": "game-events",
    "records": [
        {
            "partition": 0,
            "offset": 41,
            "timestamp": "2026-01-01T12:00:05.100000Z",
            "key": "player_007",
            "value": '{\n  "event_type": "player_scored"\n}',
            "headers": {},
        }
    ],
    "redis_problem": "",
}
