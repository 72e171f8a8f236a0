"""Charts of what was measured: a table in, a Plotly figure out. Titles state the finding.

`frame` gives the tables; nothing here measures.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types
from pandas.api.types import is_string_dtype

from benchmarks.report import HEADS, cell, number
from benchmarks.results import RESULTS, Row, read
from leaderboard.lab import theme
from leaderboard.lab.drawing import HEIGHT_PX, empty_note, figure
from leaderboard.lab.findings import plural


def frame(part: str, table: str, folder: Path = RESULTS) -> pd.DataFrame:
    """A table as it was measured; an empty one when that part was never measured."""
    return pd.DataFrame(_rows(part, table, folder))


def _rows(part: str, table: str, folder: Path) -> list[Row]:
    try:
        return read(part, folder).tables.get(table, [])
    except FileNotFoundError:
        return []


def table(part: str, name: str, folder: Path = RESULTS) -> pd.DataFrame:
    """The same to read: text, each median with its spread in one cell, words before numbers.

    Who took no part has the reason in the last column.
    """
    df = frame(part, name, folder).drop(columns="missing", errors="ignore")
    rows = _rows(part, name, folder)
    names = [name for name in map(str, df) if not name.endswith(("_low", "_high"))]
    columns = sorted(names, key=lambda name: (name == "wrong", not is_string_dtype(df[name])))
    cells = [[cell(row, column) for column in columns] for row in rows]
    for row, texts in zip(rows, cells, strict=True):
        texts[-1] = row.get("missing", texts[-1])
    return pd.DataFrame(cells, columns=[HEADS.get(c, c.replace("_", " ")) for c in columns])


def layers(df: pd.DataFrame) -> go.Figure:
    """Where the time of one event goes: each layer of ours beside its limit.

    Parameters
    ----------
    df
        `layer`, `us` and `limit_us` (CPU microseconds per event), `limit` (what that is), in order
        from broker to Redis.
    """
    if df.empty:
        return empty_note(figure("Where the time of one event goes"))
    most = df.sort_values("us").iloc[-1]
    fig = figure(f"Of {number(df['us'].sum())} µs an event, {most['layer']} takes most")
    for name, column, colour in (("ours", "us", theme.BLUE), ("limit", "limit_us", theme.ORANGE)):
        fig.add_bar(
            x=df[column],
            y=df["layer"],
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": "" if name == "ours" else "/"}},
            text=[number(value) for value in df[column]],
            textposition="outside",
            customdata=df["limit"],
            hovertemplate="%{y}: %{x:.2f} µs<br>limit: %{customdata}<extra></extra>",
        )
    fig.update_layout(barmode="group", margin={"l": 130})
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(title="CPU µs per event", range=[0, 1.15 * df[["us", "limit_us"]].max().max()])
    return fig


def _once(df: pd.DataFrame) -> pd.DataFrame:
    """`df`, in which nobody may stand twice: bars of one name are drawn one upon the other."""
    twice = df.loc[df["contestant"].duplicated(), "contestant"].unique()
    if len(twice):
        raise ValueError(
            f"expected one row a contestant, got {', '.join(twice)} twice: "
            "choose one data set, and pinned or unpinned"
        )
    return df


ROOM: Final = 2.5
"""How far the axis begins below the slowest: its bar holds its label."""
TWO_DECADES: Final = 100
"""Up to here a logarithmic axis has ticks at 2 and 5 as well."""


def rates(df: pd.DataFrame, what: str) -> go.Figure:
    """Events a second of each contestant, the fastest on top; `what` they all did.

    Parameters
    ----------
    df
        `contestant`, `events_per_s` with `_low` and `_high`, and `wrong` (empty: right).

    Raises
    ------
    ValueError
        when a contestant has several rows.
    """
    if df.empty:
        return empty_note(figure(what))
    df = _once(df.dropna(subset=["events_per_s"])).sort_values("events_per_s")
    right = df[df["wrong"] == ""]
    best, last = (right.iloc[-1], right.iloc[0]) if len(right) else (df.iloc[-1], df.iloc[0])
    times = number(best["events_per_s"] / max(1.0, last["events_per_s"]))
    fig = figure(f"{what}: {best['contestant']} is {times} times as fast as {last['contestant']}")
    fig.add_bar(
        x=df["events_per_s"],
        y=df["contestant"] + [f"<br>WRONG: {w[:30]}" if w else "" for w in df["wrong"]],
        orientation="h",
        marker={
            "color": [
                theme.RED if wrong else theme.GREEN if name.startswith("ours") else theme.BLUE
                for name, wrong in zip(df["contestant"], df["wrong"], strict=True)
            ]
        },
        error_x={
            "array": df["events_per_s_high"] - df["events_per_s"],
            "arrayminus": df["events_per_s"] - df["events_per_s_low"],
            "color": theme.INK,
        },
        text=[number(value) for value in df["events_per_s"]],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        constraintext="none",
        hovertemplate="%{y}: %{x:,.0f} events/s<extra></extra>",
        showlegend=False,
    )
    fig.update_layout(margin={"l": 210}, height=max(HEIGHT_PX, 90 + 34 * len(df)))
    low = min(df["events_per_s"].min() / ROOM, df["events_per_s_low"].min() / 1.1)
    high = df["events_per_s_high"].max() * 1.1
    fig.update_xaxes(
        title="events/s, median and spread of the rounds (log)", type="log",
        range=[math.log10(low), math.log10(high)], dtick=1 if high / low > TWO_DECADES else "D2",
    )  # fmt: skip
    fig.update_yaxes(automargin=True)
    return fig


def costs(df: pd.DataFrame) -> go.Figure:
    """CPU microseconds per event of contestant, broker and Redis, one upon the other.

    Parameters
    ----------
    df
        `contestant`, `client_us`, `broker_us`, `redis_us`.

    Raises
    ------
    ValueError
        when a contestant has several rows.
    """
    if df.empty:
        return empty_note(figure("CPU per event"))
    df = _once(df.dropna(subset=["client_us"])).assign(
        total=lambda d: d["client_us"] + d["broker_us"] + d["redis_us"]
    )
    df = df.sort_values("total", ascending=False)
    cheapest = df.iloc[-1]
    fig = figure(f"{cheapest['contestant']} costs least: {number(cheapest['total'])} µs an event")
    parts = (("contestant", "client_us"), ("broker", "broker_us"), ("Redis", "redis_us"))
    for place, (name, column) in enumerate(parts):
        fig.add_bar(
            x=df[column],
            y=df["contestant"],
            name=name,
            orientation="h",
            marker={"color": theme.series(place), "pattern": {"shape": ("", "/", ".")[place]}},
            hovertemplate=f"%{{y}}, {name}: %{{x:.2f}} µs<extra></extra>",
        )
    fig.update_layout(barmode="stack", margin={"l": 210}, height=max(HEIGHT_PX, 90 + 34 * len(df)))
    fig.update_xaxes(title="CPU µs per event")
    fig.update_yaxes(automargin=True)
    return fig


def processors(df: pd.DataFrame) -> go.Figure:
    """Events a second of one to several processors, on few and on many partitions.

    Parameters
    ----------
    df
        `processors`, `partitions`, `events_per_s` with `_low` and `_high`.
    """
    if df.empty:
        return empty_note(figure("More processors"))
    by_speed = df.sort_values("events_per_s")
    best = by_speed.iloc[-1]
    fig = figure(
        f"Fastest: {plural(best['processors'], 'processor')} on {best['partitions']} partitions, "
        f"{number(best['events_per_s'])} events/s"
    )
    for place, (partitions, some) in enumerate(df.groupby("partitions")):
        fig.add_bar(
            x=[str(n) for n in some["processors"]],
            y=some["events_per_s"],
            name=f"{partitions} partitions",
            marker={"color": theme.series(place), "pattern": {"shape": ("", "/", ".")[place % 3]}},
            error_y={
                "array": some["events_per_s_high"] - some["events_per_s"],
                "arrayminus": some["events_per_s"] - some["events_per_s_low"],
                "color": theme.INK,
            },
            hovertemplate="%{x} processors: %{y:,.0f} events/s<extra></extra>",
        )
    fig.update_layout(barmode="group", margin={"l": 80})
    fig.update_xaxes(title="processors", type="category")
    fig.update_yaxes(title="events/s")
    return fig


def growth(df: pd.DataFrame) -> go.Figure:
    """Cost of an event with boards of more and more players.

    Parameters
    ----------
    df
        `players`, `client_us` and `redis_us`, ascending.
    """
    if df.empty:
        return empty_note(figure("Cost with more players"))
    total = df["client_us"] + df["redis_us"]
    times = number(float(total.iloc[-1] / total.iloc[0]))
    grown = number(df["players"].iloc[-1] / df["players"].iloc[0])
    fig = figure(f"{grown} times the players cost {times} times as much an event")
    for place, (name, column) in enumerate((("client", "client_us"), ("Redis", "redis_us"))):
        fig.add_scatter(
            x=df["players"],
            y=df[column],
            name=name,
            mode="lines+markers",
            line={"color": theme.series(place), "dash": ("solid", "dash")[place]},
            hovertemplate=f"%{{x:,}} players, {name}: %{{y:.2f}} µs<extra></extra>",
        )
    fig.update_xaxes(title="players on the board (log)", type="log", dtick=1)
    fig.update_yaxes(title="CPU µs per event", rangemode="tozero")
    return fig


def latency(df: pd.DataFrame) -> go.Figure:
    """How long an event takes to Redis, and on to a WebSocket client, at several rates.

    Parameters
    ----------
    df
        `events_per_s`; `redis_ms_p50`, `redis_ms_p99`, `websocket_ms_p50`, `websocket_ms_p99`.
    """
    if df.empty:
        return empty_note(figure("Latency under load"))
    df = df.sort_values("events_per_s")
    last = df.iloc[-1]
    fig = figure(
        f"At {number(last['events_per_s'])} events/s 99 % are in Redis within "
        f"{number(last['redis_ms_p99'])} ms"
    )
    for place, way in enumerate(("redis", "websocket")):
        for part, dash in (("p50", "dot"), ("p99", "solid")):
            fig.add_scatter(
                x=df["events_per_s"],
                y=df[f"{way}_ms_{part}"],
                name=f"{'Redis' if way == 'redis' else 'WebSocket'}, {part}",
                mode="lines+markers",
                line={"color": theme.series(place), "dash": dash},
                hovertemplate=f"%{{x:,.0f}} events/s, {part}: %{{y:.1f}} ms<extra></extra>",
            )
    fig.update_xaxes(title="events/s")
    fig.update_yaxes(title="ms from the event, log", type="log", dtick=1)
    return fig


def pareto(df: pd.DataFrame) -> go.Figure:
    """Speed against latency for each batch size: down and to the right is better.

    Parameters
    ----------
    df
        `batch` (records), `events_per_s`, `p99_ms`.
    """
    if df.empty:
        return empty_note(figure("Batch size: speed against latency"))
    df = df.sort_values("batch")
    by_speed = df.sort_values("events_per_s")
    fastest, slowest = by_speed.iloc[-1], by_speed.iloc[0]
    times = fastest["events_per_s"] / slowest["events_per_s"]
    fig = figure(
        f"Batches of {number(fastest['batch'])} drain {number(times)} times as fast as those of "
        f"{number(slowest['batch'])}"
    )
    fig.add_scatter(
        x=df["events_per_s"],
        y=df["p99_ms"],
        mode="lines+markers+text",
        text=[number(batch) for batch in df["batch"]],
        textposition="top center",
        line={"color": theme.BLUE},
        hovertemplate="batch %{text}: %{x:,.0f} events/s, p99 %{y:.1f} ms<extra></extra>",
        showlegend=False,
    )
    fig.update_xaxes(title="events/s while draining (log)", type="log", dtick=1)
    fig.update_yaxes(title="p99 from event to Redis, ms (log)", type="log", dtick=1)
    return fig
