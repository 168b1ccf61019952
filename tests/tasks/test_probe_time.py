"""How long a cost's probe takes."""

from __future__ import annotations

import time

from hpcneq.tasks import cost


def counted(spent):
    """(calls, a function that takes so much processor time and counts its calls)."""
    calls = []

    def call():
        calls.append(None)
        end = time.process_time() + spent
        while time.process_time() < end:
            pass

    return calls, call


def test_what_takes_long_is_timed_once():
    """A call of half the probe's time is done to warm up and once more; a short one as told.

    Fails if a probe does all its rounds however long a call takes.
    """
    spent = 0.6 * cost.PROBE_SECONDS
    calls, call = counted(spent)
    assert spent <= cost.seconds(call) < 2 * spent and len(calls) == 2
    calls, call = counted(0.0)
    cost.seconds(call, 3, 1)
    assert len(calls) == 4
