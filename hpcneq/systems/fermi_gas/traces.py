"""Exponents of a trace in time: a signal that is a sum of few exponentials in the end."""
from __future__ import annotations

import numpy as np

MOST = 8          # exponentials
KEPT = 1e-7       # of the largest singular value
POINTS = 400      # of the window at most
SCATTER = 2.0     # of the exponents of a few windows, for the error of one
EARLIER = (0.9, 0.8)      # of the trace: ends whose exponents are compared with that of the whole
SHORT = 0.3       # share of the trace whose exponent is compared with that of .4


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
    U = U[:, :min(MOST, int(np.sum(singular > KEPT * singular[0])))]
    turns = np.linalg.eigvals(np.linalg.lstsq(U[:-1], U[1:], rcond=None)[0])
    powers = turns[None] ** np.arange(len(t))[:, None]
    scale = np.abs(powers).max(axis=0)
    weight = np.linalg.lstsq(powers / scale, x, rcond=None)[0]
    best = np.argmax(np.abs(weight * powers[-1] / scale))
    return complex(np.log(turns[best]) / h)


def exponent_error(t, x, late, others, safety):
    """Bound on the error of late = late_exponent(t, x): a shorter window, earlier ends, and the same of ``others`` [(t, x)], the first with twice the step."""
    ends = [late_exponent(t, x, SHORT)] + [late_exponent(t[:k], x[:k]) for k in (int(share * len(t)) for share in EARLIER)]
    found = SCATTER * float(np.nanmax(np.abs(np.array(ends) - late)))
    for k, (at, trace) in enumerate(others):
        same = late_exponent(at, np.interp(at, t, x))
        moved = abs(late_exponent(at, trace) - same)
        found += moved / safety if k == 0 else moved
    return float(found)
