"""The API in a thread of this kernel: the service's own application, on any free port."""

import threading
import time
from html import escape
from typing import ClassVar, Final, Self

from leaderboard.api import create_app, listen, make_server
from leaderboard.api.server import url_of
from leaderboard.errors import StageError
from leaderboard.settings import Settings

PATIENCE_S: Final = 30.0


class ServeByHand:
    """Serves until `close`, or until another one is made; at `url`, for WebSockets at `ws`.

    Parameters
    ----------
    settings
        Whose board, with the servers' addresses in `kafka` and `redis`.
    """

    _current: ClassVar["ServeByHand | None"] = None

    def __init__(self, settings: Settings) -> None:
        if ServeByHand._current is not None:
            ServeByHand._current.close()
        ServeByHand._current = self
        self._socket = listen("127.0.0.1", 0)
        self.url = url_of(self._socket)
        self.ws = f"ws{self.url.removeprefix('http')}/ws"
        app = create_app(settings, redis_url=settings.redis, kafka=settings.kafka)
        self._server = make_server(app)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="serve-by-hand", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + PATIENCE_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise StageError(f"the API by hand did not start within {PATIENCE_S:g} s")
            time.sleep(0.02)

    def close(self) -> None:
        """Stop serving; again: nothing."""
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ServeByHand at {self.url}{'' if self._thread.is_alive() else ', closed'}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"
