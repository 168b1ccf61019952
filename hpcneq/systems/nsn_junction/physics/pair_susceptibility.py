"""Pairing modes of the normal state: the pair susceptibility C(Q, z) and its growth rates.

A disturbance delta Delta ~ exp(i Q x - i z t) of the normal state obeys 1/U = C(Q, z),

    C(Q, z) = i sum_k int dw/2pi [G^R_1(w+z) G^<_2(w) + G^<_1(w) G^A_2(w-z)],

with 1, 2 the Nambu components (electron at energy A = xi_{k+Q/2} - h, hole at -B = -xi_{k-Q/2} -
h): Eqs. (48)-(52) of Kawamura and Ohashi (2025) at a complex frequency, and their Eq. (53) at z =
0. Closing the contours, with t_+(w) = (i/pi) psi(1/2 - i (w - v)/(2 pi T)) the part of tanh((w -
v)/2T) that is analytic above and t_- its conjugate,

    C = (1/2) sum_k [J(A, B) + J(B, A)],   c = z - b + i G,
    J(a, b) = [t_+(a + iG) - t_+(c)]/(a + b - z) + [t_+(c) + t_-(a - iG)]/(a + b - z - 2iG),

summed over the leads with their shares. It holds for any leads, and continues C analytically below
the real axis down to Im z = -min(2G, G + pi T), where the two-particle continuum begins. As in
:mod:`.uniform_states` the digammas are summed over their frequencies, because then the ky sum is
algebraic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, minimize_scalar, newton

from ....errors import InputError
from ....maths import fermi, lattice, matsubara
from . import hartree
from .grids import Finite, Grid, Infinite, infinite
from .operating_point import Point, require_mirrored
from .uniform_states import frequencies, gap_sum, pair_sum, static_terms

COARSE = infinite(error=1e-3)  # good to 1e-5: enough to find where C(Q) peaks


def pair_response(Q: float, z: np.ndarray | complex, point: Point, grid: Grid) -> np.ndarray:
    """C(Q, z), complex, of the shape of z.

    Q : pair momentum along x. z : pair frequency, any shape, Im z > -min(2G, G + pi T). Any leads.
    C(Q, 0) equals ``pair_sum`` where that exists. InputError if z is too far below the real axis.
    """
    z = np.asarray(z, complex)
    if point.hartree:
        point = hartree.dressed(0.0, point, grid)
    if not np.all(z.imag > -damping(point)):  # nor nan
        raise InputError(
            f"pair frequency: Im z must be > {-damping(point):g}, got {z.imag.min():g}"
        )
    if isinstance(grid, Finite):
        return _response_finite(Q, z.ravel(), point, grid).reshape(z.shape)[()]
    return np.reshape([_response_infinite(Q, w, point, grid) for w in z.flat], z.shape)[()]


def damping(point: Point) -> float:
    """Decay rate at which a pair mode dissolves: min(2G, G + pi T), T of the colder lead."""
    return min(2 * point.width, point.width + np.pi * min(lead.T for lead in point.baths))


def _response_infinite(Q: float, z: complex, point: Point, grid: Infinite) -> complex:
    """ky sums by partial fractions of chain Green functions, lead by lead."""
    total = 0.0
    for share, T, v in point.terms():
        y, w = matsubara.nodes(T, point.width, _scale(point, v, z))
        nearest = np.minimum(np.minimum(y, y + z.imag), point.width + 0.5 * z.imag)
        kx, index, weight = grid.chain(nearest, False)
        y, weight = y[index], weight * w[index] * share
        a = -2 * np.cos(kx + 0.5 * Q) - point.mu - point.h
        b = -2 * np.cos(kx - 0.5 * Q) - point.mu + point.h
        total += _triplet(a, b, v, y, z, point.width) @ weight
        total += _triplet(b, a, v, y, z, point.width) @ weight
    return total


def _scale(point: Point, v: float, z: complex) -> float:
    """Bound on the energies that meet a frequency, rounded up so that sweeps reuse the nodes."""
    energies = lattice.BANDWIDTH + abs(point.mu) + abs(point.h) + abs(v) + abs(z)
    return 8.0 * np.ceil(energies / 8)


def _triplet(a, b, v, y, z, G):
    """One frequency's share of J(a, b)/2, a mean over eps = -2 cos ky of energies a, b + eps."""
    above, below, mirror = a - v + 1j * y, b + v - z - 1j * y, a - v - 1j * y
    middle = 0.5 * (a + b - z) - 1j * G
    g = [lattice.chain_green(x) for x in (above, below, mirror, middle)]
    direct = (g[0] - g[1]) / (below - above)
    memory = _product(below, middle, g[1], g[3]) - _product(mirror, middle, g[2], g[3])
    return direct - 0.5 * memory


def _product(p, q, gp, gq):
    """Mean of 1/((p + eps)(q + eps)) for p, q in the same half-plane, regular where they meet."""
    return (gp * gq) ** 2 * (p + q) / (gp + gq)


