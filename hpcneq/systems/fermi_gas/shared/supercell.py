"""The gas between its reservoirs in a supercell, with their memory as modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....maths import poles
from ....maths.plane_wave_box import PlaneWaveBox
from ....solvers.supercell.medium import Medium
from ....solvers.supercell.patterns import pair_sums_at_rest
from ....tasks import Given
from ....tasks.supercell import box_of
from ....tasks.supercell_tables import harmonic_count
from ..physics.gap_and_current import Gas
from ..physics.occupation import Baths
from .branch_states import CurvesOf, find_branch, required_branch


def medium_of(numerics: Any, baths: Baths) -> Medium:
    """The reservoirs around the momenta of a cell.

    numerics : with wave_number, supercell, pole_error.
    """
    inner = [1.0 - baths.dmu]
    box = box_of(numerics.wave_number, numerics.supercell, 1.0 + baths.dmu, 1.0, inner)
    width = baths.width
    fit = poles.fit(
        "aaa", baths.T, width, float(box.energies.max()) + baths.dmu, numerics.pole_error
    )
    slow = -(width + np.tile(fit.w, 2))
    turning = np.repeat([baths.dmu, -baths.dmu], len(fit))
    rates = np.repeat((slow + 1j * turning)[:, None], 2, axis=1)
    sources = np.repeat((-1j * width * np.tile(fit.r, 2))[:, None], 2, axis=1)
    return Medium(box, 1.0, 2 * width, np.array([width, width]), rates, sources)


def coupling_from(medium: Medium, c: np.ndarray, m: int) -> np.ndarray:
    """(n,) 1/U + dU_m, real, for which ``c`` with one harmonic m is stationary."""
    place = len(c) // 2 + m * medium.box.stride
    F = pair_sums_at_rest(medium, c)
    dU = medium.box.finite_size(len(c))
    return np.asarray(float((F[place] / c[place]).real) - dU[place] + dU)


def single(box: PlaneWaveBox, count: int, m: int, D: float) -> np.ndarray:
    """(count,) harmonics of D e^{imGx}."""
    c = np.zeros(count, complex)
    c[count // 2 + m * box.stride] = D
    return c


def reference(gas: Gas, curves_of: CurvesOf) -> tuple[float, float]:
    """(Delta, dmu) of the uniform state that tells the coupling on the grid.

    NBCS where it exists, else that of dmu = 0. Raises NormalState.
    """
    state, _ = find_branch(gas, "NBCS", curves_of)
    if state is not None:
        return state[0], gas.baths.dmu
    return required_branch(gas.at(0.0), "NBCS", curves_of)[0], 0.0


def coupling_of(given: Given, gas: Gas, curves_of: CurvesOf) -> np.ndarray:
    """(2 h + 1,) 1/U + dU_m on the grid of an input, from the uniform state."""
    D, dmu = reference(gas, curves_of)
    medium = medium_of(given.numerics, gas.at(dmu).baths)
    count = harmonic_count(given.numerics.supercell)
    return coupling_from(medium, single(medium.box, count, 0, D), 0)
