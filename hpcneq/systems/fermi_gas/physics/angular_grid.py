"""Momenta p = p n of sums that know a direction: rays n, graded panels along each, for a state with Q along z and a wave q.

The summand lives on levels at p + q/2 and p - q/2, with h(k) = xi tau3 - D tau1, xi = k^2 + Q^2/4 - 1, on top of k.Q. Along a ray
xi = p^2 +- nu q p + const and k.Q = c Q p +- const, with c = n.Q and nu = n.q (unit vectors), so that every feature is a root of a quartic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import radial_grid

ANGLE_NODES, ANGLE_WEIGHTS = np.polynomial.legendre.leggauss(8)
AZIMUTHS = 12  # over half a turn, where q is neither along nor against Q


@dataclass(frozen=True)
class Points:
    """Momenta (n,): ``p``, ``weight`` (of the sum int p^2 dp int dn/4pi), and levels xi, E (2, n), a = k.Q (2, n) at p + q/2, p - q/2; c: cosine to Q."""

    p: np.ndarray
    weight: np.ndarray
    xi: np.ndarray
    E: np.ndarray
    a: np.ndarray
    c: np.ndarray
    D: float

    def some(self, where):
        """The Points of a slice."""
        return Points(
            self.p[where],
            self.weight[where],
            self.xi[:, where],
            self.E[:, where],
            self.a[:, where],
            self.c[where],
            self.D,
        )

    @property
    def levels(self):
        """(2 sides, 2 levels, n) : a + E, a - E."""
        return np.stack([self.a + self.E, self.a - self.E], axis=1)

    @property
    def vectors(self):
        """(2 sides, 2 levels, 2 components, n) : real eigenvectors (u, -v), (v, u) of xi tau3 - D tau1."""
        ratio = self.xi / self.E
        large = np.sqrt(0.5 * (1 + np.abs(ratio)))
        small = 0.5 * self.D / self.E / large
        u, v = np.where(ratio >= 0, large, small), np.where(ratio >= 0, small, large)
        return np.stack([np.stack([u, -v], axis=1), np.stack([v, u], axis=1)], axis=1)


def points(D, Q, baths, q=0.0, angle=0.0, dp=0.05, fine=1, end=None, angles=32, lasting=0.0):
    """The Points of a state (D, Q) of ``baths`` and a wave q at ``angle`` (rad) to Q; up to p = ``end`` only, if given; ``angles`` cosines at least.

    lasting : time up to which the discrete levels are to dephase like a continuum; then a panel of 12 points spans pair energies 2 p^2 of
    no more than 14 pi/lasting.
    """
    cuts = () if not lasting else np.sqrt(np.arange(0.0, end**2, 7 * np.pi / lasting))[1:]
    c, nu, share = directions(D, Q, baths, q, angle, fine, angles)
    known = features(D, Q, baths, q, angle, c, nu)
    p, weight, which = [], [], []
    for k in range(len(c)):
        ends = radial_grid.panels_of(known[k], dp, cuts if end is None else (*cuts, end), fine)
        if end is not None:
            ends = ends[ends <= end * (1 + 1e-12)]
        at, w = radial_grid.nodes(ends) if end is None else radial_grid.inner(ends)
        p.append(at)
        weight.append(w * at**2 * share[k])
        which.append(np.full(len(at), k))
    p, weight, which = (np.concatenate(x) for x in (p, weight, which))
    return assemble(p, weight, c[which], nu[which], D, Q, q, angle)


def assemble(p, weight, c, nu, D, Q, q, angle):
    """The Points at p with cosines c to Q and nu to q, all (n,)."""
    side = np.array([1.0, -1.0])[:, None]
    xi = p**2 + side * q * p * nu + 0.25 * (q**2 + Q**2) - 1
    a = Q * (p * c + side * 0.5 * q * np.cos(angle))
    return Points(p, weight, xi, np.maximum(np.hypot(xi, D), 1e-12), a, c, D)


def at_centre(points, D, Q):
    """The same momenta with both sides at p itself."""
    xi = points.p**2 + 0.25 * Q**2 - 1 + np.zeros((2, 1))
    return Points(
        points.p,
        points.weight,
        xi,
        np.maximum(np.hypot(xi, D), 1e-12),
        Q * points.p * points.c + np.zeros((2, 1)),
        points.c,
        D,
    )


def half(points):
    """The Points on one side of the plane across Q, each for two: for sums of what is even in c."""
    side = points.c > 0
    return replace(
        points,
        p=points.p[side],
        weight=2 * points.weight[side],
        xi=points.xi[:, side],
        E=points.E[:, side],
        a=points.a[:, side],
        c=points.c[side],
    )


def directions(D, Q, baths, q, angle, fine=1, angles=32):
    """(c, nu, share) of each ray (n,): cosines to Q and to q, and its share of the solid angle, summing to 1."""
    if Q == 0 and q == 0:
        return np.zeros(1), np.zeros(1), np.ones(1)
    if Q == 0:
        c, share = cosines([(0.0, 0.3)], fine, angles)
        return np.zeros_like(c), c, share
    c, share = cosines(tangents(D, Q, baths), fine, angles)
    along = np.sin(angle)
    if q == 0 or abs(along) < 1e-12:
        return c, np.cos(angle) * c, share
    count = max(4, int(AZIMUTHS * fine))
    phi = np.pi * (np.arange(count) + 0.5) / count
    nu = c[:, None] * np.cos(angle) + np.sqrt(1 - c[:, None] ** 2) * along * np.cos(phi)
    return np.repeat(c, count), nu.ravel(), np.repeat(share / count, count)


def cosines(known, fine=1, angles=32):
    """(c, share) : nodes of 1/2 int_-1^1 dc for features [(c, width)] of the summand and their mirror images."""
    place = np.array([s * f[0] for f in known for s in (1, -1)])
    width = np.array([f[1] for f in known for _ in (1, -1)])
    ends = np.unique(np.concatenate([[-1.0, 0.0, 1.0], place[np.abs(place) < 1]]))
    ends = ends[np.concatenate([[True], np.diff(ends) > 1e-9])]
    ends = radial_grid.divide(
        ends, place, width, lambda low, high: np.full(len(low), 8 / angles), 0.5 * fine
    )
    half = 0.5 * np.diff(ends)
    return ((ends[:-1] + half)[:, None] + half[:, None] * ANGLE_NODES).ravel(), (
        0.5 * half[:, None] * ANGLE_WEIGHTS
    ).ravel()


def tangents(D, Q, baths):
    """[(c, width)] : rays that touch a surface where a level meets an edge of the reservoirs; c beyond 1 a little counts too."""
    return touching(D, Q, baths.dmu, baths.blur)


def touching(D, Q, edge, blur, mu=1.0):
    """The same for one edge and a condensate at mu."""
    p = np.linspace(0.05, 3.0, 4000)
    E = np.hypot(p**2 + 0.25 * Q**2 - mu, D)
    found = []
    for c in ((edge - E) / (p * Q), (edge + E) / (p * Q)):
        k = np.flatnonzero(np.diff(np.sign(np.diff(c)))) + 1
        found += [(abs(c[j]), max(blur / (Q * p[j]), 1e-3)) for j in k if abs(c[j]) < 2]
    return found


def features(D, Q, baths, q, angle, c, nu):
    """For each ray [(p, width, breakpoint?)]: where xi = 0 and where a level meets an edge, on both sides."""
    base, turn = 0.25 * (q**2 + Q**2) - 1, 0.5 * q * Q * np.cos(angle)
    sides = (1, -1) if q else (1,)
    found = [[] for _ in c]
    for s in sides:
        linear = s * q * nu
        root = np.sqrt(np.maximum(0.25 * linear**2 - base, 1e-6))
        for k in range(len(c)):
            found[k].append((root[k] - 0.5 * linear[k], 0.5 * np.hypot(D, baths.blur), False))
        for edge in (1, -1):
            # xi^2 + D^2 - (edge dmu - a)^2, xi = p^2 + linear p + base, a = Q c p + s turn
            e, slope = edge * baths.dmu - s * turn, -Q * c
            one = np.ones_like(c)
            roots = quartic(
                2 * linear,
                linear**2 + 2 * base - slope**2,
                2 * linear * base - 2 * e * slope,
                (base**2 + D**2 - e**2) * one,
            )
            for k, row in enumerate(roots):
                for z in row[row.real > 0]:
                    away = abs(z.imag)
                    sharp = np.hypot(0.4 * baths.blur / max(z.real, 0.2), away)
                    found[k].append((z.real, max(sharp, radial_grid.SHARPEST), away < 1e-7))
    return found


def quartic(b, c, d, e):
    """(n, 4) complex : roots of x^4 + b x^3 + c x^2 + d x + e."""
    companion = np.zeros((len(b), 4, 4))
    companion[:, 0] = -np.stack([b, c, d, e], axis=1)
    companion[:, 1, 0] = companion[:, 2, 1] = companion[:, 3, 2] = 1
    return np.linalg.eigvals(companion).astype(complex)
