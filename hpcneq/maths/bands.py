"""Bands on a one-dimensional momentum grid in the frame that rotates with the laser; the laser.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015), Eqs. (7)-(9); Porta et al., Phys. Rev. B
100, 024513 (2019). The measure is dk/2pi: "N0 = 1/2pi" of Goldstein et al. means N0 |v_-| = 1/2pi.
A grid is (k, dk/2pi), two float arrays (n,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray
from .panels import gauss

Grid = tuple[FloatArray, FloatArray]  # (k, dk/2pi), each (n,)


@dataclass(frozen=True, eq=False)
class Bands:
    """k, weight : (n,), momenta and dk/2pi.

    E1, E2 : (n,), energies in the rotating frame (zero at the resonance).
    """

    k: FloatArray
    weight: FloatArray
    E1: FloatArray
    E2: FloatArray

    @property
    def eps(self) -> FloatArray:
        """Detuning E2 - E1, (n,): that of the laboratory frame minus the laser's frequency."""
        return self.E2 - self.E1

    @property
    def E(self) -> FloatArray:
        """Energy of a pair, E1 + E2, (n,); the rotation does not change it."""
        return self.E1 + self.E2


def polynomial(grid: Grid, lower: Sequence[float], upper: Sequence[float]) -> Bands:
    """Bands on a grid from polynomials in k, in the rotating frame.

    lower, upper : coefficients (k^0, k^1, ...) of E1 and E2.
    """
    k, weight = grid
    return Bands(
        k,
        weight,
        np.polynomial.polynomial.polyval(k, lower),
        np.polynomial.polynomial.polyval(k, upper),
    )


def uniform(k_max: float, points: int, ends: float = 0.5) -> Grid:
    """(k, dk/2pi), (points,): equidistant momenta in [-k_max, k_max], symmetric to the last bit.

    ends : factor of the weights there; 0.5 for the trapezoid, 1 for a plain sum.
    """
    j = np.arange(points) - (points - 1) / 2
    step = 2 * k_max / (points - 1)
    weight = np.full(points, step / (2 * np.pi))
    weight[[0, -1]] *= ends
    return step * j, weight


def graded(k_max: float, points: int, scale: float, even: bool = False) -> Grid:
    """(k, dk/2pi): Gauss-Legendre in asinh(k / scale) over 0 < k < k_max, and mirrored.

    k_max : may be infinite; half the points then lie beyond 1e3 scale, in 1/k. even : positive k
    alone, (points,), at twice the weight; else (2 points,).
    """
    if np.isinf(k_max):
        k, weight = _half(1e3 * scale, points - points // 2, scale)
        x, w = gauss(points // 2)
        t = 0.5 * (1 + x)
        k = np.concatenate([k, (1e3 * scale / t)[::-1]])
        weight = np.concatenate([weight, (0.5 * w * 1e3 * scale / t**2)[::-1]])
    else:
        k, weight = _half(k_max, points, scale)
    weight = weight / (2 * np.pi)
    return (
        (k, 2 * weight)
        if even
        else (np.concatenate([-k[::-1], k]), np.concatenate([weight[::-1], weight]))
    )


def graded_about(
    centres: Sequence[float], k_max: float, points: int, scale: float, cuts: Sequence[float] = ()
) -> Grid:
    """(k, dk/2pi) over [-k_max, k_max], finite, dense on both sides of each of ``centres``.

    points : for each side of each; where that is cut by a jump, one of ``cuts``, for each part.
    """
    centres = sorted(centres)
    edges = [-k_max, *(0.5 * (a + b) for a, b in zip(centres, centres[1:])), k_max]
    pieces = []
    for centre, low, high in zip(centres, edges, edges[1:]):
        for sign, end in ((-1, low), (1, high)):
            far = abs(end - centre)
            inner = sorted(d for d in (sign * (cut - centre) for cut in cuts) if 0 < d < far)
            for begin, stop in zip([0.0, *inner], [*inner, far]):
                k, weight = _half(stop, points, scale, begin)
                pieces.append((centre + sign * k, weight / (2 * np.pi)))
    k, weight = (np.concatenate(part) for part in zip(*pieces))
    order = np.argsort(k)
    return k[order], weight[order]


def _half(k_max: float, points: int, scale: float, begin: float = 0.0) -> Grid:
    """(k, dk), (points,): the positive half of `graded`, or what of it lies above ``begin``."""
    x, w = gauss(points)
    low = np.arcsinh(begin / scale)
    span = np.arcsinh(k_max / scale) - low
    y = low + 0.5 * span * (1 + x)
    return scale * np.sinh(y), 0.5 * span * w * scale * np.cosh(y)


@dataclass(frozen=True)
class Drive:
    """A laser Omega cos(omega0 t) between the bands.

    omega0 : None in the rotating-wave approximation.
    """

    Omega: float
    omega0: float | None = None

    def coupling(self, t: float) -> complex:
        """g(t) of the rotating frame.

        dn21 = ... - (i/2) g (n22 - n11), dn11 = -(i/2) (g n12 - g^* n21) = -dn22. The full drive is
        Omega (1 + exp(-2 i omega0 t)); the rotating-wave approximation keeps Omega.
        """
        return (
            self.Omega if self.omega0 is None else self.Omega * (1 + np.exp(-2j * self.omega0 * t))
        )
