"""Puts Kafka on this machine: its jars, and an archive of the classes that a start loads.

With the archive (JEP 514, ahead-of-time cache) a start takes 0.7 s instead of 1.9 s. Whatever
goes wrong with it costs that second and nothing else.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from leaderboard.errors import ServersError
from leaderboard.settings import Settings
from leaderboard.stack import java, kafka
from leaderboard.stack.fetch import fetch
from leaderboard.stack.launch import Job, Launched, run_to_end, stop_process
from leaderboard.stack.ping import kafka_answers
from leaderboard.stack.ports import HOST, free_port

TRAINING = "training-"
ARCHIVE_S = 300.0  # it takes 5 s of a processor that may be busy


def install(settings: Settings, report: Callable[[str], None]) -> kafka.Program:
    """Fetch what is missing, and make the archive once.

    Raises
    ------
    DownloadError
        when a jar can not be fetched.
    """
    program = kafka.installed(settings)
    fetch(program.lock, settings.cache_dir, report)
    failed = program.archive.with_suffix(".failed")
    if program.archive.exists() or failed.exists():
        return program
    with FileLock(settings.cache_dir / "archive.lock"):
        for left in settings.cache_dir.glob(TRAINING + "*"):  # by an `up` that was killed
            shutil.rmtree(left)
        if not program.archive.exists():
            report("preparing Kafka for fast starts, once (about 10 s)")
            try:
                make_archive(settings, program)
            except ServersError as error:
                failed.write_text(str(error), "utf-8")
                report(f"starts stay slower, see {failed}")
    return program


def make_archive(settings: Settings, program: kafka.Program) -> None:
    """Note the classes that a throw-away broker loads, then archive them.

    In two steps, not with one flag: the second is a process of its own that we can wait for.

    Raises
    ------
    ServersError
        when either step fails.
    """
    with tempfile.TemporaryDirectory(prefix=TRAINING, dir=settings.cache_dir) as name:
        folder = Path(name)
        notes, made = folder / "notes", folder / "archive"
        _note_classes(settings.with_(data_dir=folder), program, notes)
        flags = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={notes}", f"-XX:AOTCache={made}")
        command = program.command("kafka.Kafka", flags=(*flags, *java.QUIET))
        run_to_end("Kafka's class archive", command, within_s=ARCHIVE_S)
        if not made.exists():
            raise ServersError("Java made no class archive of Kafka, and gave no reason")
        made.replace(program.archive)


def _note_classes(settings: Settings, program: kafka.Program, notes: Path) -> None:
    """Start a broker on an empty folder and stop it: Java writes its notes when it ends."""
    folder = settings.data_dir
    port = free_port()
    kafka.prepare(settings, program, port, frozenset())
    flags = ("-XX:AOTMode=record", f"-XX:AOTConfiguration={notes}", *java.QUIET)
    command = program.command("kafka.Kafka", str(folder / "kafka.properties"), flags=flags)
    with Launched([Job("kafka", command, folder / "log", folder)], guard=True) as servers:
        servers.wait("kafka", lambda: kafka_answers(HOST, port))
        stop_process(servers.processes["kafka"], within_s=ARCHIVE_S)
