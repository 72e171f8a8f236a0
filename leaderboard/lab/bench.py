"""What a lab stands on: servers, names, clients and its background thread; made and taken down.

Never here: what a notebook calls (that is `lab`).
"""

import threading
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from leaderboard import stack
from leaderboard.lab import leftovers, runs
from leaderboard.lab.crew import Crew
from leaderboard.lab.engine import Engine
from leaderboard.lab.logbook import Logbook
from leaderboard.lab.monitor import Monitor
from leaderboard.lab.wishes import Wishes
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings

Report = Callable[[str], None]


class Bench:
    """Servers that run, topics that exist, a thread that watches. `close` takes it all down.

    Attributes
    ----------
    settings
        With the names of the run, and with the servers' addresses filled in.
    logbook
        What this process's own threads logged.
    notes
        What a person should know of what was found, a sentence each.

    Raises
    ------
    ServersError
        when the servers can not be started or reached.
    """

    def __init__(self, settings: Settings, run_id: str, wishes: Wishes, report: Report) -> None:
        self.logbook = Logbook()
        servers = stack.up(settings, report=report)
        self.run_id = run_id
        self.kafka, self.redis_url = servers.kafka, servers.redis
        self.settings = runs.settings_of(run_id, settings).with_(
            kafka=servers.kafka, redis=servers.redis
        )
        self.redis = Redis.from_url(servers.redis, socket_timeout=5, socket_connect_timeout=5)
        self._folder = Path(settings.data_dir) / "lab"
        self.notes = self._look_around()
        ensure_topics(self.settings, self.kafka)
        roster = leftovers.RosterFile(self._folder, self.settings.topic)
        self.engine = Engine(
            Crew(self.settings.environment()), self.monitor, wishes, on_stages=roster.write
        )
        self._roster = roster
        self._close_lock = threading.Lock()
        self._closed = False
        self.logbook.open()
        self.engine.start()

    def monitor(self) -> Monitor:
        """A reader of the servers for the calling thread."""
        return Monitor(self.settings, self.kafka, self.redis_url)

    def _look_around(self) -> list[str]:
        stopped = leftovers.stop_orphans(self._folder)
        notes = (
            [f"Stopped what an earlier kernel had left: {', '.join(stopped)}."] if stopped else []
        )
        if self.others:
            kernels = ", ".join(str(roster.kernel.pid) for roster in self.others)
            notes.append(
                f"A lab in another kernel (process {kernels}) runs stages on the same topic; "
                "its events count here too. To stop them: lab.stop_others()"
            )
        return notes

    @property
    def others(self) -> list[leftovers.Roster]:
        """Labs of other kernels on our topic."""
        return leftovers.others(self._folder, self.settings.topic)

    def empty(self) -> None:
        """Stop all stages and start from an empty log and board; in the engine's thread."""
        self.engine.stop_stages()
        runs.empty(self.settings, self.kafka, self.redis)

    def close(self) -> None:
        """Stop everything; remove what a run of its own has written. Again: nothing."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
            self.engine.close()
            if self.run_id:
                runs.remove(self.settings, self.kafka, self.redis)
            self.redis.close()
            self._roster.remove()
            self.logbook.close()
