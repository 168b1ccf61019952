"""The sum over pairs of momenta in M(q, w), compiled.

What M needs of one momentum with levels +-E is L_j(aE + ig), j an edge of the bath, and the same
moved by the frequency: with edges mt, -mt and decays gv, -gv

    L_j(z) = -2 gb int dv (-df/dv) log(edge_j - z - v) + i pi (decay_j - gb),   Im z > 0.

A level's projectors are P = (1 + a cos t3 + a sin t1)/2 with cos = xi/E, sin = -D/E, and
K_aj = P_a |j><j| G^A(aE - ig) = P_a |j><j| [alpha P_a + beta_a P_-a], alpha = i/2g,
beta_a = 1/(2aE - 2ig). A sum over j of K_aj X_j therefore needs two numbers alone,

    up   = alpha (P11 X_1 + P22 X_2) + P22 beta (X_1 - X_2),
    down = alpha (P11 X_1 + P22 X_2) - P11 beta (X_1 - X_2):

its elements are 11: P11 up, 22: P22 down, 12: P12 down, 21: P12 up.

Innermost loops run over momenta k' and hold neither branches nor calls, real and imaginary parts
apart, so that a processor takes several momenta at once.
"""

from __future__ import annotations

import numpy as np

from hpcneq.maths.compiled import lazily
from hpcneq.maths.polar import polar

Array = np.ndarray
STEPS = 10  # of digamma's recurrence, after which six terms of its series are enough
WORK = 3  # arrays of room that `level_values` needs
SMALLEST = 1e-12  # E below it counts as this, as in `frequency_integrals.energy`


# ---- levels ---------------------------------------------------------------------------------


def _smeared(real, low, T, size, turn, work):
    """Fill size and turn (n,) with the smeared log z, z = real + i low, low < 0; work (2, n).

    int dv (-df/dv) log(z - v) = psi(1/2 + u) + log(2 pi T) - i pi/2 with u = i z/(2 pi T); psi
    from u + STEPS, next to which log and series have settled, and the recurrence back to u.
    """
    a, b = work[0], work[1]
    for n in range(len(real)):
        a[n], b[n] = real[n], low
    if T > 0:
        unit = 1 / (2 * np.pi * T)
        for n in range(len(real)):
            a[n], b[n] = STEPS - low * unit, real[n] * unit
    polar(a, b, size, turn)
    if T == 0:
        return
    scale = np.log(2 * np.pi * T)
    for n in range(len(real)):
        z = complex(a[n], b[n])
        w = _inverse(z * z)
        series = w * (-127 / 30720 + w * (511 / 67584 - w * (1414477 / 67092480)))
        series = w * (1 / 24 + w * (-7 / 960 + w * (31 / 8064 + series)))
        y = (z - 9.5) * (z - 0.5)
        steps = _inverse(y) + _inverse(y + 8) + _inverse(y + 14) + _inverse(y + 18)
        rest = series - (2 * z - 10) * (steps + _inverse(y + 20))
        size[n] += scale + rest.real
        turn[n] += rest.imag - 0.5 * np.pi


def _inverse(z):
    """1/z of a number whose square neither overflows nor vanishes."""
    scale = 1 / (z.real * z.real + z.imag * z.imag)
    return complex(scale * z.real, -scale * z.imag)


def _level_values(E, w, bath, values, work):
    """Fill values (2, 2, 2, n) with L_j(aE + w + ig) of levels E (n,), Im w > -g; work (3, n).

    Axes: a = +1, -1; the edge j, +mt, -mt; real and imaginary part. bath : (mt, T, gb, gv). On the
    imaginary axis half of them mirror the others.
    """
    mt, T, gb, gv = bath
    x, low, still = work[2], -(w.imag + gb + gv), w.real == 0
    for a in range(2):
        sign = 1.0 - 2 * a
        for j in range(1 if still else 2):
            edge = (mt if j == 0 else -mt) - w.real
            for n in range(len(E)):
                x[n] = edge - sign * E[n]
            size, turn = values[a, j, 0], values[a, j, 1]
            _smeared(x, low, T, size, turn, work)
            if still:
                mirrored, turned = values[1 - a, 1, 0], values[1 - a, 1, 1]
                for n in range(len(E)):
                    mirrored[n] = -2 * gb * size[n]
                    turned[n] = 2 * gb * turn[n] + np.pi * (gb - gv)
            rest = np.pi * ((gv if j == 0 else -gv) - gb)
            for n in range(len(E)):
                size[n] = -2 * gb * size[n]
                turn[n] = rest - 2 * gb * turn[n]


