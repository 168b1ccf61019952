"""A wave of a driven condensate in time: linear kinetics of pairs, with the baths' memory.

Written from the equations of motion. The spinor (e_p, h_-p^+) with H = x + [[xi, -D], [-D, -xi]]
decays with g, the sum over baths of their couplings, and they fill it by S(w), so that with V =
-[[0, a], [b, 0]] between p - q/2 and p + q/2

    dn(t) = -i int_0^oo ds [e^{-(iH' + g)s} V(t - s) C(s) - C'(s)^+ V(t - s) e^{(iH - g)s}],
    C(s) = int dw/2pi e^{iws} G^R S G^A,

a sum of exponentials in s at each p, of which each is integrated exactly for an a(t) that is linear
over a step. a = U sum dn_12, b = U sum dn_21 close it, with U of the condensate on these momenta;
what empty levels beyond them add, (i da/dt - (q^2/2 + qQ) a)/4P and its like for b, is put in by
hand. Only the fit of the baths' Fermi function comes from the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpcneq.maths import poles

ERROR = 1e-5  # of the fit of the Fermi function
LONGEST = 3.0  # momentum


def radii(mu, fine, reach):
    """Nodes and weights of p: panels around the Fermi momentum, growing outwards from it."""
    near = np.arange(fine, reach, fine)
    far = np.geomspace(reach, LONGEST**2 - mu, 16)
    edges = np.concatenate([mu - near[::-1], [mu], mu + near, mu + far])
    low = mu - np.geomspace(reach, mu, 12)[::-1]
    edges = np.concatenate([low, edges])
    p = np.sqrt(np.unique(np.clip(edges, 0.0, None)))
    x, w = np.polynomial.legendre.leggauss(6)
    half, middle = 0.5 * np.diff(p), 0.5 * (p[1:] + p[:-1])
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


@dataclass(frozen=True)
class Condensate:
    """Order parameter, chemical potential, baths (level, coupling), rate of decay into nothing, Q.

    The wave runs along Q.
    """

    D: float
    mu: float
    baths: Sequence[tuple[float, float]]
    decay: float = 0.0
    Q: float = 0.0

    @property
    def g(self):
        """Half-width of every level."""
        return self.decay + sum(gamma for _, gamma in self.baths)

    def energies(self, p, c, k):
        """(xi, x) at momenta p, cosine c to Q, moved by k along Q."""
        square = p * p + 2 * p * c * k + k * k
        return square + self.Q**2 / 4 - self.mu, (p * c + k) * self.Q


class Side:
    """Levels E (2, n), projectors P (2, 2, 2, n), and what C is made of, at momenta of one side."""

    def __init__(self, state, xi, tilt, fit):
        D, g, n, one = state.D, state.g, len(xi), np.eye(2)[:, :, None]
        E, H = np.hypot(xi, D), np.array([[xi, -D + 0 * xi], [-D + 0 * xi, -xi]])
        self.E = np.array([tilt + E, tilt - E])
        self.P = [0.5 * (one + s * H / E) for s in (1, -1)]
        z = [  # (component, pole of S in the upper half plane, its residue)
            (c, sign * level + 1j * w, -2 * gamma * r)
            for level, gamma in state.baths
            for c, sign in ((0, 1), (1, -1))
            for w, r in zip(fit.w, fit.r)
        ]
        half = g - state.decay

        def filled(w):
            """(2, n): S at complex frequencies (n,)."""
            rows = [np.full(n, half + 0j), np.full(n, half + 2 * state.decay + 0j)]
            for c, pole, r in z:
                rows[c] = rows[c] + r / (w - pole) + r / (w - pole.conjugate())
            return np.array(rows)

        def resolved(w):
            """(2, 2, n): sum of P/(w - E)."""
            return sum(P / (w - e) for P, e in zip(self.P, self.E))

        self.rates = [1j * e - g for e in self.E] + [np.full(n, 1j * x) for _, x, _ in z]
        self.parts = []
        for e, P in zip(self.E, self.P):
            left = resolved(e + 2j * g) * filled(e + 1j * g)[None]
            self.parts.append(1j * np.einsum("abn,bcn->acn", left, P))
        for c, pole, r in z:
            before, after = resolved(pole + 1j * g), resolved(pole - 1j * g)
            self.parts.append(1j * r * before[:, c][:, None] * after[c][None])

    def occupation(self):
        """C(0) (2, 2, n)."""
        return sum(self.parts)


def exponentials(plus, minus, g):
    """(rates (m, n), coefficients (m, 2 of dn_12, dn_21; 2 of a, b; n)) of dn."""
    rates, tables = [], []

    def add(rate, left, right):
        # -i times left V right with V = -|1><2| for a, -|2><1| for b
        rates.append(rate)
        rows = [
            [1j * left[m][c] * right[d][k] for c, d in ((0, 1), (1, 0))]
            for m, k in ((0, 1), (1, 0))
        ]
        tables.append(np.array(rows))

    for i in (0, 1):
        for rate, part in zip(minus.rates, minus.parts):
            add(-1j * plus.E[i] - g + rate, plus.P[i], part)
    for j in (0, 1):
        for rate, part in zip(plus.rates, plus.parts):
            conjugate = part.conj().transpose(1, 0, 2)
            add(1j * minus.E[j] - g + rate.conj(), -conjugate, minus.P[j])
    return np.array(rates), np.array(tables)


def follow(state, q, t_max, dt, fine=0.002, reach=0.03, angles=20):
    """(t (n,), a (n, 2)): the amplitudes (a, b) of a wave q after a short kick of b; T = 0.

    fine, reach : length of the panels in xi about the Fermi momentum, and how far they go.
    """
    p, weight = radii(state.mu, fine, reach)
    c, share = np.polynomial.legendre.leggauss(angles)
    p, c = (x.ravel() for x in np.meshgrid(p, c, indexing="ij"))
    weight = 0.5 * (weight[:, None] * share).ravel() * p * p
    g, fit = state.g, poles.fit("aaa", 0.0, state.g, LONGEST**2, ERROR)
    plus, minus, whole = (
        Side(state, *state.energies(p, c, k), fit) for k in (0.5 * q, -0.5 * q, 0.0)
    )
    inverse = complex(whole.occupation()[0, 1] @ weight) / state.D
    rates, tables = exponentials(plus, minus, g)
    x = rates.ravel() * dt
    tables = (tables * weight).transpose(1, 2, 0, 3).reshape(4, -1)
    grown, small = np.exp(x), np.abs(x) < 1e-2
    safe = np.where(small, 1.0, x)
    new = np.where(small, 0.5 + x / 6 + x * x / 24, (grown - 1 - safe) / safe**2)  # dt of v(t + dt)
    old = np.where(small, 1 + x / 2 + x * x / 6, (grown - 1) / safe) - new
    own = dt * (tables @ new).reshape(2, 2)
    beyond = 1j * np.array([1, -1]) / (4 * LONGEST * dt)  # of a(t + dt) - a(t)
    static = (0.5 * q * q + np.array([1, -1]) * q * state.Q) / (4 * LONGEST)
    closed = np.diag([inverse, inverse.conjugate()] + static - 1.5 * beyond) - own
    past = np.zeros((2, len(x)), complex)  # of a and of b
    values, kick = [np.zeros(2, complex)], np.array([0.0, 1.0])
    for k in range(round(t_max / dt)):
        driven = values[-1] + (k == 0) * kick
        past = grown * past + dt * old * driven[:, None]
        source = [tables[2 * m] @ past[0] + tables[2 * m + 1] @ past[1] for m in (0, 1)]
        earlier = 0.5 * values[-2] if k else 0.0
        source = source + beyond * (earlier - 2 * values[-1])
        values.append(np.linalg.solve(closed, source))
        past += dt * new * values[-1][:, None]
    return dt * np.arange(len(values)), np.array(values)


def slowest(t, values, after, count):
    """The ``count`` slowest exponents of values (n, 2) after a time, by a matrix pencil."""
    rows = values[t >= after]
    half, step = len(rows) // 2, t[1] - t[0]
    table = np.array([rows[k : k + half].ravel() for k in range(len(rows) - half)])
    U, s, Vh = np.linalg.svd(table[:-1], full_matrices=False)
    pencil = U[:, :count].conj().T @ table[1:] @ Vh[:count].conj().T / s[:count]
    rates = np.log(np.linalg.eigvals(pencil)) / step
    return rates[np.argsort(-rates.real)]
