"""Exponents of a trace in time: a signal that is a sum of few exponentials in the end, and some more that is not."""

from __future__ import annotations

import numpy as np

MOST = (4, 5, 6, 7, 8)  # exponentials, and a quarter of the rows at most
SHARES = (0.4, 0.3, 0.5)  # of the trace, its last
KEPT = 1e-7  # of the largest singular value
POINTS = 400  # of the window at most
COVERED = 0.8  # share of the fits that move by no more than an error
ROUNDING = 1e-8  # of exponents


def late_exponent(t, x):
    """lambda of the exponential that is largest at the end of x (n,) at even times t (n,), a shorter last interval left out; nan if x is 0 or short.

    The most central of fits to the last 30, 40 and 50% by 4 to 8 exponentials: a trace has branch cuts too, and any one fit jumps now and then.
    """
    return central(exponents(t, x))


def central(found):
    """The one of these numbers with the smallest sum of distances to the others."""
    found = found[~np.isnan(found)]
    return (
        complex(found[np.argmin(np.abs(found[:, None] - found).sum(axis=1))])
        if len(found)
        else complex(np.nan, np.nan)
    )


def exponents(t, x, near=None):
    """(len(SHARES) len(MOST),) complex : the late exponent of each fit, or with ``near`` the exponent next to that; of a real x with Im >= 0."""
    t, x = np.asarray(t), np.asarray(x)
    if len(t) > 3 and abs(t[-1] - t[-2] - (t[-2] - t[-3])) > 1e-6 * (t[-2] - t[-3]):
        t, x = t[:-1], x[:-1]
    found = np.concatenate([window(t, x, share, near) for share in SHARES])
    return found if np.any(np.imag(x)) else found.real + 1j * np.abs(found.imag)


def window(t, x, share, near):
    """(len(MOST),) : those of the last ``share``.

    Rotation of the signal subspace (ESPRIT): the singular vectors of the Hankel matrix turn by e^{lambda h} from one row to the next.
    """
    first = np.searchsorted(t, t[-1] - share * (t[-1] - t[0]))
    t, x = t[first:], np.asarray(x[first:], complex)
    stride = max(1, len(t) // POINTS)
    t, x = t[::-1][::stride][::-1], x[::-1][::stride][::-1]
    if len(t) < 8 or not np.abs(x).max() > 0:
        return np.full(len(MOST), complex(np.nan, np.nan))
    h, x = t[1] - t[0], x / np.abs(x).max()
    U, singular, _ = np.linalg.svd(
        np.lib.stride_tricks.sliding_window_view(x, len(t) // 2).T, full_matrices=False
    )
    found = []
    for most in MOST:
        V = U[:, : min(most, len(t) // 4, int(np.sum(singular > KEPT * singular[0])))]
        turns = np.linalg.eigvals(np.linalg.lstsq(V[:-1], V[1:], rcond=None)[0])
        best = largest(turns, x) if near is None else np.argmin(np.abs(np.log(turns) / h - near))
        found.append(np.log(turns[best]) / h)
    return np.array(found)


def largest(turns, x):
    """Which of these geometric series is largest at the end of x."""
    powers = turns[None] ** np.arange(len(x))[:, None]
    scale = np.abs(powers).max(axis=0)
    weight = np.linalg.lstsq(powers / scale, x, rcond=None)[0]
    return np.argmax(np.abs(weight * powers[-1] / scale))


def covering(moves):
    """The move that all but a few of the fits stay below."""
    moves = np.abs(moves[~np.isnan(moves)])
    return float(np.quantile(moves, COVERED, method="higher")) if len(moves) else float("nan")


def exponent_error(t, x, others, safety):
    """Bound on the error of late_exponent(t, x), nan if there is none: spread of the fits (other modes, branch cuts), step, grid, poles.

    others : [(t, x)], the same with twice the step, then with that and one further source of error each. The first counts by 1/safety, each other
    one by its difference from the first, at the same times; of the fits of each, all but a fifth move by less.
    """
    found = exponents(t, x)
    late = central(found)
    if np.isnan(late):
        return float("nan")
    (at, trace), *further = others
    first = exponents(at, trace, late)
    moves = [
        covering(first - exponents(at, np.interp(at, t, x), late)) / safety,
        *(covering(exponents(*other, late) - first) for other in further),
    ]
    return covering(found - late) + sum(moves) + ROUNDING
