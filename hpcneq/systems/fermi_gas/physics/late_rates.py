"""Exponents of a trace in time: in the end a sum of few exponentials, and some more that is not."""

from __future__ import annotations

import numpy as np

MOST = (4, 5, 6, 7, 8)  # exponentials, and a quarter of the rows at most
SHARES = (0.4, 0.3, 0.5)  # of the trace, its last
KEPT = 1e-7  # of the largest singular value
POINTS = 400  # of the window at most
COVERED = 0.8  # share of the fits that move by no more than an error
ROUNDING = 1e-8  # of exponents


def late_exponent(t: np.ndarray, x: np.ndarray) -> complex:
    """lambda of the exponential that is largest at the end of x (n,); nan if x is 0 or short.

    t : (n,) even times; a shorter last interval is left out. The most central of fits to the last
    30, 40 and 50% by 4 to 8 exponentials: a trace has branch cuts too, and any one fit jumps now
    and then.
    """
    return central(exponents(t, x))


def central(numbers: np.ndarray) -> complex:
    """The one of these numbers with the smallest sum of distances to the others; nan if all are."""
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        return complex(np.nan, np.nan)
    distances = np.abs(numbers[:, None] - numbers).sum(axis=1)
    return complex(numbers[np.argmin(distances)])


def exponents(t: np.ndarray, x: np.ndarray, near: complex | None = None) -> np.ndarray:
    """(len(SHARES) len(MOST),) complex : the late exponent of each fit.

    With ``near`` the exponent next to that. Of a real x those with Im >= 0.
    """
    t, x = np.asarray(t), np.asarray(x)
    if len(t) > 3 and abs(t[-1] - t[-2] - (t[-2] - t[-3])) > 1e-6 * (t[-2] - t[-3]):
        t, x = t[:-1], x[:-1]
    values = np.concatenate([window(t, x, share, near) for share in SHARES])
    if np.any(np.imag(x)):
        return values
    return values.real + 1j * np.abs(values.imag)


def window(t: np.ndarray, x: np.ndarray, share: float, near: complex | None) -> np.ndarray:
    """(len(MOST),) : those of the last ``share``.

    Rotation of the signal subspace (ESPRIT): the singular vectors of the Hankel matrix turn by
    e^{lambda h} from one row to the next.
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
    values = []
    for most in MOST:
        V = U[:, : min(most, len(t) // 4, int(np.sum(singular > KEPT * singular[0])))]
        turns = np.linalg.eigvals(np.linalg.lstsq(V[:-1], V[1:], rcond=None)[0])
        if near is None:
            best = largest(turns, x)
        else:
            best = np.argmin(np.abs(np.log(turns) / h - near))
        values.append(np.log(turns[best]) / h)
    return np.array(values)


def largest(turns: np.ndarray, x: np.ndarray) -> int:
    """Which of these geometric series is largest at the end of x."""
    powers = turns[None] ** np.arange(len(x))[:, None]
    scale = np.abs(powers).max(axis=0)
    weight = np.linalg.lstsq(powers / scale, x, rcond=None)[0]
    return np.argmax(np.abs(weight * powers[-1] / scale))


def covering(moves: np.ndarray) -> float:
    """The move that all but a few of the fits stay below."""
    moves = np.abs(moves[~np.isnan(moves)])
    if not len(moves):
        return float("nan")
    return float(np.quantile(moves, COVERED, method="higher"))


def exponent_error(
    t: np.ndarray, x: np.ndarray, others: list[tuple[np.ndarray, np.ndarray]], safety: float
) -> float:
    """Bound on the error of late_exponent(t, x), nan if there is none.

    It is the spread of the fits (other modes, branch cuts), and what step, grid and poles do.
    others : [(t, x)], the same with twice the step, then with that and one further source of error
    each. The first counts by 1/safety, each other one by its difference from the first, at the
    same times; of the fits of each, all but a fifth move by less.
    """
    values = exponents(t, x)
    late = central(values)
    if np.isnan(late):
        return float("nan")
    (at, trace), *further = others
    first = exponents(at, trace, late)
    moves = [
        covering(first - exponents(at, np.interp(at, t, x), late)) / safety,
        *(covering(exponents(*other, late) - first) for other in further),
    ]
    return covering(values - late) + sum(moves) + ROUNDING
