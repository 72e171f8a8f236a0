"""What the tests need from the machine: a Chromium, a redis-server and a Prometheus."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.commands import SetupError, output, run, say

BROWSERS = ("chromium", "google-chrome", "google-chrome-stable")
OLDEST_REDIS = (7, 0)
TRIES = 3
APT_TIMEOUT_S = 900
OS_RELEASE = Path("/etc/os-release")
POLICY = Path("/usr/sbin/policy-rc.d")


def system_browser() -> str | None:
    """The Chromium or Chrome on PATH, if any."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def browsers_folder(root: Path) -> Path:
    """Where Playwright's own browser goes: into the checkout, not into the home folder."""
    return root / ".cache" / "browsers"


def need_browser(root: Path, venv: Path) -> None:
    """Have a Chromium: the system's, else Debian's package, else Playwright's download.

    Raises
    ------
    SetupError
        when none is there and none could be installed.
    """
    folder = browsers_folder(root)
    done = folder / "complete"
    if system_browser() or done.exists():
        return
    if root_on_debian():
        say("installing Debian's chromium: about 150 MB to download")
        apt_install(["chromium"])
        if not system_browser():
            raise SetupError("apt-get installed chromium, but it is not on PATH")
        return
    say("installing Playwright's Chromium into .cache/browsers: about 300 MB to download")
    env = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(folder)}
    command = [str(venv / "bin/playwright"), "install", "chromium"]
    run(command, what="installing Chromium", timeout_s=APT_TIMEOUT_S, tries=TRIES, env=env)
    done.touch()


def need_redis_server() -> None:
    """Have a redis-server of at least 7.0 on PATH.

    Raises
    ------
    SetupError
        when it is missing or too old and can not be installed here.
    """
    if not redis_server() and root_on_debian():
        say("installing Debian's redis-server: about 1 MB to download")
        apt_install(["redis-server"])
        no_service_at_boot("redis-server")
    version = redis_server()
    if not version:
        raise SetupError(
            "expected redis-server 7.0 or newer on PATH, found none: install it (Debian, Ubuntu: "
            "sudo apt-get install redis-server; macOS: brew install redis) and run make test again"
        )
    if version < OLDEST_REDIS:
        got = ".".join(map(str, version))
        raise SetupError(f"expected redis-server 7.0 or newer on PATH, found {got}: upgrade it")


def need_prometheus() -> None:
    """Have a prometheus and its promtool on PATH.

    Raises
    ------
    SetupError
        when one is missing and can not be installed here.
    """
    if not prometheus() and root_on_debian():
        say("installing Debian's prometheus: about 22 MB to download, 330 MB on disk")
        apt_install(["prometheus"])
        no_service_at_boot("prometheus")
    if not prometheus():
        raise SetupError(
            "expected prometheus and promtool on PATH, found none: install them (Debian, Ubuntu: "
            "sudo apt-get install prometheus; macOS: brew install prometheus) and run make test "
            "again"
        )


def prometheus() -> bool:
    """Whether prometheus and promtool are on PATH."""
    return all(map(shutil.which, ("prometheus", "promtool")))


def redis_server() -> tuple[int, int] | None:
    """Version of the redis-server on PATH, if any."""
    found = re.search(r"\bv=(\d+)\.(\d+)", output(["redis-server", "--version"]) or "")
    return (int(found[1]), int(found[2])) if found else None


def root_on_debian() -> bool:
    """Whether packages can be installed here without asking anyone."""
    if os.geteuid() != 0 or not shutil.which("apt-get") or not OS_RELEASE.exists():
        return False
    return re.search(r"^ID=\"?debian", OS_RELEASE.read_text(), re.MULTILINE) is not None


def apt_install(packages: Sequence[str]) -> None:
    """`apt-get install PACKAGES` with a fresh list of packages, and without starting services.

    Raises
    ------
    SetupError
        when apt-get failed three times.
    """
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([*apt, "update"], what="apt-get update", timeout_s=APT_TIMEOUT_S, tries=TRIES, env=env)
    names = " ".join(packages)
    with no_new_services():
        run(
            [*apt, "install", "--yes", "--no-install-recommends", *packages],
            what=f"apt-get install {names}",
            timeout_s=APT_TIMEOUT_S,
            tries=TRIES,
            env=env,
        )


def no_service_at_boot(name: str) -> None:
    """Keep a service just installed from starting when the machine does (update-rc.d(8)).

    Raises
    ------
    SetupError
        when Debian's program for that failed.
    """
    run(["update-rc.d", name, "disable"], what=f"keeping {name} off", timeout_s=60)


@contextlib.contextmanager
def no_new_services() -> Iterator[None]:
    """Keep Debian from starting a packaged server: it would take the learner's port 6379.

    Debian asks `policy-rc.d`, when it exists, before it starts a service (invoke-rc.d(8)).
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
