"""Lines of progress while a start is computed.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import pytest

from hpcneq.tasks import start_progress
from hpcneq.tasks.start_progress import StartProgress


@pytest.fixture
def watch(monkeypatch):
    """Seconds on a clock, a list of one, that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(start_progress.time, "monotonic", lambda: now[0])
    return now


def test_a_line_every_ten_seconds(watch):
    """With the time left, as if the mean field moved by the same factor less in every image.

    Fails if every image has its line, or the first one's miss is not kept.
    """
    lines = []
    progress = StartProgress(lines.append, 1e-9, "initial")
    for k in range(4):
        progress.image(10.0 ** -(k + 1))
        watch[0] += 6.0
    assert lines == ["initial: 3 evaluations of the mean field, it moves by 1.0e-03, ETA 0:00:36"]


def test_products_of_the_jacobian_are_images_too(watch):
    """Without a tolerance there is no time left to tell.

    Fails if a product forgets by how much the mean field moved, or if the time is told.
    """
    lines = []
    progress = StartProgress(lines.append, name="error")
    for miss in (0.1, None, 0.01, None):
        progress.image(miss)
        watch[0] += 6.0
    assert lines == ["error: 3 evaluations of the mean field, it moves by 1.0e-02"]


def test_parts_that_are_done(watch):
    """Fails if the time left is that of what is done, or is told of next to nothing."""
    lines = []
    progress = StartProgress(lines.append)
    watch[0] += 20.0
    progress.part(0.001, "modes")
    watch[0] -= 20.0
    for share in (0.1, 0.2, 0.25):
        watch[0] += 8.0
        progress.part(share, "modes")
    assert lines == ["start: 20% of the modes, ETA 0:01:04"]
