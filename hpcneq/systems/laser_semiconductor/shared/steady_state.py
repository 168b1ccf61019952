"""Order parameter, threshold and growth rate of one point, polished by SNES."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from ....errors import NotConverged
from ....maths.bands import Bands
from ....solvers import newton
from ..physics import material
from ..physics.material import Material
from .remarks import UNDETERMINED

STARTS = (
    0.1,
    0.3,
    1.0,
)  # of the growth rate or decay: |Delta| from which a turning state is sought
LARGEST_LOG = 100.0  # of |Delta|, where SNES may stray
NEAR = 5.0  # decay rates beyond the energies of pairs, how far a threshold is looked for
SCANNED = (200, 4000)  # frequencies, least and most
SMALLEST = 1e-6  # |Delta| of a turning state, in decay rates of pairs


def order_parameter(m: Material, points: int) -> float:
    """|Delta| of the steady state, Eq. (19), from SNES in ln |Delta|; 0 in the normal state.

    points : momenta of positive k. Raises NotConverged if SNES is lost.
    """
    _refuse_undetermined(m)
    if m.model == "three-band" or not m.projected:
        return 0.0
    band = m.on(m.graded(points))
    start = material.seed(m, band)
    if start == 0:
        return 0.0
    root = newton.solve_equations(
        lambda x: np.array([m.V * material.gap_sum(m, band, np.exp(2 * x[0])) - 1]),
        [np.log(start)],
        prefix="steady_",
    )
    if not root.converged or abs(root.x[0] - np.log(start)) > 0.1:
        raise NotConverged(
            f"steady: SNES stopped with residual {root.residual:.1e} ({root.reason}); "
            "try [petsc] steady.snes_atol or more points"
        )
    return float(np.exp(root.x[0]))


def turning_order(m: Material, points: int) -> tuple[float, float]:
    """(|Delta|, w) of a steady state with Delta ~ exp(-i w t), from the mode that grows fastest.

    By SNES in (ln |Delta|, w); (0, 0) where the normal state is stable or none was found. points :
    momenta of positive k.
    """
    if m.model == "three-band":
        return 0.0, 0.0
    rate, _ = growth_rate(m, points)
    return turning_order_on(m, m.on(m.graded(points)), rate)


def turning_order_on(m: Material, band: Bands, rate: complex) -> tuple[float, float]:
    """(|Delta|, w) as `turning_order`, on a given grid; rate : of the mode that grows fastest."""
    if rate.real <= 0:
        return 0.0, 0.0
    unit = m.Gamma12

    def gap(x):
        left = material.rotating_gap(
            m.at(turning=x[1] * unit), band, np.exp(2 * min(x[0], LARGEST_LOG))
        )
        return np.array([left.real, left.imag])

    for part in STARTS:
        start = np.array([np.log(part * max(rate.real, unit)), rate.imag / unit])
        root = newton.solve_equations(gap, start, prefix="steady_")
        size = float(np.exp(min(root.x[0], LARGEST_LOG)))
        if root.converged and SMALLEST * unit < size < abs(m.V):
            return size, float(root.x[1] * unit)
    return 0.0, 0.0


def threshold(m: Material, points: int) -> tuple[float, float]:
    """(V, w): where the normal state begins to pair, with its sign, and how the order turns there.

    V is inf if nothing can pair. With (18) the order does not turn. Raises NotConverged where the
    normal state is not determined.
    """
    _refuse_undetermined(m)
    band = m.on(m.graded(points))
    if not m.projected and m.model != "three-band":
        return _turning_threshold(m, band)
    total = material.gap_sum(m, band, 0.0)
    if total == 0:
        return np.inf, 0.0
    return 1 / total, 0.0


def _turning_threshold(m: Material, band: Bands) -> tuple[float, float]:
    """(V, w) of the smallest |V| of the input's sign at which a mode neither grows nor decays.

    There 1/V is the response to Delta^* ~ exp(i w t), whose imaginary part has to vanish.
    """
    unit = m.at(V=1.0)

    def response(w):
        return 1 - material.growth_condition(unit, band, 1j * w)

    low = band.E.min() - NEAR * m.Gamma12
    high = band.E.max() + NEAR * m.Gamma12
    count = int(np.clip(4 * (high - low) / m.Gamma12, *SCANNED))
    frequencies = np.linspace(low, high, count)
    values = np.array([response(w).imag for w in frequencies])
    best = (np.inf, 0.0)
    for j in np.flatnonzero(values[1:] * values[:-1] < 0):
        ends = frequencies[j], frequencies[j + 1]
        w = brentq(lambda x: response(x).imag, *ends, xtol=1e-14 * (1 + abs(low) + abs(high)))
        strength = response(w).real
        if strength * m.V > 0 and abs(1 / strength) < abs(best[0]):
            best = (1 / strength, float(w))
    return best


def growth_rate(m: Material, points: int) -> tuple[complex, complex]:
    """(lambda, eigenvalue) of the mode Delta^* ~ exp(lambda t) that grows fastest.

    lambda is the root of the growth condition by SNES; the eigenvalue of the linearised equations,
    from which SNES starts, is the same number by another route. points : momenta of positive k.
    Raises NotConverged if SNES is lost.
    """
    _refuse_undetermined(m)
    band = m.on(m.graded(points))
    eigenvalue = material.growth_eigenvalue(m, band)
    if eigenvalue.real < -0.99 * m.Gamma12:
        return complex(-m.Gamma12, 0.0), eigenvalue

    def condition(x):
        left = material.growth_condition(m, band, complex(*(x * m.Gamma12)))
        return np.array([left.real, left.imag])

    start = np.array([eigenvalue.real, eigenvalue.imag]) / m.Gamma12
    root = newton.solve_equations(condition, start, prefix="steady_")
    if not root.converged:
        raise NotConverged(
            f"growth: SNES stopped with residual {root.residual:.1e} ({root.reason}); "
            "try more [numerics] points"
        )
    return complex(*(root.x * m.Gamma12)), eigenvalue


def _refuse_undetermined(m: Material) -> None:
    """NotConverged for a point without a normal state of its own."""
    if material.undetermined(m):
        raise NotConverged(UNDETERMINED)
