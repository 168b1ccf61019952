"""What a signal in time has come to: a fixed point, a limit cycle with its period, or neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import ComplexArray, FloatArray

SAME = 0.01  # of its largest value what stands still may move, of its range what repeats may differ
VANISHED = 1e-9  # of the largest value of the whole signal: a signal that has decayed
TAIL = 0.5  # the last part of the time that is looked at
REPEATS = 3  # periods that have to be equal
MOST_PEAKS = 4  # in one period
RESOLVED = 8  # samples in a period, at least
FINE = 81  # points of the parabola through three samples
RETURN = 0.1  # of the mean square distance of two random times: what returns after a period


@dataclass(frozen=True)
class Attractor:
    """kind : "fixed point", "limit cycle" or "neither"; nan where a number has no meaning.

    period, low, high : of a cycle, its smallest and largest value; errors : how much these three
    still differ between periods, and what the distance of samples hides.
    """

    kind: str
    period: float = np.nan
    low: float = np.nan
    high: float = np.nan
    errors: tuple[float, float, float] = (np.nan, np.nan, np.nan)


def attractor(t: FloatArray, signal: ComplexArray, tiny: float = 0.0) -> Attractor:
    """What |signal| (n,) at ascending times t (n,) has come to in the last half of the time.

    tiny : a size that counts as none.
    """
    late = t >= t[-1] - TAIL * (t[-1] - t[0])
    top = float(np.abs(signal).max())
    t, signal = t[late], signal[late]
    x = np.abs(signal)
    if len(t) < 4 or not np.isfinite(x).all():
        return Attractor("neither")
    first, second = np.array_split(x, 2)
    gone = second.max() <= tiny or x[-1] <= VANISHED * top
    if gone and x[-1] <= x[0]:
        return Attractor("fixed point")
    change, before = np.ptp(second), np.ptp(first)
    if change <= SAME * x.max() and change <= max(before, 1e-6 * x.max()):
        return Attractor("fixed point")
    return cycle(t, signal)


def cycle(t: FloatArray, signal: ComplexArray) -> Attractor:
    """The limit cycle in |signal| (n,), or neither: periods of one to four peaks each."""
    x = np.abs(signal)
    when, peaks = extremes(t, x)
    lows = minima(t, signal)
    scale = SAME * np.ptp(x)
    for each in range(1, MOST_PEAKS + 1):
        count = each * REPEATS
        if len(peaks) < count + each or len(lows) < count:
            break
        last, before = peaks[-count:], peaks[-count - each : -each]
        periods = when[-count:] - when[-count - each : -each]
        period = float(periods.mean())
        if np.abs(last - before).max() > scale or np.ptp(periods) > SAME * period:
            continue
        spacing = float(np.diff(t).max())
        if period < RESOLVED * spacing or np.ptp(x[t >= t[-1] - period]) <= 0:
            continue
        highs, bottoms = (
            pick(values[-count:].reshape(REPEATS, each), axis=1)
            for pick, values in ((np.max, peaks), (np.min, lows))
        )
        hidden = 0.02 * np.ptp(x) * (2 * np.pi * spacing / period) ** 2
        errors = (
            float(np.ptp(periods)) + spacing**2 / period,
            float(np.ptp(bottoms)) + hidden,
            float(np.ptp(highs)) + hidden,
        )
        return Attractor("limit cycle", period, float(bottoms[-1]), float(highs[-1]), errors)
    return Attractor("neither")


def extremes(t: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(times, values) of the maxima of x (n,), by the parabola through three samples."""
    j = np.flatnonzero((x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:])) + 1
    left, right = t[j] - t[j - 1], t[j + 1] - t[j]
    up, down = (x[j] - x[j - 1]) / left, (x[j + 1] - x[j]) / right
    bend = (down - up) / (left + right)  # half the second derivative, < 0
    slope = (up * right + down * left) / (left + right)
    bend = np.where(bend < 0, bend, -np.inf)
    return t[j] - 0.5 * slope / bend, x[j] - 0.25 * slope**2 / bend


def minima(t: FloatArray, signal: ComplexArray) -> FloatArray:
    """The minima of |signal| (n,), by the complex parabola through three samples.

    |signal| itself has a kink where the signal passes by 0.
    """
    x = np.abs(signal)
    j = np.flatnonzero((x[1:-1] < x[:-2]) & (x[1:-1] <= x[2:])) + 1
    left, right = (t[j] - t[j - 1])[:, None], (t[j + 1] - t[j])[:, None]
    before, at, after = (signal[j + shift][:, None] for shift in (-1, 0, 1))
    up, down = (at - before) / left, (after - at) / right
    part = np.linspace(-1, 1, FINE)
    dt = np.where(part < 0, left, right) * part
    curve = at + (up * right + down * left) / (left + right) * dt
    curve = curve + (down - up) / (left + right) * dt**2
    return np.asarray(np.abs(curve).min(axis=1, initial=np.inf))


def recurrence(t: FloatArray, rows: FloatArray) -> Attractor:
    """What several signals together, rows (n, k) at ascending times t (n,), have come to.

    Looked at is the last half of the time. A cycle has the first period after which the rows
    return: their mean square distance has a minimum below a tenth of that of unrelated times. Its
    error: how much the periods of both halves differ, and what the distance of samples hides.
    """
    late = (t >= t[-1] - TAIL * (t[-1] - t[0])) & np.append(np.diff(t) > 0.99 * (t[1] - t[0]), True)
    late[-1] &= t[-1] - t[-2] > 0.99 * (t[1] - t[0])
    t, rows = t[late], rows[late]
    if len(t) < 2 * RESOLVED or not np.isfinite(rows).all():
        return Attractor("neither")
    size = float(np.abs(rows).max())
    first, second = (np.ptp(part, axis=0).max() for part in np.array_split(rows, 2))
    if second <= SAME * size and second <= max(first, 1e-6 * size):
        return Attractor("fixed point")
    spacing = float(t[-1] - t[0]) / (len(t) - 1)
    period = _first_return(rows, REPEATS)
    if np.isnan(period):
        return Attractor("neither")
    parts = [_first_return(part, 1) for part in np.array_split(rows, 2)]
    slip = np.nanmax(np.abs(np.array([*parts, period]) - period))
    error = spacing * float(slip) + spacing / period
    return Attractor("limit cycle", spacing * period, errors=(error, np.nan, np.nan))


def _first_return(rows: FloatArray, repeats: int) -> float:
    """Samples after which rows (n, k) return, which are ``repeats`` times in n; nan for none."""
    n = len(rows)
    last = n // (repeats + 1) + 2
    apart = 2 * float(((rows - rows.mean(0)) ** 2).mean())
    distance = np.array([((rows[j:] - rows[: n - j]) ** 2).mean() for j in range(last)]) / apart
    for j in range(RESOLVED, last - 1):
        low, at, high = distance[j - 1 : j + 2]
        if at < RETURN and at < low and at <= high:
            return float(j + 0.5 * (low - high) / (low - 2 * at + high))
    return np.nan
