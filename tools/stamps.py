"""What of the set-up is done, remembered in one file inside the environment."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

FILE = ".setup.json"


class Stamps:
    """Finished steps and a fingerprint of what each was made from.

    A step that is interrupted stays marked as begun, so the next run knows that the environment
    may be half written. The folder's own path is kept too: a moved environment is of no use.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._folder = str(folder)
        self.done: dict[str, str] = {}
        self.begun = ""
        self.moved = False
        self._read()

    def is_done(self, step: str, fingerprint: str) -> bool:
        """Whether `step` was finished from the same inputs."""
        return self.done.get(step) == fingerprint

    @contextlib.contextmanager
    def step(self, name: str, fingerprint: str) -> Iterator[None]:
        """Mark `name` as begun, and as done from `fingerprint` if the block does not raise."""
        self.done.pop(name, None)
        self.begun = name
        self._write()
        yield
        self.begun = ""
        self.mark(name, fingerprint)

    def mark(self, name: str, fingerprint: str) -> None:
        """Remember that `name` is done from `fingerprint`, as part of a larger step."""
        self.done[name] = fingerprint
        self._write()

    def _read(self) -> None:
        try:
            state = json.loads(self._file.read_text(encoding="utf-8"))
            folder, begun, done = state["folder"], state["begun"], state["done"]
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError):
            self.begun = "an unreadable step"
            return
        self.moved = folder != self._folder
        self.begun, self.done = str(begun), dict(done)

    def _write(self) -> None:
        state = {"folder": self._folder, "begun": self.begun, "done": self.done}
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        part.replace(self._file)


def fingerprint(files: Iterable[Path]) -> str:
    """A digest of the files' contents, in order."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(b"%d\n" % len(content) + content)
    return digest.hexdigest()
