"""Installing locked packages into the environment: uv, and pip where uv can not."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.commands import SetupError, output, run, say

TRIES = 3
UV_TIMEOUT_S = 900
PIP_TIMEOUT_S = 1800
REQUEST_TIMEOUT_S = 60

# settings that would put the packages elsewhere, or hide what is already there
HARMFUL = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_REQUIRE_HASHES",
    "PIP_CONSTRAINT",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_CONSTRAINT",
    "UV_OVERRIDE",
    "UV_REQUIRE_HASHES",
    "UV_TARGET",
    "UV_PREFIX",
    "VIRTUAL_ENV",
)


def pip(venv: Path, arguments: Sequence[str], what: str) -> None:
    """`pip install ARGUMENTS` in `venv`, three tries.

    Raises
    ------
    SetupError
        when the last try failed.
    """
    command = [str(venv / "bin/python"), "-m", "pip", "install", *quiet(), *arguments]
    env = {"PIP_DEFAULT_TIMEOUT": str(REQUEST_TIMEOUT_S), **clean(os.environ)}
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    run(command, what=what, timeout_s=PIP_TIMEOUT_S, tries=TRIES, env=env)


def uv_else_pip(
    venv: Path, arguments: Sequence[str], what: str, *, into: Path | None = None
) -> None:
    """`uv pip install ARGUMENTS` in `venv`; the same with pip when uv fails.

    With `into`, the uv of `venv` installs in that other environment.

    Raises
    ------
    SetupError
        when pip failed too.
    """
    into = into or venv
    target = f"--python={into / 'bin/python'}"
    # as pip does: without it each first start takes three times as long
    compiled = "--compile-bytecode"
    command = [str(venv / "bin/uv"), "pip", "install", target, compiled, *quiet(), *arguments]
    try:
        # uv tries each request again by itself
        run(command, what=f"{what} with uv", timeout_s=UV_TIMEOUT_S, env=uv_environment(venv))
    except SetupError as error:
        say(f"{error}")
        say(f"{what}: once more with pip, which takes about a minute longer")
        pip(into, arguments, what)


def uv_environment(venv: Path) -> dict[str, str]:
    """The environment for uv, with the package index and certificates that pip is set to."""
    env = clean(os.environ)
    env.setdefault("UV_HTTP_TIMEOUT", str(REQUEST_TIMEOUT_S))
    settings = output([str(venv / "bin/python"), "-m", "pip", "config", "list"]) or ""
    for name, value in from_pip(settings).items():
        env.setdefault(name, value)
    return env


def from_pip(settings: str) -> dict[str, str]:
    """What `pip config list` prints, as uv's variables: uv does not read pip's files.

    >>> from_pip("global.index-url='https://mirror.example/simple'")
    {'UV_DEFAULT_INDEX': 'https://mirror.example/simple'}
    """
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "cert": "SSL_CERT_FILE",
    }
    found = re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", settings, re.MULTILINE)
    return {names[key]: " ".join(value.split("\\n")) for key, value in found if key in names}


def clean(env: Mapping[str, str]) -> dict[str, str]:
    """`env` without the settings that would install elsewhere."""
    return {name: value for name, value in env.items() if name not in HARMFUL}


def quiet() -> list[str]:
    """A log does not need the list of every package; a person sees the progress bars."""
    return [] if sys.stderr.isatty() else ["--quiet"]