def _levels(k, D, mu, levels):
    """Fill levels (3, n) with (E, xi/E, -D/E) at momenta k (n,)."""
    for n in range(len(k)):
        xi = k[n] * k[n] - mu
        E = max(np.sqrt(xi * xi + D * D), SMALLEST)
        levels[0, n] = E
        levels[1, n] = xi / E
        levels[2, n] = -D / E


def _gap_terms(levels, values, bath, terms):
    """Fill terms (2, n) with (Re G, Im G) of `frequency_integrals.pair_function` at levels (3, n).

    values (2, 2, 2, n) : their `_level_values` at w = 0.
    """
    gb, gv = bath[2], bath[3]
    g = gb + gv
    E, cos, unit = levels[0], levels[1], 0.5 / (np.pi * gb)
    for n in range(len(E)):
        # R - 1/2 = (i/pi) log - 1/2 of both branches, from L_1
        up = complex(unit * (values[0, 0, 1, n] - np.pi * (gv - gb)), -unit * values[0, 0, 0, n])
        down = complex(unit * (values[1, 0, 1, n] - np.pi * (gv - gb)), -unit * values[1, 0, 0, n])
        up, down, level = up - 0.5, down - 0.5, complex(E[n], g)
        inside = (up * _inverse(level) + down * _inverse(level.conjugate())).real
        inside *= -np.pi / (2 * g * E[n])
        mixed = gv * np.pi / (2 * g * (E[n] * E[n] + g * g)) - gb * inside
        terms[0, n] = gb * (up.real - down.real) / (2 * g * E[n]) + cos[n] * E[n] * mixed / np.pi
        terms[1, n] = g * mixed / np.pi


@lazily(calls=(polar, _inverse, _smeared, _level_values, _levels, _gap_terms), wide=True)
def prepare(
    k: Array,
    inner: Array,
    weight: Array,
    D: float,
    mu: float,
    bath: tuple[float, float, float, float],
    levels: Array,
    values: Array,
    inner_levels: Array,
    inner_values: Array,
    gap: Array,
) -> None:
    """Fill what pairs of momenta k (b,) and inner (b, m) hold whatever the frequency.

    levels (3, b), inner_levels (b, 3, m) : E, xi/E, -D/E. values (2, 2, 2, b), inner_values
    (b, 2, 2, 2, m) : L_j(aE + ig) by a, j, real and imaginary part. gap (2, 2) : Re G, Im G of k
    and of k', summed with the weights (b, m). bath : (mt, T, gb, gv).
    """
    work, terms = np.empty((WORK, len(k))), np.empty((2, len(k)))
    _levels(k, D, mu, levels)
    _level_values(levels[0], 0j, bath, values, work)
    _gap_terms(levels, values, bath, terms)
    work, row = np.empty((WORK, inner.shape[1])), np.empty((2, inner.shape[1]))
    gap[:] = 0.0
    for i in range(len(k)):
        _levels(inner[i], D, mu, inner_levels[i])
        _level_values(inner_levels[i, 0], 0j, bath, inner_values[i], work)
        _gap_terms(inner_levels[i], inner_values[i], bath, row)
        share = real = imaginary = 0.0
        for n in range(inner.shape[1]):
            share += weight[i, n]
            real += weight[i, n] * row[0, n]
            imaginary += weight[i, n] * row[1, n]
        for t in range(2):
            gap[0, t] += share * terms[t, i]
        gap[1, 0] += real
        gap[1, 1] += imaginary


# ---- pairs ----------------------------------------------------------------------------------


def _columns(first, second, alpha, p11, p22, beta, x1, x2):
    """(first + up, second + down) of the module's head, for X_1 and X_2."""
    both, apart = alpha * (p11 * x1 + p22 * x2), beta * (x1 - x2)
    return first + both + p22 * apart, second + both - p11 * apart


def _projectors(sign, E, cos, sin, g):
    """(P11, P22, P12, beta) of the branch ``sign`` of a level."""
    beta = _inverse(complex(2 * sign * E, -2 * g))
    return 0.5 * (1 + sign * cos), 0.5 * (1 - sign * cos), 0.5 * sign * sin, beta


def _number(values, a, j, n):
    """L_j of branch a at level n as a complex number."""
    return complex(values[a, j, 0, n], values[a, j, 1, n])


