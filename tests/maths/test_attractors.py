"""What a signal has come to, of signals that are known."""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.maths.attractors import attractor, recurrence

T = np.arange(0.0, 2000.0, 2.0)


@pytest.mark.parametrize(
    "signal, kind",
    [
        (0.3 + np.exp(-0.01 * T) * np.cos(0.1 * T), "fixed point"),
        (np.exp(-0.02 * T), "fixed point"),
        (0.3 * np.exp(0.4j * T), "fixed point"),
        (0.3 + 1e-4 * np.exp(0.002 * T) * np.cos(0.1 * T), "neither"),
        (np.exp(0.01 * (T - 2000.0)), "neither"),
        (1.0 + 0.5 * np.cos(0.1 * T) + 0.5 * np.cos(0.0618 * T), "neither"),
        (1.0 + 0.5 * np.cos(1.05 * T), "neither"),
    ],
)
def test_what_is_no_cycle(signal, kind):
    """A spiral into a point, a decay, a turning phase; growth, two frequencies, too few samples.

    Fails if slow growth of a small oscillation counts as rest.
    """
    assert attractor(T, signal).kind == kind


@pytest.mark.parametrize("second", [0.0, 0.3])
def test_a_cycle_has_its_period_and_extremes(second):
    """(1 + cos wt + second cos(wt/2)): with the second, two peaks make one period.

    Errors hold, and are at most a per cent. Fails if one peak is taken for a period.
    """
    w = 0.0731
    size = 3 + np.cos(w * T) + second * np.cos(0.5 * w * T)
    fine = np.linspace(0, 4 * np.pi / w, 100001)
    exact = 3 + np.cos(w * fine) + second * np.cos(0.5 * w * fine)
    found = attractor(T, size * np.exp(0.05j * T))
    assert found.kind == "limit cycle"
    wanted = ((4 if second else 2) * np.pi / w, exact.min(), exact.max())
    for value, right, error in zip((found.period, found.low, found.high), wanted, found.errors):
        assert abs(value - right) <= error <= 0.01 * right


def test_a_cycle_that_passes_by_zero():
    """|1.01 + exp(iwt)| has a kink at its least value .01, between samples: found to its error."""
    found = attractor(T, 1.01 + np.exp(0.05j * T))
    assert found.kind == "limit cycle"
    assert abs(found.low - 0.01) <= found.errors[1] < 0.01


@pytest.mark.parametrize("count", range(1, 18))
def test_few_peaks_are_no_cycle_and_no_failure(count):
    """A decaying ring with any number of peaks in the last half.

    Fails if periods of several peaks are taken from fewer peaks than they need.
    """
    t = np.linspace(0, 100, 4001)
    x = 1 + 0.5 * np.exp(-0.02 * t) * np.cos(2 * np.pi * (2 * count + 0.3) * t / 100)
    assert attractor(t, x + 0j).kind == "neither"


def test_what_returns_in_several_signals_is_a_cycle():
    """A period of two unequal bursts, nearly nothing in the first signal; noise is none.

    Fails with the first minimum of the distance, however high, for the period.
    """
    t = np.arange(0, 400, 0.4)
    stream = np.random.default_rng(0)
    phase = 2 * np.pi * t / 31.7
    rows = np.stack(
        [0.6 + 0.002 * stream.normal(size=len(t)), np.cos(phase) + 0.6 * np.cos(2 * phase)], 1
    )
    cycle = recurrence(t, rows)
    assert cycle.kind == "limit cycle"
    assert abs(cycle.period - 31.7) < min(cycle.errors[0], 0.3)
    wild = np.cumsum(stream.normal(size=(len(t), 2)), axis=0)
    assert recurrence(t, wild).kind == "neither"
    rest = 1 + np.exp(-0.1 * t)[:, None] * rows
    assert recurrence(t, rest).kind == "fixed point"


def test_a_cycle_that_ends_below_the_least_size_is_no_decay():
    """What counts as none is a size of all late values. Fails if it is that of the last one."""
    t = np.linspace(0.0, 100.0, 2001)
    found = attractor(t, 0.55 - 0.45 * np.cos(2 * np.pi * t / 5) + 0j, tiny=0.2)
    assert found.kind == "limit cycle" and found.period == pytest.approx(5.0, rel=1e-3)
    assert attractor(t, 0.1 * np.exp(-t / 200) + 0j, tiny=0.2).kind == "fixed point"
