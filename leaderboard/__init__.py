"""A real-time gaming leaderboard, and the workbench that teaches it: `from leaderboard import Lab`.

Importing the package loads nothing heavy; `Lab` comes with its first use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderboard.lab.lab import Lab

__all__ = ["Lab"]


def __getattr__(name: str) -> Any:
    if name == "Lab":
        from leaderboard.lab.lab import Lab

        return Lab
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
