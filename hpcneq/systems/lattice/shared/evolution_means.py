"""Means of the currents of an evolution over its last period, and their errors."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....files.writer import ResultFile
from ....maths.arrays import FloatArray
from ....parallel import Communicator, on_root
from ....tasks import Outcome
from .periodic_states import period_of
from .setup import Setup

QUARTER = 4  # a drive without period: means over the last quarter


def add_means(setup: Setup, comm: Communicator, out: ResultFile, outcome: Outcome) -> None:
    """Currents by lead, their means over the last whole period, and errors. **Collective.**"""
    names = setup.names
    outcome.summary["period"] = _last_period(setup)
    if not names:
        return
    t, current = out.read("t"), out.read("current")
    period = outcome.summary["period"]
    means, drift = on_root(comm, last_means, t, current, period)
    outcome.summary["current"] = dict(zip(names, map(float, current[-1])))
    outcome.summary["mean_current"] = dict(zip(names, map(float, means)))
    known = [outcome.errors.get(name) for name in ("current_total", "current_largest")]
    steps = [error for error in known if error is not None]
    if not steps:  # [numerics] error_estimate = false
        outcome.summary["mean_current_error"] = outcome.summary["current_error"] = None
        return
    end = float(max(steps))
    outcome.summary["mean_current_error"] = dict(zip(names, map(float, drift + end)))
    outcome.summary["current_error"] = dict.fromkeys(names, end)


def _last_period(setup: Setup) -> float | None:
    """The period at the end; None also if three superconductors have none in common."""
    try:
        return period_of(setup, setup.drives.eV(float(setup.given.run.t_max)))
    except InputError:
        return None


def last_means(
    t: FloatArray, current: FloatArray, period: float | None
) -> tuple[FloatArray, FloatArray]:
    """(means over the last whole period, how much they differ from those of the one before)."""
    length = period or (t[-1] - t[0]) / QUARTER
    length = min(length, t[-1] - t[0])
    last = mean_between(t, current, t[-1] - length, t[-1])
    earlier = max(t[0], t[-1] - 2 * length)
    if t[-1] - length <= t[0]:
        return last, np.abs(last)
    return last, np.abs(last - mean_between(t, current, earlier, t[-1] - length))


def mean_between(t: FloatArray, values: FloatArray, a: float, b: float) -> FloatArray:
    """Mean over (a, b) of straight lines between the rows."""
    if b <= a:
        return np.array(values[-1])
    inside = t[(t > a) & (t < b)]
    nodes = np.concatenate([[a], inside, [b]])
    rows = np.array([np.interp(nodes, t, column) for column in values.T])
    weights = np.zeros(len(nodes))
    steps = np.diff(nodes)
    weights[:-1] += 0.5 * steps
    weights[1:] += 0.5 * steps
    return rows @ weights / (b - a)
