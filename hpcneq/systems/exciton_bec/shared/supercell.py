"""A uniform condensate in a supercell, at rest, with the bath's memory as modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....maths import poles
from ....maths.plane_wave_box import PlaneWaveBox
from ....solvers.supercell.medium import Medium
from ....solvers.supercell.patterns import pair_sums_at_rest
from ....tasks import Given
from ....tasks.supercell import box_of
from ....tasks.supercell_tables import harmonic_count, pole_error
from ..physics.gap_equations import Condensate

LEAST_SURFACE = 0.25  # kF^2: of the transverse panels where there is no Fermi surface


@dataclass(frozen=True)
class Resting:
    """A uniform condensate in a cell: coupling (2 h + 1,) and harmonics (2 h + 1,) of a rest."""

    medium: Medium
    coupling: np.ndarray
    start: np.ndarray


def medium_of(
    given: Given, state: Condensate, box: PlaneWaveBox, mt: float | None = None
) -> Medium:
    """The bath and the vacuum around carriers in a box.

    mt : mu_b less the mu that energies count from, default that of the uniform condensate.
    """
    mt = state.mt if mt is None else mt
    g, gb = state.g, state.gb
    window = float(box.energies.max()) + abs(state.mu) + abs(state.mt)
    fit = poles.fit("aaa", state.T, g, window, pole_error(given.numerics))
    rates = np.stack([-(g + fit.w) + 1j * mt, -(g + fit.w) - 1j * mt], axis=1)
    sources = np.repeat((-2j * gb * fit.r)[:, None], 2, axis=1)
    mu = state.mu_b - mt
    return Medium(box, mu, 2 * g, np.array([gb, gb + 2 * state.gv]), rates, sources)


def resting(given: Given, state: Condensate) -> Resting:
    """The condensate with 1/U such that it is an exact fixed point on this grid.

    1/U is complex: its imaginary part is the decay of the pairs outside the box.
    """
    reach = np.sqrt(max(state.mt**2 - state.delta**2, 0.0))
    cell = given.numerics.supercell
    surface = max(state.mu + reach, LEAST_SURFACE)
    inner = [state.mu - reach]
    box = box_of(given.numerics.wave_number, cell, surface, state.mu, inner)
    medium = medium_of(given, state, box)
    start = np.zeros(harmonic_count(cell), complex)
    h = len(start) // 2
    start[h] = state.delta
    sums = pair_sums_at_rest(medium, start)
    coupling = sums[h] / state.delta + box.finite_size(len(start))
    return Resting(medium, coupling, start)
