"""A rebuild that kills or interrupts itself at a named place: `rebuild_victim.py PLACE HOW NTH`.

PLACE is a probe of `Rebuild`, HOW as in `victim.py`.
"""

import sys

from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.pipeline.victim import Trap

if __name__ == "__main__":
    trap = Trap(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    Pipe(Settings.load()).rebuild(probe=trap.probe)
