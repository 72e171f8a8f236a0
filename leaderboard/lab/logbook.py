"""Log lines of the kernel's own threads, kept and never printed: they would land in any cell."""

import logging
from collections import deque
from typing import Final

LINES: Final = 200
LOGGERS: Final = ("leaderboard", "kafka")


class Logbook(logging.Handler):
    """The last lines of the package's and the Kafka client's loggers, from `open` to `close`."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=LINES)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._before: dict[str, bool] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(self.format(record))

    def open(self) -> None:
        """Take the lines from here on, instead of the root logger."""
        for name in LOGGERS:
            logger = logging.getLogger(name)
            self._before[name] = logger.propagate
            logger.addHandler(self)
            logger.propagate = False

    def close(self) -> None:
        """Leave the loggers as they were."""
        for name, propagate in self._before.items():
            logger = logging.getLogger(name)
            logger.removeHandler(self)
            logger.propagate = propagate
        self._before = {}
        super().close()
