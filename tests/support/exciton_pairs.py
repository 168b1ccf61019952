"""The pair response of the electron-hole condensate by another route than the package's.

Triples of poles, plain sums in (p, cos).

Hanai et al. (2017), Eqs. (36), (45), at T_b = 0. G^K = G^R Sigma^K G^A is taken column by column:
each bubble is a sum over poles of integrals int dv S(v)/[(v-z1)(v-z2)(v-z3)], S a step, hence
second divided differences of logarithms.
"""

from __future__ import annotations

import itertools

import numpy as np

from hpcneq.systems.exciton_bec.physics.frequency_integrals import pair_function
from hpcneq.systems.exciton_bec.physics.radial_grid import grid


def bubbles(k, kk, w, D, mu, mt, gb, gv):
    """(2, 2, n): Pi_ss' per pair of momenta (k, kk) (n,), at frequency w > -ig.

    The integrand of sum_p in Eq. (36), s, s' = 1, 2. The first Green function has momentum k and
    frequency v + w, the second kk and v. Valid for Im w > -g.
    """
    g = gb + gv
    first, second = _levels(k, D, mu), _levels(kk, D, mu)
    found = np.zeros((2, 2, len(k)), complex)
    for a, b, c in itertools.product((1, -1), repeat=3):
        for j, (edge, decay) in enumerate(((mt, gv), (-mt, -gv))):
            low = (c * first[0] - w - 1j * g, a * second[0] - 1j * g, b * second[0] + 1j * g)
            high = (c * second[0] + w + 1j * g, b * first[0] + 1j * g, a * first[0] - 1j * g)
            X, Y = _step(low, edge, gb, decay), _step(high, edge, gb, decay)
            Pa, Pb, Pc = (p[x] for p, x in ((second[1], a), (second[1], b), (first[1], c)))
            Qa, Qb, Qc = (p[x] for p, x in ((first[1], a), (first[1], b), (second[1], c)))
            for s, t in itertools.product((0, 1), repeat=2):
                found[s, t] += (
                    _sandwich(Pb, s, Pc, t, Pa, j) * X + _sandwich(Qb, t, Qc, s, Qa, j) * Y
                )
    return found * (0.5j / (2 * np.pi) * -2j)


def _levels(k, D, mu):
    """(E, {+1: P_+, -1: P_-}) : energies and projectors (2, 2, n) of the two branches."""
    xi = k**2 - mu
    E = np.hypot(xi, D)
    c, s = xi / E, -D / E
    one = np.ones_like(E)
    return E, {a: 0.5 * np.array([[one + a * c, a * s], [a * s, one - a * c]]) for a in (1, -1)}


TAU = (np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]))


def _sandwich(left, s, middle, t, right, j):
    """(left tau_s middle tau_t right)_jj, (n,)."""
    row = np.einsum("an,ab->bn", left[j], TAU[s])
    column = np.einsum("ab,bn->an", TAU[t], right[:, j])
    return np.einsum("an,abn,bn->n", row, middle, column)


def _step(z, edge, gb, decay):
    """int dv [gb sgn(v - edge) + decay]/[(v-z1)(v-z2)(v-z3)]; z1, z2 on one side of the real axis,
    z3 on the other.
    """
    z1, z2, z3 = z
    side = 1 if np.imag(z3.flat[0] if np.ndim(z3) else z3) > 0 else -1
    near, far = -side * 1j * np.pi, side * 1j * np.pi  # int dv/(v - z) over the line

    def whole(x, turn):
        return gb * (-2 * np.log(edge - x) - turn) + decay * turn

    d = z1 - z2
    ratio = -d / (edge - z2)
    small = np.abs(ratio) < 1e-14
    slope = np.where(
        small, -1 / (edge - z2), np.log1p(np.where(small, 1.0, ratio)) / np.where(small, 1.0, d)
    )
    return (-2 * gb * slope - (whole(z2, near) - whole(z3, far)) / (z2 - z3)) / (z1 - z3)


def matrix(state, q, w, angles=8, far=400.0):
    """(2, 2) M(q, w) of Eq. (35) for long waves: q below the width of every feature.

    Complex w with Im w > -g; sums go to p = ``far``. 2/U is summed as Re G at the same two momenta,
    so that M22(0, 0) = 0 at every momentum. Beyond p = g/q levels of the two momenta differ by less
    than g at angles next to 90 degrees alone: cos = sinh(a x)/sinh(a) with a = asinh(2 p q/g).
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, far, state.drive.fine)
    x, share = np.polynomial.legendre.leggauss(angles if q else 1)
    a = np.arcsinh(2 * p * q / state.g)[:, None] + 1e-3
    cos, share = (np.sinh(a * x) / np.sinh(a)).ravel(), a * np.cosh(a * x) / np.sinh(a) * share
    k, weight = (
        np.repeat(p, len(x)),
        ((weight * p**2)[:, None] * share * 0.5 / (2 * np.pi**2)).ravel(),
    )
    plus, minus = (np.sqrt(np.maximum(k**2 + 0.25 * q**2 + s * k * q * cos, 0)) for s in (1, -1))
    at = (state.delta, state.mt, state.gb, state.gv)
    Pi = bubbles(plus, minus, w, state.delta, state.mu, *at[1:])
    inverse = sum(pair_function(m**2 - state.mu, *at)[0] for m in (plus, minus))
    return np.array(
        [
            [weight @ (inverse - Pi[0, 0]), -(weight @ Pi[0, 1])],
            [-(weight @ Pi[1, 0]), weight @ (inverse - Pi[1, 1])],
        ]
    )
