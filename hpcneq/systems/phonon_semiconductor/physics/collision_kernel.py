"""Compiled rates of change of two bands with a laser, phonons and recombination, for many runs.

What `collisions` describes, momentum by momentum in one pass: numpy would make some forty passes
over arrays too short for it.
"""

from __future__ import annotations

import functools

import numpy as np

from ....maths.compiled import jit

compiled = functools.partial(jit, error_model="numpy")


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
def rates(
    n11,
    n22,
    n21,
    s,
    delta,
    g,
    whole,
    eps,
    E,
    lower,
    upper,
    lindblad,
    redfield,
    rate,
    d11,
    d22,
    d21,
    ds,
):
    """Write the rates of change of n11, n22, n21, s into d11, d22, d21, ds, (runs, n) each.

    whole : momenta of the grid. Where the arrays have fewer they are the first half, the middle
    included, of fields that are the same at k and -k (without ``redfield``).

    Populations float, the others complex. delta, g : (runs,) complex, order parameter and laser.
    lower, upper : `scattering` of the bands. lindblad, redfield : bool, which recombination and
    collisions. rate : of recombination.
    """
    n = eps.size
    half = n < whole
    loss1, loss2 = np.empty(n), np.empty(n)
    for r in range(s.shape[0]):
        x, y, gr, gi = delta[r].real, delta[r].imag, g[r].real, g[r].imag
        a, b, c, p = n11[r], n22[r], n21[r], s[r]
        da, db, dc, dp = d11[r], d22[r], d21[r], ds[r]
        for k in range(n):
            flow = gi * c[k].real - gr * c[k].imag  # -(i/2) (g n12 - c.c.)
            pair, mirrored = p[k], p[k if half else n - 1 - k]
            down = rate * b[k] * (1.0 - a[k])
            if lindblad:
                down += rate * (c[k].real * c[k].real + c[k].imag * c[k].imag)
                if 2 * k == whole - 1:  # a pair of one momentum leaves nowhere to go
                    down -= rate * (pair.real * pair.real + pair.imag * pair.imag)
            da[k] = flow - 2.0 * (x * mirrored.imag + y * mirrored.real) + down
            db[k] = -2.0 * (x * pair.imag + y * pair.real) - flow - down
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
            u, v, lift = c[k].real, c[k].imag, 0.5 * (b[k] - a[k])
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
def shift(now, new, old, change, inside, share):
    """new += share change and now = old + inside change, flat arrays of numbers."""
    for j in range(now.size):
        new[j] += share * change[j]
        now[j] = old[j] + inside * change[j]


@compiled
def parts(flat, n):
    """(n11, n22) (1, n) and (n21, s) (1, n) complex, views of flat (6 n,)."""
    pairs = flat[2 * n :].view(np.complex128)
    return (
        flat[:n].reshape(1, n),
        flat[n : 2 * n].reshape(1, n),
        pairs[:n].reshape(1, n),
        pairs[n:].reshape(1, n),
    )


@compiled
def runge_kutta(n11, n22, n21, s, V, weight, laser, whole, constants, step, count):
    """``count`` fourth-order steps of length ``step`` of fields (runs, n), in place.

    Each run passes through all of them while its fields stay in the cache. V, laser : (runs,)
    interaction and coupling. weight : (n,) dk/2pi. whole, constants : what `rates` takes behind
    the laser.
    """
    n = weight.size
    old, now, new, change = np.empty(6 * n), np.empty(6 * n), np.empty(6 * n), np.empty(6 * n)
    fields, fields_now, changes = parts(old, n), parts(now, n), parts(change, n)
    delta, g = np.empty(1, np.complex128), np.empty(1, np.complex128)
    inside, shares = (0.5 * step, 0.5 * step, step, 0.0), (step / 6, step / 3, step / 3, step / 6)
    for r in range(V.size):
        g[0] = laser[r]
        fields[0][0], fields[1][0], fields[2][0], fields[3][0] = n11[r], n22[r], n21[r], s[r]
        for _ in range(count):
            now[:] = old
            new[:] = old
            for k in range(4):
                total = 0j
                for j in range(n):
                    total += weight[j] * fields_now[3][0, j]
                delta[0] = V[r] * total.conjugate()
                rates(*fields_now, delta, g, whole, *constants, *changes)
                shift(now, new, old, change, inside[k], shares[k])
            old[:] = new
        n11[r], n22[r], n21[r], s[r] = fields[0][0], fields[1][0], fields[2][0], fields[3][0]
