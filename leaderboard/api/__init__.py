"""The HTTP side: REST routes, live pushes, the pages as files in `static/`.

`create_app` builds the whole application; nothing is opened at import. Reads go through `store`
and `pipeline.inspect`. Never here: writes to Redis or Kafka, HTML in Python strings, settings
read from the environment.
"""

from leaderboard.api.app import create_app
from leaderboard.api.server import listen, make_server

__all__ = ["create_app", "listen", "make_server"]
