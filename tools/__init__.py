"""Set-up and checks of this checkout: what `make` runs before the package is installed.

`setup` and what it imports use the standard library only; `locks` runs inside `.venv`. Nothing
here is imported by the `leaderboard` package.
"""
