"""The composition root: `main`, and below it every command. Nothing imports this package.

It reads the settings, builds clients, passes them in, configures logging, and turns the
package's errors into one line and an exit status: 2 for wrong use, 1 for failure, 130 for Ctrl-C.
"""

import sys

INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""


def main() -> None:
    """Run the command line; the package's own errors become one line on standard error."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run() -> None:
    from leaderboard.errors import LeaderboardError, QuestionError, SettingsError

    try:
        # here, as they take half a second, in which somebody may press Ctrl-C
        from leaderboard.cli.commands import app, configure_logging
        from leaderboard.cli.visible import visible
        from leaderboard.settings import Settings

        configure_logging(Settings.load().log_level)
        app()
    except LeaderboardError as error:
        sys.stderr.write(visible(f"leaderboard: {error}", keep="\n") + "\n")
        sys.exit(2 if isinstance(error, SettingsError | QuestionError) else 1)
