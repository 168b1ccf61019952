"""The current's response to a weak kick of the vector potential at any time of an evolution.

A -> A + a for t > delay is a field of -a delta(t - delay); with j the current a site,

    sigma(w, delay) = -1/(2a) int_0 ds [j_a - j_-a](delay + s) e^{i(w + i width)s},

a the kick, whose square drops out. A stationary state answers with its sigma(w + i width).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .... import interrupts
from ....maths.pole_leads import Density
from ....solvers.pole_leads.two_times import March
from ..physics import observables
from ..physics.open_lattice import Drive, OpenLattice
from ..tasks.evolve import density_of
from .lead_input import AXES
from .setup import LatticeLeads, Setup
from .two_times import Earlier

Record = dict[str, Any]
GROUPS = 4  # the steps of a response are a multiple of it: Simpson's rule at both steps
LATE = 0.9  # of a response: what is left from then on tells what is cut off


class Kicked:
    """Drives with a constant added to the vector potential along an axis."""

    def __init__(self, drives: Drive, axis: int, size: float) -> None:
        self.drives = drives
        self.axis, self.size = axis, size
        self.U, self.eV = drives.U, drives.eV
        self.breakpoints, self.phases = drives.breakpoints, drives.phases
        self.shifts = drives.shifts

    def vector_potential(self, t: float, side: int = +1) -> np.ndarray:
        """A (d,)."""
        given = self.drives.vector_potential(t, side)
        A = np.zeros(max(len(given), self.axis + 1))
        A[: len(given)] = given
        A[self.axis] += self.size
        return A


@dataclass(frozen=True)
class Window:
    """How a response is looked at: frequencies, broadening, steps, kick."""

    energies: np.ndarray
    width: float
    step: float
    steps: int
    kick: float

    @property
    def times(self) -> np.ndarray:
        """(steps + 1,) since the kick."""
        return self.step * np.arange(self.steps + 1)

    def transform(self, moved: np.ndarray) -> tuple[np.ndarray, float]:
        """(sigma (energies,), what the end of the window cuts off at most) of j_a - j_-a."""
        weights = np.ones(self.steps + 1)
        weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
        weights *= self.step / 3
        t = self.times
        turned = np.exp(1j * np.outer(self.energies + 1j * self.width, t))
        sigma = -(turned @ (weights * moved)) / (2 * self.kick)
        late = np.abs(moved[int(LATE * self.steps) :]).max() / (2 * self.kick)
        return sigma, float(late * np.exp(-self.width * t[-1]) / self.width)

    def coarse(self) -> Window:
        """The same with twice the step."""
        return Window(self.energies, self.width, 2 * self.step, self.steps // 2, self.kick)


def window_of(given: Any) -> Window:
    """The window of an input."""
    numerics = given.numerics
    energies = np.linspace(numerics.energy_min, numerics.energy_max, numerics.points)
    steps = GROUPS * int(np.ceil(numerics.length / numerics.dt / GROUPS))
    return Window(energies, numerics.width, numerics.length / steps, steps, numerics.kick)


class Pumped:
    """The evolution of an input without the kick, kept as far as it has been looked at.

    step : of its grid, which begins at ``begin`` <= 0. start : of the state before t = 0.
    """

    def __init__(
        self, setup: Setup, leads: LatticeLeads, start: Record, begin: float, step: float
    ) -> None:
        self.setup, self.leads = setup, leads
        self.start = start
        self.begin, self.step = begin, step
        self.axis = AXES.index(setup.given.parameters.direction)
        self.drives = Earlier(setup.drives, begin)
        self.march: March | None = None

    def _system(self, drives: Drive) -> OpenLattice:
        return OpenLattice(self.setup.field, self.setup.bonds, self.leads, drives)

    def at(self, t: float, end: float) -> Density:
        """R at a time; end : the last that will be asked for."""
        count = int(np.floor((t - self.begin) / self.step + 1e-9))
        system = self._system(self.drives)
        if self.march is None or self.march.count > count:
            density: Density = density_of(self.setup, self.leads, self.start)
            self.march = March(system, density, self.begin, self.step, end)
        while self.march.count < count:
            interrupts.stop_if_asked()
            self.march.advance()
        left = t - self.march.t
        if left <= 1e-9 * self.step:
            return self.march.density
        last = March(system, self.march.density, self.march.t, left, end)
        last.advance()
        return last.density

    def response(self, delay: float, window: Window, end: float) -> Record:
        """{sigma, cut, delta_max} of a kick at a delay."""
        density = self.at(delay, end)
        both = [self._current(density, delay, window, sign * window.kick, end) for sign in (1, -1)]
        sigma, cut = window.transform(both[0] - both[1])
        H = self._pairing(density, delay)
        return {"sigma": sigma, "cut": cut, "delta_max": H}

    def _pairing(self, density: Density, t: float) -> float:
        field, system = self.setup.field, self._system(self.drives)
        c = system.close(density.core[field.rows, field.columns])
        return observables.largest_pairing(field, system.values(t, +1, c))

    def _current(
        self, density: Density, delay: float, window: Window, kick: float, end: float
    ) -> np.ndarray:
        """(steps + 1,) current a site along the axis after a kick."""
        setup = self.setup
        field, bonds = setup.field, setup.bonds
        system = self._system(Kicked(self.drives, self.axis, kick))
        march = March(system, density, delay, window.step, end + window.times[-1])
        moved = setup.model.displacement(bonds.j, bonds.i)[:, self.axis] / setup.model.sites
        size = field.form.size
        series = []
        for k in range(window.steps + 1):
            interrupts.stop_if_asked()
            H = system.values(march.t, +1, march.field)
            seen = march.state.seen(march.state.flat, march.t)
            hops = seen.rho[size : size + len(bonds.rows)]
            series.append(observables.bond_flows(field, bonds, H, hops) @ moved)
            if k < window.steps:
                march.advance()
        return np.array(series)
