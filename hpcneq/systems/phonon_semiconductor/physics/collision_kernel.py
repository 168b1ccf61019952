"""Compiled rates of change of two bands with a laser, phonons and recombination, for many runs.

What `collisions` describes, momentum by momentum in one pass: numpy would make some forty passes
over arrays too short for it.
"""

from __future__ import annotations

import functools

import numpy as np

from ....maths.compiled import jit

compiled = functools.partial(jit, error_model="numpy")
Array = np.ndarray


def sparse(M: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first (n + 1,), column, value) of the entries of M that are not zero, row by row.

    int32, int32 and float arrays.
    """
    rows, columns = np.nonzero(M)
    first = np.searchsorted(rows, np.arange(len(M) + 1)).astype(np.int32)
    return first, columns.astype(np.int32), np.ascontiguousarray(M[rows, columns], float)


def folded(M: np.ndarray, count: int) -> np.ndarray:
    """M (n, n), the same at k and -k, between the first ``count`` momenta, of fields that are."""
    part = M[:count, :count].copy()
    part[:, : len(M) - count] += M[:count, count:][:, ::-1]
    return part


def scattering(M: np.ndarray, count: int | None = None) -> tuple[np.ndarray, ...]:
    """What `rates` needs of one band's M (n, n).

    The entries of M and of its transpose by rows, and the sums of the columns; of the first
    ``count`` momenta, see `rates`.
    """
    count = len(M) if count is None else count
    return (
        *sparse(folded(M, count)),
        *sparse(folded(M.T, count)),
        np.ascontiguousarray(M.sum(axis=0)[:count]),
    )


@compiled
def scatter(n, change, loss, first, source, gain, first_out, target, out, column):
    """loss = M n + M^T (1 - n) and change += 2 (M n - n loss) of one band of one run."""
    for k in range(n.size):
        filled, back = 0.0, 0.0
        for j in range(first[k], first[k + 1]):
            filled += gain[j] * n[source[j]]
        for j in range(first_out[k], first_out[k + 1]):
            back += out[j] * n[target[j]]
        total = filled + (column[k] - back)
        loss[k] = total
        change[k] += 2.0 * (filled - n[k] * total)


@compiled
def spread(x, forth, back, first, source, gain, first_out, target, out):
    """forth = M x and back = M^T x of a complex x (n,)."""
    for k in range(x.size):
        total = 0j
        for j in range(first[k], first[k + 1]):
            total += gain[j] * x[source[j]]
        forth[k] = total
        total = 0j
        for j in range(first_out[k], first_out[k + 1]):
            total += out[j] * x[target[j]]
        back[k] = total


@compiled
def between(n, other, n21, d21, s, ds, turn, band):
    """Add the products of two bands' scattering, which the emissions of one of them make.

    n : its population, (runs, n). other : rates of the other band's population. turn : whether s_-k
    belongs to momentum k of this band, as it does in the lower one. band : its `scattering` but the
    sums.
    """
    last = n.shape[1] - 1
    forth, back, pairs = (
        np.empty(last + 1, np.complex128),
        np.empty(last + 1, np.complex128),
        np.empty(last + 1, np.complex128),
    )
    for r in range(n.shape[0]):
        spread(n21[r], forth, back, *band)
        for k in range(last + 1):
            other[r, k] += 2.0 * (np.conj(back[k]) * n21[r, k] - np.conj(n21[r, k]) * forth[k]).real
            d21[r, k] += (1.0 - n[r, k]) * forth[k] + n[r, k] * back[k]
            pairs[k] = s[r, last - k] if turn else s[r, k]
        spread(pairs, forth, back, *band)
        for k in range(last + 1):
            other[r, last - k] += (
                2.0 * (pairs[k] * np.conj(back[k]) - np.conj(pairs[k]) * forth[k]).real
            )
            ds[r, last - k if turn else k] -= n[r, k] * back[k] + (1.0 - n[r, k]) * forth[k]


@compiled
def drive(
    n11: Array,
    n22: Array,
    n21: Array,
    s: Array,
    delta: complex,
    g: complex,
    whole: int,
    recombination: tuple[bool, float],
    changes: tuple[Array, Array],
) -> None:
    """What laser, pairs and recombination change of the populations of one run; see `rates`.

    recombination : (lindblad, rate).
    """
    lindblad, rate = recombination
    last = n11.size - 1
    for k in range(n11.size):
        flow = g.imag * n21[k].real - g.real * n21[k].imag  # -(i/2) (g n12 - c.c.)
        pair, mirrored = s[k], s[k if last + 1 < whole else last - k]
        down = rate * n22[k] * (1.0 - n11[k])
        if lindblad:
            down += rate * (n21[k].real * n21[k].real + n21[k].imag * n21[k].imag)
            if 2 * k == whole - 1:  # a pair of one momentum leaves nowhere to go
                down -= rate * (pair.real * pair.real + pair.imag * pair.imag)
        back = delta.real * mirrored.imag + delta.imag * mirrored.real
        forth = delta.real * pair.imag + delta.imag * pair.real
        changes[0][k] = flow - 2.0 * back + down
        changes[1][k] = -2.0 * forth - flow - down


@compiled
def rates(
    fields: tuple, delta: Array, g: Array, whole: int, constants: tuple, changes: tuple
) -> None:
    """Write the rates of change of the fields n11, n22, n21, s (runs, n) into the changes.

    whole : momenta of the grid. Where the arrays have fewer they are the first half, the middle
    included, of fields that are the same at k and -k (without ``redfield``).

    Populations float, the others complex. delta, g : (runs,) complex, order parameter and laser.
    lower, upper : `scattering` of the bands. lindblad, redfield : bool, which recombination and
    collisions. rate : of recombination.
    """
    n11, n22, n21, s = fields
    d11, d22, d21, ds = changes
    eps, E, lower, upper, lindblad, redfield, rate = constants
    n = eps.size
    half = n < whole
    loss1, loss2 = np.empty(n), np.empty(n)
    for r in range(s.shape[0]):
        x, y, gr, gi = delta[r].real, delta[r].imag, g[r].real, g[r].imag
        a, b = n11[r], n22[r]
        c, p = n21[r], s[r]
        da, db = d11[r], d22[r]
        dc, dp = d21[r], ds[r]
        drive(a, b, c, p, delta[r], g[r], whole, (lindblad, rate), (da, db))
        scatter(a, da, loss1, *lower)
        scatter(b, db, loss2, *upper)
        for k in range(n):
            m = k if half else n - 1 - k
            mixing, breaking = loss1[k] + loss2[k], loss2[k] + loss1[m]
            if lindblad:
                mixing += 0.5 * rate
                if 2 * k != whole - 1:
                    breaking += 0.5 * rate * (1.0 - a[k] + b[m])
            else:
                mixing += rate * (1.0 - a[k] + b[k])
            u, v = c[k].real, c[k].imag
            lift = 0.5 * (b[k] - a[k])
            dc[k] = complex(
                gi * lift - eps[k] * v - mixing * u, eps[k] * u - mixing * v - gr * lift
            )
            u, v, paired = p[k].real, p[k].imag, a[m] + b[k] - 1.0
            dp[k] = complex(
                y * paired - E[k] * v - breaking * u, x * paired + E[k] * u - breaking * v
            )
    if redfield:
        between(n11, d22, n21, d21, s, ds, True, lower[:6])
        between(n22, d11, n21, d21, s, ds, False, upper[:6])


@compiled
def shift(now: Array, new: Array, old: Array, change: Array, inside: float, share: float) -> None:
    """new += share change and now = old + inside change, flat arrays of numbers."""
    for j in range(now.size):
        new[j] += share * change[j]
        now[j] = old[j] + inside * change[j]


@compiled
def parts(flat: Array, n: int) -> tuple:
    """(n11, n22) (1, n) and (n21, s) (1, n) complex, views of flat (6 n,)."""
    pairs = flat[2 * n :].view(np.complex128)
    return (
        flat[:n].reshape(1, n),
        flat[n : 2 * n].reshape(1, n),
        pairs[:n].reshape(1, n),
        pairs[n:].reshape(1, n),
    )


@compiled
def order_parameter(V: float, weight: Array, s: Array) -> complex:
    """Delta of one run from s (n,)."""
    total = 0j
    for j in range(weight.size):
        total += weight[j] * s[j]
    return V * total.conjugate()


@compiled
def runge_kutta(
    fields: tuple,
    V: Array,
    weight: Array,
    laser: Array,
    whole: int,
    constants: tuple,
    step: float,
    count: int,
) -> None:
    """``count`` fourth-order steps of length ``step`` of n11, n22, n21, s (runs, n) in place.

    Each run passes through all of them while its fields stay in the cache. V, laser : (runs,)
    interaction and coupling. weight : (n,) dk/2pi. whole, constants : those of `rates`.
    """
    n11, n22, n21, s = fields
    n = weight.size
    work = np.empty((4, 6 * n))
    old, now = work[0], work[1]
    new, change = work[2], work[3]
    first, stage = parts(old, n), parts(now, n)
    changes = parts(change, n)
    delta, g = np.empty(1, np.complex128), np.empty(1, np.complex128)
    inside, shares = (0.5 * step, 0.5 * step, step, 0.0), (step / 6, step / 3, step / 3, step / 6)
    for r in range(V.size):
        g[0] = laser[r]
        first[0][0], first[1][0] = n11[r], n22[r]
        first[2][0], first[3][0] = n21[r], s[r]
        for _ in range(count):
            now[:] = old
            new[:] = old
            for k in range(4):
                delta[0] = order_parameter(V[r], weight, stage[3][0])
                rates(stage, delta, g, whole, constants, changes)
                shift(now, new, old, change, inside[k], shares[k])
            old[:] = new
        n11[r], n22[r] = first[0][0], first[1][0]
        n21[r], s[r] = first[2][0], first[3][0]
