"""Pictures: what their library says when its browser ends stays out of the notebook."""

import logging

import kaleido
import pytest

from leaderboard.lab import snapshot


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
