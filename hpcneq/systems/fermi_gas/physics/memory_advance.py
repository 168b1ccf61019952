"""The compiled kernel of one exponential step of the reservoirs' auxiliary modes.

Over a step the Hamiltonian of a momentum counts as linear in time, H = H_mid + (s - dt/2) H', with
levels e = a +- E of H_mid and the unit vector n of its pairs (:mod:`.memory_steps`). A mode moves
exactly by the propagator of the momentum and by its own decay, and its source adds -i s_g times

    int_0^dt U(dt, s) e^{lambda (dt - s)} ds,

exact in the levels and lambda, of first order in H'. It passes over memory once; planes are those
of :mod:`.memory_kernel`. All that is computed for one mode lies in one array, in rows of ``LANES``
momenta: so the compiler knows that nothing overlaps, and works on many momenta at once.
"""

from __future__ import annotations

import numpy as np

from ....maths.compiled import lazily

LANES = 64  # momenta of a row
# rows of one momentum's coefficients, in the order of `memory_steps.Frame.rows`
LEVELS, ALONG = 0, 3
TURNED, ACROSS = 5, 9
TURN = 18
COEFFICIENTS = 26
# of a mode: rows of its weights; double rows, of both columns of Pi, of the propagator, of what the
# source adds, and of the sums of all modes
WEIGHTS = 18
COPIES, ADDED = 13, 21
SUMS = 25
ROWS = 2 * (SUMS + 8)


def weigh(work: np.ndarray, n: int, rate: np.ndarray, source: float, dt: float) -> None:
    """Weights of 1, n, H' across n and n x H' in the integral, times -i s_g.

    rate (6,) : lambda at the middle, e^{lambda dt}, real and imaginary parts; d Im lambda/dt.
    """
    half = 0.5 * dt
    lr, li = rate[0], rate[1]
    er, ei = rate[2], rate[3]
    drive = rate[4]
    for j in range(n):
        p = li - work[LEVELS * LANES + j]
        q = li - work[(LEVELS + 1) * LANES + j]
        f, g = np.divide(1.0, lr * lr + p * p), np.divide(1.0, lr * lr + q * q)
        pr, pi = lr * f, -p * f  # 1/(lambda - i e)
        qr, qi = lr * g, -q * g
        tr = er * work[TURNED * LANES + j] - ei * work[(TURNED + 1) * LANES + j]
        ti = er * work[(TURNED + 1) * LANES + j] + ei * work[TURNED * LANES + j]
        vr = er * work[(TURNED + 2) * LANES + j] - ei * work[(TURNED + 3) * LANES + j]
        vi = er * work[(TURNED + 3) * LANES + j] + ei * work[(TURNED + 2) * LANES + j]
        # int_0^dt (1, t, t^2) e^{(lambda - i e) t} dt of both levels
        fr, fi = (tr - 1.0) * pr - ti * pi, (tr - 1.0) * pi + ti * pr
        gr, gi = (vr - 1.0) * qr - vi * qi, (vr - 1.0) * qi + vi * qr
        xr, xi = dt * tr - fr, dt * ti - fi
        yr, yi = dt * vr - gr, dt * vi - gi
        sr, si = xr * pr - xi * pi, xr * pi + xi * pr
        ur, ui = yr * qr - yi * qi, yr * qi + yi * qr
        xr, xi = dt * dt * tr - 2 * sr, dt * dt * ti - 2 * si
        yr, yi = dt * dt * vr - 2 * ur, dt * dt * vi - 2 * ui
        cr, ci = xr * pr - xi * pi, xr * pi + xi * pr
        dr, di = yr * qr - yi * qi, yr * qi + yi * qr
        # of equal levels
        up, down = work[ALONG * LANES + j] - drive, work[(ALONG + 1) * LANES + j] - drive
        ar, ai = fr + up * (half * si - 0.5 * ci), fi - up * (half * sr - 0.5 * cr)
        br, bi = gr + down * (half * ui - 0.5 * di), gi - down * (half * ur - 0.5 * dr)
        # of unlike levels, 2 E apart
        w = np.divide(0.5, work[(LEVELS + 2) * LANES + j])
        hr = -0.5 * w * (dt * (gr - fr) + sr - ur)
        hi = -0.5 * w * (dt * (gi - fi) + si - ui)
        mr = 0.5 * w * (si + ui) + (gr - fr) * w * w
        mi = -0.5 * w * (sr + ur) + (gi - fi) * w * w
        work[WEIGHTS * LANES + j] = 0.5 * source * (ai + bi)
        work[(WEIGHTS + 1) * LANES + j] = -0.5 * source * (ar + br)
        work[(WEIGHTS + 2) * LANES + j] = 0.5 * source * (ai - bi)
        work[(WEIGHTS + 3) * LANES + j] = -0.5 * source * (ar - br)
        work[(WEIGHTS + 4) * LANES + j] = source * hi
        work[(WEIGHTS + 5) * LANES + j] = -source * hr
        work[(WEIGHTS + 6) * LANES + j] = source * mi
        work[(WEIGHTS + 7) * LANES + j] = -source * mr


