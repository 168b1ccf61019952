"""Long waves of the condensate: coefficients of M(q, w) at small q and w, from the pair bubbles in closed form at T_b = 0.

Hanai et al. (2018), Eqs. (36), (45). The Keldysh function is taken as G^K = G^R Sigma^K G^A, column by column: each bubble is a
sum over poles of integrals int dv S(v)/[(v-z1)(v-z2)(v-z3)], S a step, hence second divided differences of logarithms.
"""
from __future__ import annotations

import itertools

import numpy as np

from .kernels import energy, pair_function
from .momenta import grid

FAR = 400.0      # kF: sums of the bubbles go so far; what is beyond is below 1e-6 of them


def bubbles(k, kk, w, D, mu, mt, gb, gv):
    """(2, 2, n) : Pi_ss' per pair of momenta (k, kk) (n,), at frequency w > -ig: the integrand of sum_p in Eq. (36), s, s' = 1, 2.

    The first Green function has momentum k and frequency v + w, the second kk and v. Valid for Im w > -g.
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
                found[s, t] += _sandwich(Pb, s, Pc, t, Pa, j) * X + _sandwich(Qb, t, Qc, s, Qa, j) * Y
    return found * (0.5j / (2 * np.pi) * -2j)


def _levels(k, D, mu):
    """(E, {+1: P_+, -1: P_-}) : energies and projectors (2, 2, n) of the two branches."""
    xi = k**2 - mu
    E = energy(xi, D)
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
    """int dv [gb sgn(v - edge) + decay]/[(v-z1)(v-z2)(v-z3)]; z1, z2 on one side of the real axis, z3 on the other."""
    z1, z2, z3 = z
    side = 1 if np.imag(z3.flat[0] if np.ndim(z3) else z3) > 0 else -1
    near, far = -side * 1j * np.pi, side * 1j * np.pi      # int dv/(v - z) over the line

    def whole(x, turn):
        return gb * (-2 * np.log(edge - x) - turn) + decay * turn

    d = z1 - z2
    ratio = -d / (edge - z2)
    small = np.abs(ratio) < 1e-14
    slope = np.where(small, -1 / (edge - z2), np.log1p(np.where(small, 1.0, ratio)) / np.where(small, 1.0, d))
    return (-2 * gb * slope - (whole(z2, near) - whole(z3, far)) / (z2 - z3)) / (z1 - z3)


def matrix(state, q, w, angles=8):
    """(2, 2) M(q, w) of Eq. (35) for long waves: q below the width of every feature. Complex w with Im w > -g; in eF^2 kF^3/eF^2 units.

    2/U is summed as Re G at the same two momenta, so that M22(0, 0) = 0 at every momentum.
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, FAR, state.drive.fine)
    x, share = np.polynomial.legendre.leggauss(angles if q else 1)
    k, weight = np.repeat(p, len(x)), (weight[:, None] * p[:, None]**2 * share * 0.5 / (2 * np.pi**2)).ravel()
    x = np.tile(x, len(p))
    plus, minus = (np.sqrt(np.maximum(k**2 + 0.25 * q**2 + s * k * q * x, 0)) for s in (1, -1))
    at = (state.delta, state.mt, state.gb, state.gv)
    Pi = bubbles(plus, minus, w, state.delta, state.mu, *at[1:])
    inverse = sum(pair_function(m**2 - state.mu, *at)[0] for m in (plus, minus))
    return np.array([[weight @ (inverse - Pi[0, 0]), -(weight @ Pi[0, 1])], [-(weight @ Pi[1, 0]), weight @ (inverse - Pi[1, 1])]])


def smallest_width(state):
    """g/v at the fastest momentum that counts: waves must be longer."""
    edge = np.sqrt(max(state.mu, 0) + np.sqrt(max(state.mt**2 - state.delta**2, 0)))
    return min(state.g / (2 * max(edge, 0.3)), 0.3)


def coefficients(state):
    """{alpha11, alpha21, beta22, eta11, eta12, eta21, eta22} of Eq. (45), from M itself; beta22 = lim M22(q, 0)/q^2.

    With white baths M11 is linear in |q| for q << g/v: beta11 does not exist. Each limit from two steps, extrapolated in their squares;
    the steps in q are 2 and 4 g/v, since poles g apart cancel to 1e-10 in M22.
    """
    base = matrix(state, 0.0, 0.0)
    h = 0.1 * state.g
    wide, narrow = (matrix(state, 0.0, x).imag / x for x in (h, 0.5 * h))
    slope = (4 * narrow - wide) / 3
    found = {"alpha11": base[0, 0].real, "alpha21": base[1, 0].real, "beta22": beta22(state),
             "eta11": -slope[0, 0], "eta12": slope[0, 1], "eta21": -slope[1, 0], "eta22": -slope[1, 1]}
    return {name: float(value) for name, value in found.items()}


def beta22(state):
    """beta22 = lim M22(q, 0)/q^2 alone."""
    q = 2 * smallest_width(state)
    far, near = (matrix(state, x, 0.0, 12)[1, 1].real / x**2 for x in (2 * q, q))
    return float((4 * near - far) / 3)


def interaction_terms(state):
    """(Pauli blocking, slope of the distribution) : the two terms of alpha11 in Eq. (71), g -> 0 and delta -> 0 at fixed ratio; mu < 0.

    alpha11 ~ delta^2 sum_k {[1 - (2 gb/g) f]/xi^3 - (1/xi^2)(2 gb/g)(-df/dxi)}; at T_b = 0 the second is a delta function at xi = mt.
    """
    share, edge = 2 * state.gb / state.g, state.mu + state.mt
    p, weight = grid(0.0, state.mu, state.mt, 1e-6, FAR)
    xi = p**2 - state.mu
    first = weight @ (p**2 * (1 - share * (xi < state.mt)) / xi**3) / (2 * np.pi**2)
    second = -share * np.sqrt(edge) / 2 / state.mt**2 / (2 * np.pi**2) if edge > 0 else 0.0
    return float(state.delta**2 * first), float(state.delta**2 * second)
