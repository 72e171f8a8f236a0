"""Pictures: they fit where they are shown; what their library says at its end stays out."""

import logging

import kaleido
import plotly.graph_objects as go
import pytest

from leaderboard.lab import snapshot
from leaderboard.lab.drawing import figure
from leaderboard.lab.snapshot import Snapshot


def test_the_end_of_the_browser_is_quiet_and_later_news_is_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pipe = logging.getLogger("choreographer.channels.pipe")
    monkeypatch.setattr(
        kaleido, "stop_sync_server", lambda **_: pipe.error("JSONError decoding message. Ignoring")
    )

    snapshot.close()
    pipe.error("something else")

    assert [record.getMessage() for record in caplog.records] == ["something else"]


def test_the_picture_shrinks_with_its_page_and_says_what_it_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "draw", lambda _: b"a picture")

    bundle = Snapshot(figure('"A" leads <b>'))._repr_mimebundle_()

    assert "image/png" not in bundle  # JupyterLab would show it instead of the chart
    assert 'alt="&quot;A&quot; leads &lt;b&gt;"' in bundle["text/html"]
    assert "max-width: 100%; height: auto" in bundle["text/html"]


def test_without_a_browser_there_is_the_chart_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "draw", lambda _: None)

    assert set(Snapshot(go.Figure())._repr_mimebundle_()) == {"text/plain", snapshot.MIME}
