"""The sum over pairs of momenta in M(q, w), compiled.

Panels, logarithms of one momentum each, and what both momenta make of them. A level's projectors
are P = (1 + a cos t3 + a sin t1)/2 with cos = xi/E, sin = -D/E, and
K_aj = P_a |j><j| G^A(aE - ig) = P_a |j><j| [alpha P_a + beta_a P_-a], alpha = i/2g,
beta_a = 1/(2aE - 2ig). A sum over j of K_aj X_j therefore needs two numbers alone,

    up   = alpha (P11 X_1 + P22 X_2) + P22 beta (X_1 - X_2),
    down = alpha (P11 X_1 + P22 X_2) - P11 beta (X_1 - X_2):

its elements are 11: P11 up, 22: P22 down, 12: P12 down, 21: P12 up.
"""

from __future__ import annotations

import numpy as np

from hpcneq.maths.compiled import lazily

Array = np.ndarray


@lazily
def divide(
    low: Array, high: Array, real: Array, size: Array, most: float, count: Array, edges: Array
) -> int:
    """Panels from low to high (rows,), each holding at most ``most`` of int dx/h.

    Fills count (rows,) and, up to it, edges (rows, n + 1). h is the distance from one of the places
    real +- i size (rows, n), of which the one that is felt most counts: int dx/h over a panel is
    asinh((x' - real)/size) - asinh((x - real)/size), so that the panel's end x' is closed. A second
    round makes the panels of a row alike, where it still arrives. Returns the largest count; where
    that exceeds n, edges must be longer.
    """
    largest = 1
    for i in range(len(low)):
        share, first = most, 0
        for attempt in range(4):
            grow, turn = np.cosh(share), np.sinh(share)
            x, n = low[i], 0
            last = x
            while x < high[i] and (attempt == 0 or n < first):
                last, y = x, np.inf
                for p in range(real.shape[1]):
                    d = x - real[i, p]
                    y = min(
                        y, real[i, p] + d * grow + np.sqrt(d * d + size[i, p] * size[i, p]) * turn
                    )
                x, n = max(y, x + 1e-14 * (1 + high[i])), n + 1
                if n < edges.shape[1]:
                    edges[i, n] = min(x, high[i])
            if x >= high[i] and attempt > 0:
                break
            if attempt == 0:
                held = 0.0
                for p in range(real.shape[1]):
                    held = max(
                        held,
                        np.arcsinh((high[i] - real[i, p]) / size[i, p])
                        - np.arcsinh((last - real[i, p]) / size[i, p]),
                    )
                first = max(n, 1)
                share = ((first - 1) * most + min(held, most)) / first
            elif attempt == 1:
                share = 0.5 * (share + most)
            else:
                share = most
        edges[i, 0] = low[i]
        count[i] = first
        largest = max(largest, first)
        for n in range(min(first, edges.shape[1] - 1), edges.shape[1]):
            edges[i, n] = high[i]
    return largest


@lazily
def cold_own(E: Array, mt: float, g: float, own: Array) -> None:
    """Fill own (b, m, 2, 2) for energies E (b, m): log(+-mt - aE - ig).

    The last axis but one is a = +1, -1, the last the edge, +mt, -mt.
    """
    for i in range(E.shape[0]):
        for n in range(E.shape[1]):
            e = E[i, n]
            for a, x in enumerate((mt - e, mt + e)):
                size, turn = 0.5 * np.log(x * x + g * g), np.arctan2(-g, x)
                own[i, n, a, 0] = complex(size, turn)
                own[i, n, 1 - a, 1] = complex(size, -np.pi - turn)


@lazily
def cold_ahead(E: Array, w: Array, mt: float, g: float, ahead: Array) -> None:
    """Fill ahead (n_w, b, m, 2, 2) for energies E (b, m): log(+-mt - aE - w - ig), Im w > -g.

    Axes as in `cold_own`. On the imaginary axis half of them mirror the others, as there.
    """
    for f in range(len(w)):
        still, y = w[f].real == 0, -w[f].imag - g
        for i in range(E.shape[0]):
            for n in range(E.shape[1]):
                e = E[i, n]
                if still:
                    for a, x in enumerate((mt - e, mt + e)):
                        size, turn = 0.5 * np.log(x * x + y * y), np.arctan2(y, x)
                        ahead[f, i, n, a, 0] = complex(size, turn)
                        ahead[f, i, n, 1 - a, 1] = complex(size, -np.pi - turn)
                    continue
                for a, s in enumerate((e + w[f].real, w[f].real - e)):
                    for j, x in enumerate((mt - s, -mt - s)):
                        ahead[f, i, n, a, j] = complex(
                            0.5 * np.log(x * x + y * y), np.arctan2(y, x)
                        )


def _values(logarithm, rates, values):
    """Fill values (2, 2) with L_j at energies a = +1, -1, from logarithms (2, 2) of the same."""
    gb, gv = rates
    for a in range(2):
        for j in range(2):
            decay = gv if j == 0 else -gv
            values[a, j] = -2 * gb * logarithm[a, j] + 1j * np.pi * (decay - gb)


def _gap_terms(logarithm, e, cos, rates):
    """(Re G, pi Im G/g) of `frequency_integrals.pair_function` at a level e from its logarithms."""
    gb, gv = rates
    g = gb + gv
    up, down = 1j / np.pi * logarithm[0, 0] - 0.5, 1j / np.pi * logarithm[1, 0] - 0.5
    inside = -np.pi / (2 * g * e) * (up / complex(e, g) + down / complex(e, -g)).real
    mixed = gv * np.pi / (2 * g * (e * e + g * g)) - gb * inside
    return gb * (up.real - down.real) / (2 * g * e) + cos * e * mixed / np.pi, mixed


