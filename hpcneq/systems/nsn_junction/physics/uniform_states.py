"""Uniform and normal steady states of the junction: closed forms, no frequency quadrature.

Kawamura and Ohashi (2025), Sec. II.4 and App. A; their Eqs. (41)-(47) and (53) are right as
printed: the distribution is taken at w without the Zeeman field, only Green functions carry w + h.
Units: hopping = 1, hbar = k_B = 1. A sum over k is a mean over the Brillouin zone. With G = sum of
the leads' gamma, v = eV/2, Th(x) = int dw/pi G/((w-x)^2 + G^2) tanh(w/2T),

    gap (47)    1/U = F(D) = sum_k (1/8E) sum_{s,e=+-} Th(E + s h + e v),   E = sqrt(xi^2 + D^2)
    onset (53)  1/U = C(Q) = sum_k sum_{e=+-} [Th(A - e v) + Th(B + e v)] / (4 (A + B)),
                A = xi_{k+Q/2} - h,  B = xi_{k-Q/2} + h

Th = 4 T sum_n Re 1/(x - i y_n), y_n = G + (2n+1) pi T, turns both into frequency sums over lattice
Green functions,

    F = sum_l 2 g_l T sum_n Re <1/(E^2 - (s_l - i y_n)^2)>
    C = sum_l 2 g_l T sum_n Re <1/((xi_{k+Q/2} - s_l - i y_n) (xi_{k-Q/2} + s_l + i y_n))>

with s_l = h - v_l for lead l of share g_l = gamma_l/G: no singular denominators, k sums in closed
form, and few frequencies are enough (:mod:`hpcneq.maths.matsubara`). The infinite lattice uses
these, the finite one the forms above. The model has no Hartree term: with mu = 0 and mirrored
leads that spares the charge, not the magnetisation h induces.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ....errors import InputError
from ....maths import fermi, lattice, matsubara
from . import hartree
from .grids import Finite, Grid, Infinite, finite, infinite
from .operating_point import Point, require_mirrored

__all__ = [
    "Finite",
    "Grid",
    "Infinite",
    "Point",
    "error_estimate",
    "finite",
    "free_energy",
    "frequencies",
    "gap_bend",
    "gap_slopes",
    "gap_sum",
    "gap_terms",
    "infinite",
    "pair_sum",
    "static_terms",
]


def error_estimate(quantity: Callable[[Grid], np.ndarray], grid: Grid) -> np.ndarray | float:
    """Change of ``quantity(grid)``, number or array, when the grid is refined.

    0 on a finite lattice: exact sums.
    """
    if isinstance(grid, Infinite):
        return np.abs(quantity(grid) - quantity(grid.refined()))
    return 0.0


def gap_sum(D: np.ndarray | float, point: Point, grid: Grid) -> np.ndarray:
    """F(D) of the gap equation 1/U = F(D), Eq. (47). D : >= 0, any shape; the result has its shape.

    Mirrored leads only (InputError): otherwise the phase of a uniform state rotates and no real gap
    equation exists.
    """
    require_mirrored(point, "gap equation")
    D = np.asarray(D, float)
    if point.hartree:
        return np.reshape(hartree.gap_sum(D.ravel() ** 2, point, grid), D.shape)[()]
    if isinstance(grid, Infinite):
        pole, weight, _ = frequencies(point)
        R, _ = grid.resolvent(np.sqrt(pole**2 - D[..., None] ** 2), point.mu)
        return R.real @ weight
    eps, weight = grid.levels()
    values = [gap_terms(np.hypot(eps - point.mu, d), weight, point) for d in D.flat]
    return np.reshape(values, D.shape)[()]


def gap_terms(E: np.ndarray, weight: np.ndarray, point: Point) -> float:
    """Eq. (47) as printed, summed over levels E (n,), which may vanish, of weights (n,)."""
    return sum(
        g / 2 * (weight @ fermi.tanh_pair_sum(E + s, E - s, point.width, T))
        for g, T, s in static_terms(point)
    )


def gap_slopes(
    D: np.ndarray | float, point: Point, grid: Grid
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """F(D), dF/dD and dF/d(eV), each of the shape of D.

    The sign of dF/dD decides the stability of a root at q = 0.
    """
    require_mirrored(point, "gap equation")
    D = np.asarray(D, float)
    if point.hartree:
        F, by_square, by_bias = hartree.total_slopes(D.ravel() ** 2, point, grid)
        slopes = (F, 2 * D.ravel() * by_square, by_bias)
        return tuple(np.reshape(part, D.shape)[()] for part in slopes)
    pole, weight, sign = frequencies(point)
    zeta = np.sqrt(pole**2 - D[..., None] ** 2)
    R, slope = grid.resolvent(zeta, point.mu)
    return (
        R.real @ weight,
        -D * (slope.real @ weight),
        (slope * pole).real @ (-0.5 * sign * weight),
    )


def gap_bend(D: np.ndarray | float, point: Point, grid: Grid) -> np.ndarray:
    """(1/D) dF/dD, of the shape of D, also at D = 0, where its sign tells the transition's order.

    > 0 at an onset F(0) = 1/U: uniform states branch off into the normal state's stable side, and
    the transition is of first order; < 0: continuous.
    """
    require_mirrored(point, "gap equation")
    D = np.asarray(D, float)
    if point.hartree:
        bend = 2 * hartree.total_slopes(D.ravel() ** 2, point, grid)[1]
        return np.reshape(bend, D.shape)[()]
    pole, weight, _ = frequencies(point)
    _, slope = grid.resolvent(np.sqrt(pole**2 - D[..., None] ** 2), point.mu)
    return -(slope.real @ weight)


def pair_sum(Q: np.ndarray | float, point: Point, grid: Grid) -> np.ndarray:
    """C(Q) of the onset condition 1/U = C(Q), Eq. (53): the normal state's pair susceptibility.

    Q : pair momentum along x, any shape; on a finite lattice 2 pi n/Lx. Mirrored leads only
    (InputError): otherwise the first mode to grow rotates, and its onset is at a pair frequency
    z != 0 (see :mod:`.pair_susceptibility`).
    """
    require_mirrored(point, "static onset condition")
    Q = np.asarray(Q, float)
    if point.hartree:  # of the normal state: at D = 0 pairs do not move density or magnetization
        point = hartree.dressed(0.0, point, grid)
    one = _pair_finite if isinstance(grid, Finite) else _pair_infinite
    return np.reshape([one(q, point, grid) for q in Q.flat], Q.shape)[()]


def _pair_finite(Q: float, point: Point, grid: Finite) -> float:
    """Eq. (53) as printed, with the divided difference at A + B = 0."""
    first, second, weight = grid.pair_energies(Q, point.mu)
    return sum(
        g / 2 * np.sum(weight * fermi.tanh_pair_sum(first - s, second + s, point.width, T))
        for g, T, s in static_terms(point)
    )


def _pair_infinite(Q: float, point: Point, grid: Infinite) -> float:
    """The sum over frequencies and kx; over ky it is a difference of chain Green functions."""
    pole, weight, _ = frequencies(point)
    exchanged = point.mu == 0  # k -> pi - k exchanges the two electrons
    kx, index, share = grid.chain(-pole.imag, exchanged)
    across, along = 2 * np.cos(0.5 * Q) * np.cos(kx), 2 * np.sin(0.5 * Q) * np.sin(kx)
    first = along - across - point.mu - pole[index]
    second = -along - across - point.mu + pole[index]
    # chain_green with Im first > 0 > Im second written out: two square roots are the whole cost
    greens = 1 / np.sqrt(4 - first * first) + 1 / np.sqrt(4 - second * second)
    pair = -1j * greens / (second - first)
    return float(pair.real @ (weight[index] * share))


def free_energy(D: np.ndarray | float, point: Point, grid: Grid) -> np.ndarray:
    """Omega(D) - Omega(0) per site at eV = 0 (App. A): D^2/U + sum_k [W(E-h) + W(E+h)].

    W is the pair potential of Th. D : any shape. Its derivative is 2 D (1/U - F). InputError out of
    equilibrium, where there is no potential.
    """
    if not point.equilibrium:
        raise InputError("free energy: only in equilibrium (eV = 0, leads at one T and mu)")
    D = np.asarray(D, float)
    if point.hartree:
        return _free_energy_with_shifts(D, point, grid)
    eps, weight = grid.levels()
    xi, T = eps - point.mu, point.baths[0].T

    def potential(E: np.ndarray) -> np.ndarray:
        return sum(fermi.pair_potential(E + s * point.h, point.width, T) for s in (1, -1))

    change = [potential(np.hypot(xi, d)) - potential(np.abs(xi)) for d in D.flat]
    return D**2 / point.U + np.reshape(np.array(change) @ weight, D.shape)[()]


def _free_energy_with_shifts(D: np.ndarray, point: Point, grid: Grid) -> np.ndarray:
    """The same with Hartree shifts: of each state's own levels, less what they count twice."""
    eps, weight = grid.levels()
    square = np.append(0.0, D.ravel() ** 2)
    shifts = hartree.densities(square, point, grid)
    energy = square / point.U + hartree.double_counting(point, *shifts)
    for k, (excess, m) in enumerate(shifts.T):
        at = hartree.shifted(point, excess, m)
        E, T = np.sqrt((eps - at.mu) ** 2 + square[k]), at.baths[0].T
        levels = sum(fermi.pair_potential(E + s * at.h, at.width, T) for s in (1, -1))
        energy[k] += levels @ weight
    return np.reshape(energy[1:] - energy[0], D.shape)[()]