def _branch_sums(a, level, branch, low, side, inner, own, ahead, weight, g, close):
    """The four sums over momenta k' of branch a with one branch of k.

    level : cE - w. branch : `_projectors` of cE. low, side : (L_1, L_2) at cE - ig - w, cE + ig.
    inner (3, m) : levels of k'. own, ahead (2, 2, 2, m) : L at E' + ig, at E' + ig + w.
    """
    alpha, sign = complex(0, 0.5 / g), 1.0 - 2 * a
    p11, p22, p12, beta_p = branch
    x1, x2 = low
    s1, s2 = side
    real1 = real2 = real3 = real4 = imag1 = imag2 = imag3 = imag4 = 0.0
    for n in range(len(weight)):
        e = inner[0, n]
        r11, r22, r12, beta_r = _projectors(sign, e, inner[1, n], inner[2, n], g)
        m1, m2 = _number(own, a, 0, n), _number(own, a, 1, n)
        v1, v2 = _number(ahead, a, 0, n), _number(ahead, a, 1, n)
        d = complex(level.real - sign * e, level.imag)
        far = weight[n] * _inverse(complex(d.real, d.imag - 2 * g))
        d = complex(close if abs(d.real) + abs(d.imag) < close else d.real, d.imag)
        near = weight[n] * _inverse(d)
        y1, y2 = x1 - m1.conjugate(), x2 - m2.conjugate()
        up, down = _columns(0j, 0j, alpha, r11, r22, beta_r, y1, y2)
        U, V = _columns(down, up, -alpha, p11, p22, beta_p.conjugate(), s1 - v1, s2 - v2)
        up, down = _columns(0j, 0j, -alpha, r11, r22, beta_r.conjugate(), x1 - m1, x2 - m2)
        y1, y2 = s1.conjugate() - v1, s2.conjugate() - v2
        X, Y = _columns(down, up, alpha, p11, p22, beta_p, y1, y2)
        U, V, X, Y = near * U, near * V, far * X, far * Y
        first, second = r22 * (U + X), r11 * (V + Y)
        third, fourth = r12 * (U + Y), r12 * (V + X)
        real1, imag1 = real1 + first.real, imag1 + first.imag
        real2, imag2 = real2 + second.real, imag2 + second.imag
        real3, imag3 = real3 + third.real, imag3 + third.imag
        real4, imag4 = real4 + fourth.real, imag4 + fourth.imag
    return (
        p11 * complex(real1, imag1),
        p22 * complex(real2, imag2),
        p12 * complex(real3, imag3),
        p12 * complex(real4, imag4),
    )


@lazily(
    calls=(
        polar,
        _inverse,
        _smeared,
        _level_values,
        _columns,
        _projectors,
        _number,
        _branch_sums,
    ),
    wide=True,
)
def pair_sums(
    levels: Array,
    values: Array,
    inner_levels: Array,
    inner_values: Array,
    weight: Array,
    w: Array,
    bath: tuple[float, float, float, float],
    close: float,
    found: Array,
) -> None:
    """Add to found (n_w, 2, 4) the traces A11 B22, A22 B11, A12 B12, A21 B21; inter-, intra-band.

    levels to inner_values : as `prepare` fills them; weight (b, m); w (n_w,) frequencies; bath :
    (mt, T, gb, gv); close : |d| that counts as zero.
    """
    g, m = bath[2] + bath[3], weight.shape[1]
    outer, work = np.empty((WORK, weight.shape[0])), np.empty((WORK, m))
    below, ahead = np.empty(values.shape), np.empty((2, 2, 2, m))
    for f in range(len(w)):
        # L(cE - ig - w) is the conjugate of L(cE + ig - w*)
        _level_values(levels[0], -w[f].conjugate(), bath, below, outer)
        for i in range(weight.shape[0]):
            _level_values(inner_levels[i, 0], w[f], bath, ahead, work)
            for c in range(2):
                sign = 1.0 - 2 * c
                branch = _projectors(sign, levels[0, i], levels[1, i], levels[2, i], g)
                low = (
                    _number(below, c, 0, i).conjugate(),
                    _number(below, c, 1, i).conjugate(),
                )
                side = _number(values, c, 0, i), _number(values, c, 1, i)
                level = sign * levels[0, i] - w[f]
                for a in range(2):
                    band = 1 if a == c else 0
                    sums = _branch_sums(
                        a,
                        level,
                        branch,
                        low,
                        side,
                        inner_levels[i],
                        inner_values[i],
                        ahead,
                        weight[i],
                        g,
                        close,
                    )
                    for t in range(4):
                        found[f, band, t] += sums[t]
