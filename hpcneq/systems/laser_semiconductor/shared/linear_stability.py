"""Whether a stationary state of one point is stable: the eigenvalue that grows fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import NotConverged
from ....maths.arrays import ComplexArray
from ....maths.bands import Bands
from ....solvers import newton
from ....tasks import Sweep
from ..physics import material, stability
from ..physics.material import Material
from .steady_state import growth_rate

if TYPE_CHECKING:
    from ....files.writer import ResultFile
    from ....tasks.sweep import Written

COARSE = 48  # momenta a side of the matrix from whose eigenvalues SNES starts
MOST = 64  # momenta of that matrix
OUTSIDE = 1e-3  # of the decay of pairs: how far from the continuum a root of its own begins
ROOTS = 4  # eigenvalues from which SNES starts, at most
STATES = ("", "normal_")  # prefixes: of the published state, of the one without pairs
UNKNOWN = complex(np.nan, np.nan)


def verdicts(m: Material, delta: float, points: int) -> dict[str, complex]:
    """Stability of the state with |Delta| = ``delta`` and of the normal state.

    "eigenvalue", "normal_eigenvalue" : complex, nan where SNES found none; "stable",
    "normal_stable" : 1, 0 or nan.
    """
    numbers: dict[str, complex] = {}
    for prefix, size in zip(STATES, (delta, 0.0)):
        try:
            value = fastest_eigenvalue(m, size, points)
        except NotConverged:
            value = UNKNOWN
        numbers[f"{prefix}eigenvalue"] = value
        numbers[f"{prefix}stable"] = stable(value)
    return numbers


def stable(eigenvalue: complex) -> float:
    """1 where deviations decay, 0 where they grow, nan where the eigenvalue is not known."""
    return float(eigenvalue.real < 0) if np.isfinite(eigenvalue) else np.nan


def fastest_eigenvalue(m: Material, delta: float, points: int) -> complex:
    """The eigenvalue of largest real part of the linearised equations.

    delta : |Delta| of the steady state on the grid of ``points`` momenta of positive k; 0 for the
    normal state. Eigenvalues of the matrix of all momenta on a coarse grid, then SNES on the 2 x 2
    determinant on the grid itself; the continuum where no root lies above. The three-band model
    knows its pairs alone. Raises NotConverged if SNES is lost.
    """
    if delta == 0:
        return _of_normal_state(m, points)
    band = m.on(m.graded(points))
    top = stability.continuum(m, band, delta)
    roots = [_polished(m, band, delta, z) for z in _candidates(m, points, delta, top)]
    above = [z for z in roots if z.real > top]
    return max(above, key=lambda z: z.real, default=complex(top, 0.0))


def _of_normal_state(m: Material, points: int) -> complex:
    """The growth of pairs, or the slowest decay of populations where that is slower."""
    pairs, _ = growth_rate(m, points)
    if m.model == "three-band":
        return pairs
    top = stability.continuum(m, m.on(m.graded(points)), 0.0)
    return pairs if pairs.real > top else complex(top, 0.0)


def _candidates(m: Material, points: int, delta: float, top: float) -> ComplexArray:
    """Eigenvalues on a coarse grid that may lie above the continuum, Im >= 0."""
    coarse = COARSE if np.isfinite(m.k_max) else 2 * COARSE
    band = m.on(m.graded(min(points, coarse)))
    if len(band.k) > MOST:
        band = m.on(m.graded(max(4, coarse * MOST // len(band.k))))
    if m.turning == 0:
        delta = material.seed(m, band) or delta
    z = stability.eigenvalues(m, band, delta)
    top = max(top, stability.continuum(m, band, delta))
    outside = OUTSIDE * m.Gamma12
    turning = z[(z.imag > outside) & (z.real > top - 0.1 * m.Gamma12)]
    still = z[(np.abs(z.imag) <= outside) & (z.imag >= 0) & (z.real > top + outside)]
    return np.concatenate([turning[:ROOTS], still[:ROOTS]])


def _polished(m: Material, band: Bands, delta: float, start: complex) -> complex:
    """The root of the condition next to ``start``, by SNES in units of the decay of pairs.

    Raises NotConverged where a growing mode is lost; nan where one below the continuum is.
    """
    unit, real = m.Gamma12, start.imag == 0

    def condition(x):
        left = stability.condition(m, band, delta, complex(*(x * unit))) * unit
        return np.array([left.real, x[1] if real else left.imag])

    x = np.array([start.real, start.imag]) / unit
    root = newton.solve_equations(condition, x, prefix="steady_")
    if root.converged:
        return complex(*(root.x * unit))
    if start.real < 0:
        return UNKNOWN
    raise NotConverged(
        f"stability: SNES stopped with residual {root.residual:.1e} ({root.reason}); "
        "try more [numerics] points"
    )


# ---- what is written of it ----------------------------------------------------------------------


def named(numbers: dict) -> dict:
    """The same numbers with verdicts as a summary has them: true, false or null."""
    words = {1.0: True, 0.0: False}
    return numbers | {name: words.get(numbers[name]) for name in numbers if name.endswith("stable")}


def write(out: ResultFile | Written, sweep: Sweep) -> None:
    """The verdicts of a curve or map over its axes."""
    for prefix in STATES:
        out.fixed(f"{prefix}stable", sweep.table(f"{prefix}stable"), tuple(sweep.axes))
        values = sweep.table(f"{prefix}eigenvalue", UNKNOWN, complex)
        out.fixed(f"{prefix}eigenvalue", values, tuple(sweep.axes))


def remarks_of_point(numbers: dict) -> list[str]:
    """A warning if the published state is unstable, or its stability not known."""
    z = numbers["eigenvalue"]
    if not np.isfinite(z):
        return ["the stability of the steady state is not known: no eigenvalue was found"]
    if z.real < 0:
        return []
    turning = f", frequency {abs(z.imag):.4g}" if z.imag else ""
    return [
        f"the steady state is unstable: small deviations grow with {z.real:.4g}{turning}; "
        "task evolve shows what becomes of it"
    ]


def remarks_of_sweep(sweep: Sweep) -> list[str]:
    """A warning on the points whose published state is unstable or not known."""
    table = sweep.table("stable")
    known = np.isfinite(table)
    words = []
    if (table[known] == 0).any():
        count = int((table[known] == 0).sum())
        words.append(
            f"at {count} of {table.size} points the steady state is unstable (stable = 0): small "
            "deviations grow"
        )
    if not known.all():
        words.append(f"at {int((~known).sum())} of {table.size} points its stability is not known")
    return words
