"""Exponents of a trace in time: a signal that is a sum of few exponentials in the end."""
from __future__ import annotations

import numpy as np

MOST = 8          # exponentials, and a quarter of the rows at most
KEPT = 1e-7       # of the largest singular value
ROUNDING = 1e-8   # of exponents
POINTS = 400      # of the window at most
WINDOWS = ((0.4, 1.0), (0.3, 1.0), (0.4, 0.9), (0.4, 0.8))      # (last share, end) of a trace: windows of time whose exponents are compared


def late_exponent(t, x, share=0.4):
    """lambda of the exponential that is largest at the end of x (n,) at even times t (n,), a shorter last interval left out, from the last ``share`` of it; nan if x is 0.

    Rotation of the signal subspace (ESPRIT): the singular vectors of the Hankel matrix turn by e^{lambda h} from one row to the next.
    """
    if len(t) > 3 and abs(t[-1] - t[-2] - (t[-2] - t[-3])) > 1e-6 * (t[-2] - t[-3]):
        t, x = t[:-1], x[:-1]
    first = np.searchsorted(t, t[-1] - share * (t[-1] - t[0]))
    t, x = t[first:], np.asarray(x[first:], complex)
    stride = max(1, len(t) // POINTS)
    t, x = t[::-1][::stride][::-1], x[::-1][::stride][::-1]
    if len(t) < 8 or not np.abs(x).max() > 0:
        return complex(np.nan, np.nan)
    h, half = t[1] - t[0], len(t) // 2
    hankel = np.lib.stride_tricks.sliding_window_view(x / np.abs(x).max(), half).T
    U, singular, _ = np.linalg.svd(hankel, full_matrices=False)
    U = U[:, :min(MOST, len(t) // 4, int(np.sum(singular > KEPT * singular[0])))]
    turns = np.linalg.eigvals(np.linalg.lstsq(U[:-1], U[1:], rcond=None)[0])
    powers = turns[None] ** np.arange(len(t))[:, None]
    scale = np.abs(powers).max(axis=0)
    weight = np.linalg.lstsq(powers / scale, x, rcond=None)[0]
    best = np.argmax(np.abs(weight * powers[-1] / scale))
    return complex(np.log(turns[best]) / h)


def exponents(t, x):
    """(len(WINDOWS),) complex : late exponents of windows of time of one trace, the usual one first."""
    return np.array([late_exponent(t[:k], x[:k], share) for share, k in ((share, int(end * len(t))) for share, end in WINDOWS)])


def window_scatter(t, x):
    """How far the exponents of shorter and earlier windows lie from late_exponent(t, x): what other modes still do to it, and only a longer trace can change."""
    found = exponents(t, x)
    return float(np.nanmax(np.abs(found - found[0])))


def exponent_error(t, x, others, safety):
    """Bound on the change of late_exponent(t, x) with a smaller step, a finer grid or more poles.

    others : [(t, x)], the same with twice the step, then with that and one further source of error each. The first counts by 1/safety, each other
    one by its difference from the first, all at the same times; and of each the largest in any window of time, since a trace that is not a sum of few exponentials
    moves the exponent of one window by chance.
    """
    (at, trace), *further = others
    main, first = exponents(at, np.interp(at, t, x)), exponents(at, trace)
    moves = [np.abs(first - main) / safety, *(np.abs(exponents(*other) - first) for other in further)]
    return float(sum(np.nanmax(move) for move in moves)) + ROUNDING