def _response_finite(Q: float, z: np.ndarray, point: Point, grid: Finite) -> np.ndarray:
    """The same frequency sum for frequencies z (n,), k by k, as many as the cache holds."""
    A, B, weight = (x.ravel() for x in grid.pair_energies(Q, point.mu))
    rows = max(1, 2**15 // len(weight))
    if len(z) > rows:
        parts = [z[start : start + rows] for start in range(0, len(z), rows)]
        return np.concatenate([_response_finite(Q, part, point, grid) for part in parts])
    largest = float(np.abs(z).max(initial=0.0))
    A, B, z, total = A - point.h, B + point.h, z[:, None], np.zeros(len(z), complex)
    for share, T, v in point.terms():
        y, w = matsubara.nodes(T, point.width, _scale(point, v, largest))
        for a, b in ((A, B), (B, A)):
            middle = a + b - z - 2j * point.width
            for yn, wn in zip(y, share * w):
                above, below, mirror = a - v + 1j * yn, b + v - z - 1j * yn, a - v - 1j * yn
                total += wn * ((1 / (above * below) - (1 / below - 1 / mirror) / middle) @ weight)
    return total


def normal_growth(Q: float, point: Point, grid: Grid) -> complex:
    """Complex frequency z of the normal state's slowest pair mode; Im z > 0: it grows.

    The mode is exp(i Q x - i z t). Mirrored leads: the mode that crosses the real axis at z = 0;
    there is exactly one growing mode if C(Q, 0) > 1/U, and none otherwise, and at mu = 0 it does
    not oscillate (on a small lattice with few levels pairs of oscillating modes may grow instead:
    the task ``modes`` finds them). Other leads: the mode near twice the leads' mean Fermi level.
    nan + nan j if it decays nearly as fast as the continuum, 0.9 min(2G, G + pi T), or was not
    found.
    """
    rotation = 2 * sum(g * v for g, _, v in point.terms())

    def equation(z: complex) -> complex:
        return pair_response(Q, z, point, grid) - 1 / point.U

    def excess(rate: float) -> float:
        return pair_response(Q, rotation + 1j * rate, point, grid).real - 1 / point.U

    bracket = _bracket(excess, damping(point))
    if bracket is None:
        return complex(np.nan, np.nan)
    guess = rotation + 1j * brentq(excess, *bracket, xtol=1e-9)
    if point.mirrored and point.mu == 0:
        return guess
    try:
        z = newton(equation, guess, x1=guess + 1e-3, tol=1e-9)
    except (RuntimeError, InputError):
        return complex(np.nan, np.nan)
    return complex(z)


def growth_from_rest(Q: float, z: float, point: Point, grid: Grid) -> complex:
    """The growing pair mode next to one that would be at rest at a weaker U, of real frequency z.

    nan + nan j if none is found.
    """

    def equation(x: complex) -> complex:
        return pair_response(Q, x, point, grid) - 1 / point.U

    for rate in (0.05, 0.3, 0.01):
        start = z + 1j * rate
        try:
            x = complex(newton(equation, start, x1=start + 1e-3, tol=1e-9))
        except (RuntimeError, InputError):
            continue
        if x.imag > 0:
            return x
    return complex(np.nan, np.nan)


def _bracket(excess: Callable[[float], float], limit: float) -> tuple[float, float] | None:
    """Neighbouring rates between which ``excess`` changes sign; None below -0.9 limit.

    Outwards from 0, because a sum gets the dearer the closer the rate is to -limit.
    """
    low = high = 0.0
    if excess(0.0) > 0:
        high = 0.05
        while excess(high) > 0:
            low, high = high, 2 * high
        return low, high
    for part in (0.3, 0.6, 0.8, 0.9):
        low, high = -part * limit, low
        if excess(low) > 0:
            return low, high
    return None


def strongest_pairing(point: Point, grid: Grid) -> tuple[float, float]:
    """(Q, C) of the largest C(Q), 0 <= Q <= pi along x: there the normal state first goes unstable.

    On a finite lattice over its own wave numbers; else scanned in steps of pi/60 and polished to
    1e-6 in Q. The wave number of a state that has grown is another matter.
    """
    if isinstance(grid, Finite):
        Q = 2 * np.pi * np.arange(grid.Lx // 2 + 1) / grid.Lx
        C = pair_sum(Q, point, grid)
        return float(Q[np.argmax(C)]), float(C.max())
    Q = np.linspace(0.0, np.pi, 61)
    C = pair_sum(Q, point, COARSE)
    peaks = [i for i in range(61) if C[i] >= max(C[max(i - 1, 0)], C[min(i + 1, 60)])]
    # a narrow peak may lose to a broad one on the coarse grid
    highest = sorted(peaks, key=lambda i: -C[i])[:2]
    polished = [polished_peak(point, grid, Q[max(i - 1, 0)], Q[min(i + 1, 60)]) for i in highest]
    return max(polished, key=lambda peak: peak[1])


def polished_peak(point: Point, grid: Grid, low: float, high: float) -> tuple[float, float]:
    """(Q, C) of the largest C(Q) in [low, high], which should hold one maximum."""
    optimum = minimize_scalar(
        lambda q: -pair_sum(q, point, grid),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-6},
    )
    ends = [(low, float(pair_sum(low, point, grid)))] if low == 0 else []
    return max([(float(optimum.x), float(-optimum.fun)), *ends], key=lambda peak: peak[1])


def pair_sum_diagonal(Q: np.ndarray | float, point: Point, grid: Grid) -> np.ndarray:
    """C(Q) of Eq. (53) for pair momenta along the diagonal, (Q, Q)/sqrt 2.

    Q : (n,) moduli. Mirrored leads only (InputError). With kx = p + s, ky = p - s the band is -4
    cos p cos s: the s sum is algebraic. A finite lattice must be square, and Q = 2 pi sqrt 2 n/L.
    """
    require_mirrored(point, "static onset condition")
    if point.hartree:
        point = hartree.dressed(0.0, point, grid)
    one = _diagonal_finite if isinstance(grid, Finite) else _diagonal_infinite
    return np.array([one(float(q) / np.sqrt(2), point, grid) for q in np.atleast_1d(Q)])


def _diagonal_finite(q: float, point: Point, grid: Finite) -> float:
    """The sum as printed over all momenta."""
    n = np.round(q * grid.Lx / (2 * np.pi))
    if grid.Lx != grid.Ly or abs(q * grid.Lx / (2 * np.pi) - n) > 1e-6:
        raise InputError(
            "Q along the diagonal: needs Lx = Ly and Q = 2 pi sqrt(2) n/L with integer n "
            f"(got Lx = {grid.Lx}, Ly = {grid.Ly})"
        )
    k = 2 * np.pi * np.arange(grid.Lx) / grid.Lx
    first, second = (-2 * (np.cos(x)[:, None] + np.cos(x)) - point.mu for x in (k, q - k))
    return sum(
        g / 2 * np.mean(fermi.tanh_pair_sum(first - s, second + s, point.width, T))
        for g, T, s in static_terms(point)
    )


def _diagonal_infinite(q: float, point: Point, grid: Infinite) -> float:
    """Partial fractions in cos s.

    The mean of 1/((u - a cos s)(v - b cos s)) is (a/r - b/t)/(a v - b u), r^2 = u^2 - a^2,
    t^2 = v^2 - b^2.
    """
    pole, weight, _ = frequencies(point)
    p, index, share = grid.chain(-0.5 * pole.imag, False)
    first, second = 4 * np.cos(p + 0.5 * q), 4 * np.cos(p - 0.5 * q)
    u, v = -point.mu - pole[index], -point.mu + pole[index]
    r, t = 1j * np.sqrt(first**2 - u * u), -1j * np.sqrt(second**2 - v * v)  # Im u > 0 > Im v
    apart, sums = first * v - second * u, first * t + second * r
    near = np.abs(apart) < np.abs(sums)  # the same fraction, expanded by the sum of its roots
    top = np.where(near, first * v + second * u, first * t - second * r)
    below = np.where(near, sums, apart)
    return float((top / (r * t * below)).real @ (weight[index] * share))


def strongest_diagonal(point: Point, grid: Grid) -> tuple[float, float]:
    """(Q, C) of the largest C along the diagonal: scanned in 61 steps, polished if infinite."""
    if isinstance(grid, Finite):
        Q = 2 * np.pi * np.sqrt(2) * np.arange(grid.Lx // 2 + 1) / grid.Lx
        C = pair_sum_diagonal(Q, point, grid)
        return float(Q[np.argmax(C)]), float(C.max())
    Q = np.linspace(0.0, np.pi * np.sqrt(2), 61)
    k = int(np.argmax(pair_sum_diagonal(Q, point, COARSE)))
    optimum = minimize_scalar(
        lambda x: -pair_sum_diagonal(x, point, grid)[0],
        bounds=(Q[max(k - 1, 0)], Q[min(k + 1, 60)]),
        method="bounded",
        options={"xatol": 1e-7},
    )
    ends = [(0.0, float(gap_sum(0.0, point, grid)))] if k == 0 else []
    return max([(float(optimum.x), float(-optimum.fun)), *ends], key=lambda peak: peak[1])


def normal_stable(point: Point, grid: Grid) -> bool:
    """True if no pair mode of the normal state grows: C(Q) < 1/U for all Q.

    Mirrored leads only (InputError).
    """
    if gap_sum(0.0, point, grid) > 1 / point.U:
        return False
    return strongest_pairing(point, grid)[1] < 1 / point.U