def _columns(first, second, alpha, p11, p22, beta, x1, x2):
    """(first + up, second + down) of the module's head, for X_1 and X_2."""
    both, apart = alpha * (p11 * x1 + p22 * x2), beta * (x1 - x2)
    return first + both + p22 * apart, second + both - p11 * apart


def _branches(E, cos, sin, g, real, beta):
    """Fill real (2, 4), sign, P11, P22, P12, and beta (2,) of a level's upper and lower branch."""
    for a in range(2):
        sign = 1.0 - 2 * a
        real[a, 0], real[a, 3] = sign, 0.5 * sign * sin
        real[a, 1], real[a, 2] = 0.5 * (1 + sign * cos), 0.5 * (1 - sign * cos)
        beta[a] = _inverse(complex(2 * sign * E, -2 * g))


def _inverse(z):
    """1/z of a number whose square neither overflows nor vanishes."""
    return z.conjugate() / (z.real * z.real + z.imag * z.imag)


def _add_row(i, sums, outer, low, side, weight, inner, own, ahead, w, rates, close, found):
    """`pair_sums` of outer momentum i and all its inner ones; returns ``sums`` with its own added.

    outer : (E, cos, sin) of k. inner : (E, cos, sin) of k', (b, m) each.
    """
    g, (real, imaginary) = rates[0] + rates[1], sums
    alpha = 0.5j / g
    mine, moved = np.empty((2, 2), np.complex128), np.empty((2, 2), np.complex128)
    here, there = np.empty((2, 4)), np.empty((2, 4))
    beta_here, beta_there = np.empty(2, np.complex128), np.empty(2, np.complex128)
    _branches(outer[0], outer[1], outer[2], g, here, beta_here)
    for n in range(weight.shape[1]):
        e, share = inner[0][i, n], weight[i, n]
        _values(own[i, n], rates, mine)
        gap, mixed = _gap_terms(own[i, n], e, inner[1][i, n], rates)
        real, imaginary = real + share * gap, imaginary + share * g * mixed / np.pi
        _branches(e, inner[1][i, n], inner[2][i, n], g, there, beta_there)
        for f in range(len(w)):
            _values(ahead[f, i, n], rates, moved)
            for c in range(2):
                p11, p22 = here[c, 1], here[c, 2]
                p12, beta_p = here[c, 3], beta_here[c]
                level = here[c, 0] * outer[0] - w[f]
                x1, x2 = low[i, c, f, 0], low[i, c, f, 1]
                s1, s2 = side[i, c, 0], side[i, c, 1]
                for a in range(2):
                    r11, r22 = there[a, 1], there[a, 2]
                    r12, beta_r = there[a, 3], beta_there[a]
                    d = level - there[a, 0] * e
                    far = share * _inverse(d - 2j * g)
                    if abs(d.real) + abs(d.imag) < close:
                        d = complex(close, 0.0)
                    near, band = share * _inverse(d), 1 if a == c else 0
                    m1, m2 = mine[a, 0], mine[a, 1]
                    v1, v2 = moved[a, 0], moved[a, 1]
                    y1, y2 = x1 - m1.conjugate(), x2 - m2.conjugate()
                    up, down = _columns(0j, 0j, alpha, r11, r22, beta_r, y1, y2)
                    beta = beta_p.conjugate()
                    U, V = _columns(down, up, -alpha, p11, p22, beta, s1 - v1, s2 - v2)
                    beta = beta_r.conjugate()
                    up, down = _columns(0j, 0j, -alpha, r11, r22, beta, x1 - m1, x2 - m2)
                    y1, y2 = s1.conjugate() - v1, s2.conjugate() - v2
                    X, Y = _columns(down, up, alpha, p11, p22, beta_p, y1, y2)
                    U, V = near * U, near * V
                    X, Y = far * X, far * Y
                    found[f, band, 0] += p11 * r22 * (U + X)
                    found[f, band, 1] += p22 * r11 * (V + Y)
                    found[f, band, 2] += p12 * r12 * (U + Y)
                    found[f, band, 3] += p12 * r12 * (V + X)
    return real, imaginary


@lazily(calls=(_values, _gap_terms, _columns, _inverse, _branches, _add_row))
def pair_sums(
    E: Array,
    cos: Array,
    sin: Array,
    low: Array,
    side: Array,
    weight: Array,
    inner: Array,
    inner_cos: Array,
    inner_sin: Array,
    own: Array,
    ahead: Array,
    w: Array,
    rates: tuple[float, float],
    close: float,
    found: Array,
) -> tuple[float, float]:
    """Add to found (n_w, 2, 4) the traces A11 B22, A22 B11, A12 B12, A21 B21; inter-, intra-band.

    E, cos, sin (b,) : levels of k; inner, inner_cos, inner_sin (b, m) : those of k'; weight (b, m).
    low (b, 2, n_w, 2) : L_j(cE - ig - w), side (b, 2, 2) : L_j(cE + ig), c = +1, -1; own, ahead as
    in `cold_own`, `cold_ahead`; w (n_w,); rates (gb, gv); close : |d| that counts as zero. Returns
    the sums of weight Re G and of weight Im G over k'.
    """
    sums, levels = (0.0, 0.0), (inner, inner_cos, inner_sin)
    for i in range(len(E)):
        outer = (E[i], cos[i], sin[i])
        sums = _add_row(
            i, sums, outer, low, side, weight, levels, own, ahead, w, rates, close, found
        )
    return sums