def add(work: np.ndarray, n: int) -> None:
    """What the source adds to both columns, from its weights."""
    for j in range(n):
        w0r, w0i = work[WEIGHTS * LANES + j], work[(WEIGHTS + 1) * LANES + j]
        w1r, w1i = work[(WEIGHTS + 2) * LANES + j], work[(WEIGHTS + 3) * LANES + j]
        w2r, w2i = work[(WEIGHTS + 4) * LANES + j], work[(WEIGHTS + 5) * LANES + j]
        w3r, w3i = work[(WEIGHTS + 6) * LANES + j], work[(WEIGHTS + 7) * LANES + j]
        u, h = work[ACROSS * LANES + j], work[(ACROSS + 3) * LANES + j]
        m = work[(ACROSS + 6) * LANES + j]
        xr, xi = w1r * u + w2r * h + w3r * m, w1i * u + w2i * h + w3i * m
        u, h = work[(ACROSS + 1) * LANES + j], work[(ACROSS + 4) * LANES + j]
        m = work[(ACROSS + 7) * LANES + j]
        yr, yi = w1r * u + w2r * h + w3r * m, w1i * u + w2i * h + w3i * m
        u, h = work[(ACROSS + 2) * LANES + j], work[(ACROSS + 5) * LANES + j]
        m = work[(ACROSS + 8) * LANES + j]
        zr, zi = w1r * u + w2r * h + w3r * m, w1i * u + w2i * h + w3i * m
        work[2 * ADDED * LANES + j] = w0r + zr
        work[(2 * ADDED + 1) * LANES + j] = xr + yi
        work[(2 * ADDED + 2) * LANES + j] = w0i + zi
        work[(2 * ADDED + 3) * LANES + j] = xi - yr
        work[(2 * ADDED + 4) * LANES + j] = xr - yi
        work[(2 * ADDED + 5) * LANES + j] = w0r - zr
        work[(2 * ADDED + 6) * LANES + j] = xi + yr
        work[(2 * ADDED + 7) * LANES + j] = w0i - zi


def move(work: np.ndarray, old: np.ndarray, new: np.ndarray, n: int, rate: np.ndarray) -> None:
    """The mode after the step, and its share of the sums of Pi and of lambda Pi.

    old, new : (4 double rows,) of the mode before and after: upper and lower, real and imaginary.
    """
    er, ei = rate[2], rate[3]
    lr, li = rate[5], rate[6]
    for j in range(2 * n):
        pr, pi = old[j], old[2 * LANES + j]
        qr, qi = old[4 * LANES + j], old[6 * LANES + j]
        ar, ai = work[2 * COPIES * LANES + j], work[2 * (COPIES + 1) * LANES + j]
        br, bi = work[2 * (COPIES + 2) * LANES + j], work[2 * (COPIES + 3) * LANES + j]
        ur, ui = ar * pr - ai * pi + br * qr - bi * qi, ar * pi + ai * pr + br * qi + bi * qr
        ar, ai = work[2 * (COPIES + 4) * LANES + j], work[2 * (COPIES + 5) * LANES + j]
        br, bi = work[2 * (COPIES + 6) * LANES + j], work[2 * (COPIES + 7) * LANES + j]
        vr, vi = ar * pr - ai * pi + br * qr - bi * qi, ar * pi + ai * pr + br * qi + bi * qr
        ar = work[2 * ADDED * LANES + j] + er * ur - ei * ui
        ai = work[2 * (ADDED + 1) * LANES + j] + er * ui + ei * ur
        br = work[2 * (ADDED + 2) * LANES + j] + er * vr - ei * vi
        bi = work[2 * (ADDED + 3) * LANES + j] + er * vi + ei * vr
        new[j], new[2 * LANES + j] = ar, ai
        new[4 * LANES + j], new[6 * LANES + j] = br, bi
        work[2 * SUMS * LANES + j] += ar
        work[2 * (SUMS + 1) * LANES + j] += ai
        work[2 * (SUMS + 2) * LANES + j] += br
        work[2 * (SUMS + 3) * LANES + j] += bi
        work[2 * (SUMS + 4) * LANES + j] += lr * ar - li * ai
        work[2 * (SUMS + 5) * LANES + j] += lr * ai + li * ar
        work[2 * (SUMS + 6) * LANES + j] += lr * br - li * bi
        work[2 * (SUMS + 7) * LANES + j] += lr * bi + li * br