def static_terms(point: Point) -> list[tuple[float, float, float]]:
    """(share, T, |s|) with s = h - v_l, equal ones merged.

    Every static mean is even in s if the leads are mirrored.
    """
    merged: dict[tuple[float, float], float] = {}
    for g, T, v in point.terms():
        merged[T, abs(point.h - v)] = merged.get((T, abs(point.h - v)), 0.0) + g
    return [(g, T, s) for (T, s), g in merged.items()]


@lru_cache(maxsize=512)
def frequencies(point: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The thermal sums of all leads as one list.

    |s_l| - i y (m,), weights 2 g_l w (m,), and -2 d|s_l|/d(eV) (m,); read-only. Leads of equal
    |s_l| share their entries. The scale is rounded up, so that sweeps reuse the nodes.
    """
    largest = (
        lattice.BANDWIDTH
        + abs(point.mu)
        + 0.5 * point.U
        + max(s for _, _, s in static_terms(point))
    )
    known: dict[tuple[float, float], tuple[float, float]] = {}
    for (g, T, v), lead in zip(point.terms(), point.baths):
        s = point.h - v
        total, signed = known.get((T, abs(s)), (0.0, 0.0))
        known[T, abs(s)] = total + g, signed + g * lead.sign * (1.0 if s >= 0 else -1.0)
    parts = []
    for (T, s), (g, signed) in known.items():
        y, w = matsubara.nodes(T, point.width, 8.0 * np.ceil(largest / 8))
        parts.append((s - 1j * y, 2 * g * w, np.full(len(y), signed / g)))
    pole, weight, sign = (np.concatenate(column) for column in zip(*parts))
    for column in (pole, weight, sign):
        column.flags.writeable = False
    return pole, weight, sign
