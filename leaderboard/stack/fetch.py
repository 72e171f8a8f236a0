"""Fetches what a lock names: in threads, checked, repaired when a download was cut off.

Nothing outside the cache folder is written, and nothing is fetched that is already right.
"""

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from filelock import FileLock
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from tqdm.auto import tqdm

from leaderboard.errors import DownloadError
from leaderboard.stack.jars import Jar, Lock, jar_folder, sha256_of

THREADS = 8
TRIES = 4
WAIT_S = 0.5
TIMEOUT_S = 30
PART = ".part-"


def fetch(
    lock: Lock,
    cache_dir: Path,
    report: Callable[[str], None],
    download: Callable[[Jar, Path], Path] | None = None,
) -> Path:
    """Make sure every jar of `lock` is in the cache; the folder they lie in.

    Parameters
    ----------
    report
        told once, before anything is fetched, how many files and megabytes are missing.
    download
        puts one jar somewhere below a folder and returns its path; the default asks Maven.

    Raises
    ------
    DownloadError
        when a jar can not be fetched, or never has the checksum of the lock.
    """
    folder = jar_folder(cache_dir)
    if not lock.missing(folder):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f"LEADERBOARD_CACHE_DIR={cache_dir}: expected a folder we may write to, got: {error}"
        ) from error
    with FileLock(cache_dir / "jars.lock"):
        for part in folder.glob(PART + "*"):  # left by a fetch that was killed
            shutil.rmtree(part)
        missing = lock.missing(folder)
        if missing:
            size = sum(jar.size for jar in missing)
            report(f"fetching {len(missing)} files, {size / 1e6:.0f} MB, once, into {folder}")
            _fetch_all(missing, folder, download or from_maven)
    return folder


def _fetch_all(missing: list[Jar], folder: Path, download: Callable[[Jar, Path], Path]) -> None:
    total = sum(jar.size for jar in missing)
    with (
        tqdm(total=total, unit="B", unit_scale=True, desc="jars", leave=False) as bar,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        pending = {threads.submit(_fetch_one, jar, folder, download): jar for jar in missing}
        try:
            for done in as_completed(pending):
                done.result()
                bar.update(pending[done].size)
        except DownloadError:
            threads.shutdown(cancel_futures=True)
            raise


def _fetch_one(jar: Jar, folder: Path, download: Callable[[Jar, Path], Path]) -> None:
    retrying = Retrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=WAIT_S, max=5),
        retry=retry_if_exception_type((DownloadError, OSError, RuntimeError)),
        reraise=True,
    )
    try:
        retrying(_place, jar, folder, download)
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors, jgo's RuntimeErrors
        raise DownloadError(
            f"{jar.filename}: not fetched in {TRIES} tries: {error}; check the network, "
            f"then run `leaderboard up` again (what is fetched is kept)"
        ) from error


def _place(jar: Jar, folder: Path, download: Callable[[Jar, Path], Path]) -> None:
    """Fetch beside the final place, check, then rename: a jar is there whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=PART, dir=folder) as part:
        path = download(jar, Path(part))
        found = sha256_of(path)
        if found != jar.sha256:
            raise DownloadError(
                f"{jar.filename}: expected sha256 {jar.sha256}, got {found} "
                f"({path.stat().st_size} of {jar.size} bytes); a proxy may have changed it"
            )
        path.replace(folder / jar.filename)


def from_maven(jar: Jar, folder: Path) -> Path:
    """Fetch one jar with the Maven resolver into `folder`; its path."""
    from jgo.maven import MavenContext  # costs 0.2 s, and only a first start needs it

    context = MavenContext(repo_cache=folder, timeout=TIMEOUT_S)
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    return component.artifact(jar.classifier, jar.packaging).resolve()
