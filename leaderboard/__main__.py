"""`python -m leaderboard` is the `leaderboard` command."""

from leaderboard.cli import main

if __name__ == "__main__":
    main()
