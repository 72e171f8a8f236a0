"""One example for every answer of the routes of boards; a test validates each."""

from typing import Any

_WINDOW: dict[str, Any] = {
    "label": "2026-11-25",
    "start": "2026-11-25T00:00:00Z",
    "end": "2026-11-26T00:00:00Z",
    "state": "open",
}
_YESTERDAY: dict[str, Any] = {
    "label": "2026-11-24",
    "start": "2026-11-24T00:00:00Z",
    "end": "2026-11-25T00:00:00Z",
    "state": "final",
}
_DAILY: dict[str, Any] = {
    "id": "daily:2026-11-25",
    "board": "daily",
    "game": "",
    "policy": "competition",
    "pane": "latest",
    "window": _WINDOW,
}
_WINS: dict[str, Any] = {
    "id": "win_rate", "board": "win_rate", "game": "", "policy": "ordinal", "pane": "latest",
    "window": None,
}  # fmt: skip
_RESETS = {"previous_reset": "2026-11-25T00:00:00Z", "next_reset": "2026-11-26T00:00:00Z"}
_CURSOR = "mKVkYWlseaoyMDI2LTExLTI1oKtjb21wZXRpdGlvbqZsYXRlc3SlYWZ0ZXLLQIwgAAAAAACqcGxheWVyXzAwMw"

PAGE: dict[str, Any] = {
    **_DAILY,
    **_RESETS,
    "total_players": 3,
    "count": 3,
    "rows": [
        {
            "rank": 1, "player_id": "player_007", "player_name": "NightHawk", "score": 1250,
            "own": False, "previous_rank": 4, "rate": None,
        },
        {
            "rank": 2, "player_id": "player_003", "player_name": "IronWolf", "score": 900,
            "own": True, "previous_rank": None, "rate": None,
        },
    ],
    "previous": "",
    "next": _CURSOR,
    "has_on_time": False,
}  # fmt: skip

_STANDING: dict[str, Any] = {
    "rank": 2, "position": 3, "score": 900, "total": 8, "percentile": 62.5, "top_percent": 25.0,
    "rate": None,
}  # fmt: skip
_RATE_STANDING: dict[str, Any] = {
    **_STANDING,
    "score": 0.8,
    "rate": {
        "numerator": 8, "denominator": 10, "matches": 10,
        "low": 0.4901624715366023, "high": 0.9433178485456247,
    },
}  # fmt: skip

FRIENDS: dict[str, Any] = {
    **_DAILY,
    "total_players": 8,
    "rows": [
        {
            "player_id": "player_003", "player_name": "IronWolf", "place": 1,
            "standing": _STANDING,
        },
        {"player_id": "player_999", "player_name": "player_999", "place": None, "standing": None},
    ],
}  # fmt: skip

RANKS: dict[str, Any] = {
    "player_id": "player_003",
    "ranks": [
        {**_DAILY, "standing": _STANDING, "previous_rank": 1},
        {**_WINS, "standing": _RATE_STANDING, "previous_rank": None},
    ],
}

HISTORY: dict[str, Any] = {
    "player_id": "player_003",
    "board": "daily",
    "game": "",
    "policy": "ordinal",
    "pane": "latest",
    "windows": [
        {"window": _YESTERDAY, "total_players": 5, "standing": None},
        {"window": _WINDOW, "total_players": 8, "standing": _STANDING},
    ],
}

COMBINED: dict[str, Any] = {
    "places": [
        {**_DAILY, "policy": "ordinal"},
        {**_DAILY, "policy": "ordinal", "id": "daily:2026-11-24", "window": _YESTERDAY},
    ],
    "how": "union",
    "aggregate": "sum",
    "policy": "ordinal",
    "total_players": 8,
    "rows": [
        {"rank": 1, "player_id": "player_007", "player_name": "NightHawk", "score": 2150},
    ],
}

GAMES: dict[str, Any] = {"board": "game", "window": None, "games": ["chess", "go"]}

BOARDS: dict[str, Any] = {
    "boards": [
        {
            "name": "daily",
            "definition": {
                "name": "daily", "scope": "all", "metric": "points", "operator": "sum",
                "order": "desc", "ranks": "ordinal", "tie_break": "member", "window": "daily",
                "zone": "UTC", "size_s": 0, "every_s": 0, "gap_s": 0, "lateness_s": 3600,
                "keep": 30, "min_score": None, "max_score": None, "min_games": 0,
            },
            "live": _WINDOW,
            **_RESETS,
            "total_players": 8,
            "games": [],
            "windows_kept": 2,
            "windows": [_WINDOW, _YESTERDAY],
            "late": 3,
            "out_of_bounds": 0,
        }
    ]
}  # fmt: skip
