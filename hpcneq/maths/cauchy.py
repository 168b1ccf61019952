"""Many poles on one line, seen from a distance: sums of simple poles replaced by few, to rounding.

S(s) = sum_k V_k/(s + i x_k) with real x_k is smooth on the scale of the distance Re s to its poles.
On intervals of x as long as that distance 1/(s + i x) is its interpolant at NODES Chebyshev points,
so that the poles of an interval may sit there, with strengths sum_k V_k L_j(x_k).
"""

from __future__ import annotations

import numpy as np

from .arrays import ArrayLike, ComplexArray, FloatArray, IntArray
from .compiled import lazily

NODES = 20  # of an interval: the interpolant's error falls as (2 + 5^(1/2))^-NODES = 3e-13
GROWTH = 2  # intervals over which those beyond ``reach`` grow e-fold
ANGLES = np.pi * (np.arange(NODES) + 0.5) / NODES
PLACES = np.cos(ANGLES)
MOST = 1 << 20  # poles times points of one product


class Poles:
    """S(s) of poles x (n,) with strengths V (m, n), real or complex.

    For Re s >= ``near`` > 0 and |Im s| <= ``reach``.
    """

    def __init__(self, x: ArrayLike, V: ArrayLike, near: float, reach: float):
        x, V = np.asarray(x, float).ravel(), np.asarray(V)
        V = V.reshape(len(V), -1)
        which, place, ends = _intervals(x, near, reach)
        self.strength = _moved(which, place, np.ascontiguousarray(V.real), len(ends))
        if np.iscomplexobj(V):
            imag = _moved(which, place, np.ascontiguousarray(V.imag), len(ends))
            self.strength = self.strength + 1j * imag
        at = ends.mean(axis=1)[:, None] + 0.5 * (ends[:, 1] - ends[:, 0])[:, None] * PLACES
        self.x, self.near, self.reach = at.ravel(), near, reach

    def covers(self, s: ArrayLike) -> bool:
        """Whether S is right at all s (n,)."""
        s = np.asarray(s)
        return bool((s.real >= self.near).all() and (np.abs(s.imag) <= self.reach).all())

    def __call__(self, s: ArrayLike) -> ComplexArray:
        """S (n, m) at s (n,)."""
        s = np.asarray(s, complex)
        step = max(1, MOST // len(self.x))
        return np.concatenate([self._some(s[k : k + step]) for k in range(0, len(s), step)])

    def _some(self, s: ComplexArray) -> ComplexArray:
        real, imag = s.real[:, None], s.imag[:, None] + self.x
        share = 1 / (real**2 + imag**2)  # real arithmetic: four times as fast as complex division
        imag *= share
        values: ComplexArray
        if np.iscomplexobj(self.strength):
            values = (real * share - 1j * imag) @ self.strength.T
        else:
            values = real * (share @ self.strength.T) - 1j * (imag @ self.strength.T)
        return values


def _intervals(x: FloatArray, near: float, reach: float) -> tuple[IntArray, FloatArray, FloatArray]:
    """(number of its interval, place in it (-1, 1)) of each x, and the ends (intervals, 2).

    Intervals have the length ``near`` up to ``reach``, then in proportion to the distance.
    """
    away = np.abs(x)
    inside = int(np.ceil(reach / near))
    edge = inside * near
    number = np.where(
        away < edge,
        np.floor(away / near),
        inside + np.floor(GROWTH * np.log1p(np.maximum(away - edge, 0) / near)),
    ).astype(np.int64)
    signed, which = np.unique(np.where(x < 0, -1 - number, number), return_inverse=True)
    k = np.where(signed < 0, -1 - signed, signed)
    low, high = (
        np.where(j < inside, near * j, edge + near * np.expm1(np.maximum(j - inside, 0) / GROWTH))
        for j in (k, k + 1)
    )
    mirrored, plain = np.stack([-high, -low], axis=1), np.stack([low, high], axis=1)
    ends = np.where((signed < 0)[:, None], mirrored, plain)
    middle, half = ends.mean(axis=1), 0.5 * (ends[:, 1] - ends[:, 0])
    place = np.clip((x - middle[which]) / half[which], -1, 1)
    return which.astype(np.int64), place, ends


def _moved(which: IntArray, place: FloatArray, V: FloatArray, count: int) -> FloatArray:
    """(m, count NODES) : strengths at the Chebyshev points of each interval."""
    moments = np.zeros((count, len(V), NODES))
    add_moments(which, place, V, moments)
    weight = np.cos(np.outer(np.arange(NODES), ANGLES)) * (2 / NODES)
    weight[0] *= 0.5
    strength = np.moveaxis(moments @ weight, 1, 0)
    return np.asarray(strength.reshape(len(V), -1))


@lazily
def add_moments(which: IntArray, place: FloatArray, V: FloatArray, moments: FloatArray) -> None:
    """Add to moments (intervals, m, NODES) each V (m, n) times Chebyshev polynomials at place (n,).

    which (n,) : the interval of each.
    """
    T = np.empty(NODES)
    for i in range(len(place)):
        x = place[i]
        T[0], T[1] = 1.0, x
        for n in range(2, NODES):
            T[n] = 2 * x * T[n - 1] - T[n - 2]
        for r in range(len(V)):
            row, v = moments[which[i], r], V[r, i]
            for n in range(NODES):
                row[n] += v * T[n]
