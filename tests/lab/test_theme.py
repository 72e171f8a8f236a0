"""The palette, measured: contrast on both pages, and distance for every kind of colour vision.

Contrast after WCAG 2.2; dichromacy after Machado, Oliveira and Fernandes 2009 (severity 1).
"""

from itertools import combinations

import numpy as np
import pytest

from leaderboard.lab import theme

HUES = {*theme.PALETTE, theme.RED}
PAGES = {"light": "#ffffff", "dark": "#111111"}
VISION = {
    "usual": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                 [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
JUST_SEEN = 2.3
"""Difference in CIELAB that an eye just notices."""


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (one, other)), reverse=True)
    return float((light + 0.05) / (dark + 0.05))


def cielab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("colour", sorted({*HUES, theme.INK}))
def test_marks_stand_out_from_the_page(colour: str, page: str) -> None:
    assert contrast(colour, PAGES[page]) >= 3


@pytest.mark.parametrize("page", PAGES)
def test_text_of_static_charts_reads_on_both_pages(page: str) -> None:
    assert contrast(theme.INK, PAGES[page]) >= 4


@pytest.mark.parametrize("vision", VISION)
def test_hues_differ_for_everyone(vision: str) -> None:
    seen = {colour: cielab(np.array(VISION[vision]) @ linear(colour)) for colour in HUES}

    closest = min(np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(HUES, 2))

    assert closest > 5 * JUST_SEEN


def test_every_state_has_a_colour_and_a_shape() -> None:
    states = {"starting", "running", "paused", "stopped", "killed", "failed"}

    assert set(theme.STATE_COLOURS) == set(theme.STATE_MARKS) == states


def test_series_beyond_the_palette_repeat_it() -> None:
    assert theme.series(4) == theme.series(0)
    assert theme.faded("#0f9a7a", 0.5) == "rgba(15, 154, 122, 0.5)"