@lazily(calls=(weigh, add, move))
def advance(
    pi: np.ndarray,
    out: np.ndarray,
    sums: np.ndarray,
    frame: np.ndarray,
    rates: np.ndarray,
    source: np.ndarray,
    dt: float,
) -> None:
    """Modes after a step into ``out``, the sums of all modes there into ``sums``.

    pi, out : (items, modes, 8 LANES). sums : (items, 16 LANES), of Pi and of lambda Pi. frame :
    (items, COEFFICIENTS LANES). rates : (modes, 7), those of `weigh` and lambda at the end.
    source : (modes,).
    """
    items, modes, width = pi.shape
    n = width // 8  # LANES, as a number the compiler does not know: else it makes no vectors
    work = np.empty(ROWS * LANES)
    for i in range(items):
        work[: TURN * LANES] = frame[i, : TURN * LANES]
        for k in range(8):
            at, turn = 2 * (COPIES + k) * LANES, frame[i, (TURN + k) * LANES :]
            for j in range(n):
                work[at + j] = turn[j]
                work[at + LANES + j] = turn[j]
        work[2 * SUMS * LANES :] = 0.0
        for g in range(modes):
            weigh(work, n, rates[g], source[g], dt)
            add(work, n)
            move(work, pi[i, g], out[i, g], n, rates[g])
        sums[i] = work[2 * SUMS * LANES :]


def total(pi: np.ndarray, n: int, sums: np.ndarray, lr: float, li: float) -> None:
    """Add one mode to the sums."""
    for j in range(2 * n):
        pr, qr = pi[j], pi[2 * LANES + j]
        rr, sr = pi[4 * LANES + j], pi[6 * LANES + j]
        sums[j] += pr
        sums[2 * LANES + j] += qr
        sums[4 * LANES + j] += rr
        sums[6 * LANES + j] += sr
        sums[8 * LANES + j] += lr * pr - li * qr
        sums[10 * LANES + j] += lr * qr + li * pr
        sums[12 * LANES + j] += lr * rr - li * sr
        sums[14 * LANES + j] += lr * sr + li * rr


@lazily(calls=(total,))
def collect(pi: np.ndarray, sums: np.ndarray, rates: np.ndarray) -> None:
    """The sums of :func:`advance` of the modes as they are; rates : (modes, 2) of lambda."""
    items, modes, width = pi.shape
    n = width // 8
    for i in range(items):
        sums[i] = 0.0
        for g in range(modes):
            total(pi[i, g], n, sums[i], rates[g, 0], rates[g, 1])


def add_turn(sums: np.ndarray, at: np.ndarray, D: complex, source: float, n: int) -> None:
    """-i H times the sum of Pi, and the sources, added to the sum of lambda Pi.

    at : (2 LANES,) a + xi and a - xi.
    """
    re, im = D.real, D.imag
    for j in range(n):
        up, down = at[j], at[LANES + j]
        pr, pi = sums[j], sums[2 * LANES + j]
        qr, qi = sums[LANES + j], sums[3 * LANES + j]
        rr, ri = sums[4 * LANES + j], sums[6 * LANES + j]
        sr, si = sums[5 * LANES + j], sums[7 * LANES + j]
        sums[8 * LANES + j] += up * pi - re * ri - im * rr
        sums[10 * LANES + j] += -up * pr + re * rr - im * ri - source
        sums[9 * LANES + j] += up * qi - re * si - im * sr
        sums[11 * LANES + j] += -up * qr + re * sr - im * si
        sums[12 * LANES + j] += down * ri - re * pi + im * pr
        sums[14 * LANES + j] += -down * rr + re * pr + im * pi
        sums[13 * LANES + j] += down * si - re * qi + im * qr
        sums[15 * LANES + j] += -down * sr + re * qr + im * qi - source


def gather(push: np.ndarray, sums: np.ndarray, width: float, n: int) -> None:
    """x_0 and x of width + P + P^+, (4 LANES,), from 8 rows of sums."""
    for j in range(n):
        up, down = sums[j], sums[5 * LANES + j]
        push[j], push[3 * LANES + j] = width + up + down, up - down
        push[LANES + j] = sums[LANES + j] + sums[4 * LANES + j]
        push[2 * LANES + j] = sums[6 * LANES + j] - sums[3 * LANES + j]


@lazily(calls=(add_turn, gather))
def push(
    sums: np.ndarray, at: np.ndarray, D: complex, width: float, source: float, out: np.ndarray
) -> None:
    """width + Pi + Pi^+ and its velocity as x_0 + x.tau into ``out`` (items, 2, 4 LANES).

    sums : those of :func:`advance`; changed. at : (items, 2 LANES), a + xi and a - xi.
    """
    n = at.shape[1] // 2
    for i in range(len(sums)):
        add_turn(sums[i], at[i], D, source, n)
        gather(out[i, 0], sums[i, : 8 * LANES], width, n)
        gather(out[i, 1], sums[i, 8 * LANES :], 0.0, n)
