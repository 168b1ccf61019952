"""Momenta p = p n of sums that know a direction: rays n, graded panels along each.

They are for a state with Q along z and a wave q. The summand lives on levels at p + q/2 and
p - q/2, with h(k) = xi tau3 - D tau1, xi = k^2 + Q^2/4 - 1, on top of k.Q. Along a ray
xi = p^2 +- nu q p + const and k.Q = c Q p +- const, with c = n.Q and nu = n.q (unit vectors), so
that every feature is a root of a quartic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpcneq.maths.panels import on_panels, without_doubles

from . import radial_grid
from .occupation import Baths
from .radial_grid import Feature

ANGLE_NODES = 8  # of a panel of cosines
AZIMUTHS = 12  # over half a turn, where q is neither along nor against Q


@dataclass(frozen=True)
class Points:
    """Momenta (n,), and levels on them.

    p, weight : (n,), of the sum int p^2 dp int dn/4pi. xi, E : (2, n), at p + q/2 and p - q/2.
    a : k.Q (2, n). c : cosine to Q (n,).
    """

    p: np.ndarray
    weight: np.ndarray
    xi: np.ndarray
    E: np.ndarray
    a: np.ndarray
    c: np.ndarray
    D: float

    def some(self, where: slice) -> Points:
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
    def levels(self) -> np.ndarray:
        """(2 sides, 2 levels, n) : a + E, a - E."""
        return np.stack([self.a + self.E, self.a - self.E], axis=1)

    @property
    def vectors(self) -> np.ndarray:
        """Real eigenvectors (u, -v), (v, u) of xi tau3 - D tau1.

        (2 sides, 2 levels, 2 components, n).
        """
        ratio = self.xi / self.E
        large = np.sqrt(0.5 * (1 + np.abs(ratio)))
        small = 0.5 * self.D / self.E / large
        u, v = np.where(ratio >= 0, large, small), np.where(ratio >= 0, small, large)
        return np.stack([np.stack([u, -v], axis=1), np.stack([v, u], axis=1)], axis=1)


def points(
    D: float,
    Q: float,
    baths: Baths,
    q: float = 0.0,
    angle: float = 0.0,
    dp: float = 0.05,
    fine: float = 1,
    end: float | None = None,
    angles: int = 32,
    lasting: float = 0.0,
) -> Points:
    """The Points of a state (D, Q) of ``baths`` and a wave q at ``angle`` (rad) to Q.

    end : momenta up to there only, if given. angles : cosines at least. lasting : time up to which
    the discrete levels are to dephase like a continuum; then a panel of 12 points spans pair
    energies 2 p^2 of no more than 14 pi/lasting. It needs an ``end``.
    """
    cuts = []
    if lasting:
        cuts = [*np.sqrt(np.arange(0.0, end**2, 7 * np.pi / lasting))[1:]]
    c, nu, share = directions(D, Q, baths, q, angle, fine, angles)
    known = features(D, Q, baths, q, angle, c, nu)
    if end is not None:
        cuts.append(end)
    p, weight, which = [], [], []
    for k, ends in enumerate(radial_grid.panels_of_rows(known, dp, cuts, fine)):
        if end is None:
            at, w = radial_grid.nodes(ends)
        else:
            at, w = on_panels(ends[ends <= end * (1 + 1e-12)])
        p.append(at)
        weight.append(w * at**2 * share[k])
        which.append(np.full(len(at), k))
    p, weight, which = (np.concatenate(x) for x in (p, weight, which))
    return assemble(p, weight, c[which], nu[which], D, Q, q, angle)


def assemble(
    p: np.ndarray,
    weight: np.ndarray,
    c: np.ndarray,
    nu: np.ndarray,
    D: float,
    Q: float,
    q: float,
    angle: float,
) -> Points:
    """The Points at p with cosines c to Q and nu to q, all (n,)."""
    side = np.array([1.0, -1.0])[:, None]
    xi = p**2 + side * q * p * nu + 0.25 * (q**2 + Q**2) - 1
    a = Q * (p * c + side * 0.5 * q * np.cos(angle))
    return Points(p, weight, xi, np.maximum(np.hypot(xi, D), 1e-12), a, c, D)


def at_centre(points: Points, D: float, Q: float) -> Points:
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


def half(points: Points) -> Points:
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


def directions(
    D: float, Q: float, baths: Baths, q: float, angle: float, fine: float = 1, angles: int = 32
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(c, nu, share) of each ray (n,): cosines to Q and to q, and its share of the solid angle.

    The shares sum to 1.
    """
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


def cosines(
    known: Sequence[tuple[float, float]], fine: float = 1, angles: int = 32
) -> tuple[np.ndarray, np.ndarray]:
    """(c, share) : nodes of 1/2 int_-1^1 dc.

    known : features [(c, width)] of the summand; their mirror images count as well.
    """
    place = np.array([s * f[0] for f in known for s in (1, -1)])
    width = np.array([f[1] for f in known for _ in (1, -1)])
    ends = np.unique(np.concatenate([[-1.0, 0.0, 1.0], place[np.abs(place) < 1]]))
    ends = without_doubles(ends, 1e-9)
    ends = radial_grid.divide(
        ends, place, width, lambda low, high: np.full(len(low), 8 / angles), 0.5 * fine
    )
    c, weight = on_panels(ends, ANGLE_NODES)
    return c, 0.5 * weight


def tangents(D: float, Q: float, baths: Baths) -> list[tuple[float, float]]:
    """[(c, width)] : rays that touch a surface where a level meets an edge of the reservoirs.

    c beyond 1 a little counts too.
    """
    return touching(D, Q, baths.dmu, baths.blur)


def touching(
    D: float, Q: float, edge: float, blur: float, mu: float = 1.0
) -> list[tuple[float, float]]:
    """The same for one edge and a condensate at mu."""
    p = np.linspace(0.05, 3.0, 4000)
    E = np.hypot(p**2 + 0.25 * Q**2 - mu, D)
    known = []
    for c in ((edge - E) / (p * Q), (edge + E) / (p * Q)):
        k = np.flatnonzero(np.diff(np.sign(np.diff(c)))) + 1
        known += [(abs(c[j]), max(blur / (Q * p[j]), 1e-3)) for j in k if abs(c[j]) < 2]
    return known


def features(
    D: float, Q: float, baths: Baths, q: float, angle: float, c: np.ndarray, nu: np.ndarray
) -> list[list[Feature]]:
    """What is sharp along each ray: where xi = 0 and where a level meets an edge, on both sides."""
    base, turn = 0.25 * (q**2 + Q**2) - 1, 0.5 * q * Q * np.cos(angle)
    sides = (1, -1) if q else (1,)
    known = [[] for _ in c]
    for s in sides:
        linear = s * q * nu
        root = np.sqrt(np.maximum(0.25 * linear**2 - base, 1e-6))
        for k in range(len(c)):
            known[k].append((root[k] - 0.5 * linear[k], 0.5 * np.hypot(D, baths.blur), False))
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
                    known[k].append((z.real, max(sharp, radial_grid.SHARPEST), away < 1e-7))
    return known


def quartic(b: np.ndarray, c: np.ndarray, d: np.ndarray, e: np.ndarray) -> np.ndarray:
    """(n, 4) complex : roots of x^4 + b x^3 + c x^2 + d x + e."""
    companion = np.zeros((len(b), 4, 4))
    companion[:, 0] = -np.stack([b, c, d, e], axis=1)
    companion[:, 1, 0] = companion[:, 2, 1] = companion[:, 3, 2] = 1
    return np.linalg.eigvals(companion).astype(complex)
