"""Every error this package raises on purpose.

    LeaderboardError
    ├── SettingsError        a setting is wrong: names it, what was expected, what it got
    ├── ServersError         an embedded or external server cannot be started or reached
    │   ├── ServersDownError     nothing is running where we looked: run `leaderboard up`
    │   ├── DownloadError        a jar could not be fetched, or its checksum is wrong
    │   └── RegistryError        the schema registry is away, refuses, or is none
    ├── StoreError           Redis refused or failed
    │   ├── OffsetGapError       the stored offset lies outside the log: never jump, stop and say so
    │   ├── BoardsChangedError   Redis holds counts of other boards than those declared: rebuild
    │   └── RefusedError         Redis will never do it: a foreign key, a sum past 2^53, a cluster
    ├── SchemaError          the files in `schemas/` are not as they must be
    ├── QuestionError        a question about a board can not be answered as it was asked
    │   ├── NotThereError        no such board, window, game or player
    │   └── CursorError          a cursor of another question
    │       └── StaleCursorError     its window is no longer the one that was asked for
    ├── VerifyError          Redis and the log can not be compared
    ├── StageError           a running stage (child process) failed or does not answer
    └── NotebookError        a notebook run failed or was given unknown parameters

A bad *record* is no error: it is a value (`model.events.BadRecord`) that goes to the dead letters.
"""


class LeaderboardError(Exception):
    """Base class. The text says what was expected, what came, where, and what to do."""


class SettingsError(LeaderboardError):
    """A setting is wrong."""


class ServersError(LeaderboardError):
    """A server can not be started or reached."""


class ServersDownError(ServersError):
    """Nothing runs where we looked."""


class DownloadError(ServersError):
    """A server's file could not be fetched or verified."""


class RegistryError(ServersError):
    """The schema registry is away, refuses, or is none."""


class StoreError(LeaderboardError):
    """Redis refused or failed."""


class OffsetGapError(StoreError):
    """The stored offset lies outside the log that Kafka still holds."""


class BoardsChangedError(StoreError):
    """Redis holds counts of other boards than the declared ones."""


class RefusedError(StoreError):
    """Redis will never do what it is asked: no second try helps."""


class SchemaError(LeaderboardError):
    """The files in `schemas/` are not as they must be."""


class QuestionError(LeaderboardError):
    """A question about a board can not be answered as it was asked."""


class NotThereError(QuestionError):
    """No such board, window, game or player."""


class CursorError(QuestionError):
    """A cursor of another board, game, policy or pane."""


class StaleCursorError(CursorError):
    """A cursor into a window that is no longer the one asked for."""


class VerifyError(LeaderboardError):
    """Redis and the log can not be compared."""


class StageError(LeaderboardError):
    """A stage failed."""


class NotebookError(LeaderboardError):
    """A notebook run failed."""
