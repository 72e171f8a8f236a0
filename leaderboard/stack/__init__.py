"""The embedded servers: a real Kafka broker and a real Valkey, from packages, without root.

Here: fetching and verifying the program files, starting, finding and stopping servers.
Never here: anything that knows what an event or a leaderboard is.
"""

from leaderboard.stack.servers import Servers, connect, down, running, status, up

__all__ = ["Servers", "connect", "down", "running", "status", "up"]
