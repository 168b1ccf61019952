"""What an evolution writes: order parameter, densities, currents, monitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ....maths.drives import Drive
from ....parallel import Layout
from ....tasks.recorder import SAFETY, Recorder
from ..physics import patterns
from ..physics.junction import Junction
from ..physics.site_lattice import Sites

if TYPE_CHECKING:
    from ....files.writer import ResultFile
    from ....solvers.auxiliary_modes.state import BlockState
    from ....solvers.output_times import Row
    from ....solvers.site_columns.state import SiteState

FIELDS = ("delta", "density", "magnetization")  # spread over ranks along x
BONDS = ("bond_current_x", "bond_current_y")  # over sites, too
FLOWS = ("current_x", "current_y")  # their means
CURRENTS = ("current_left", "current_right")
MONITORS = ("antihermiticity", "occupation_min", "occupation_max")
RANGE = "range error"  # the variant with longer ranges
PAULI = 1e-6  # by which occupations may leave [0, 1] without a warning
FORBIDDEN = 1e-3  # no solution: occupations outside by this and POLES times the error of the poles
FORBIDDEN_RANGES = 0.05  # the same of modes within ranges, whose error they show
POLES = 10.0
# Errors of the poles in means over the sites, over that of the fitted F at single energies (and
# 2 gamma of it in currents): at most, and not expected less unless symmetry forbids any.
MOST_OF_POLES = 1.5
LEAST_OF_POLES = 0.75
NO_ERROR = 1e-6  # share of that: a difference so small is due to symmetry
BROKEN = 1e-4  # no solution: a G so far from anti-Hermitian, a dn/dt so far from the currents


class JunctionRecords(Recorder):
    """What stripes and free patterns have in common: bias, currents, balance, monitors."""

    worst = {"antihermiticity": max, "occupation_min": min, "occupation_max": max, "balance": max}
    variants = ("step error", "pole error")
    remedy = "a smaller pole_error or dt"

    def __init__(
        self, Lx: int, comm, corrector: int, junction: Junction, vector: tuple[Drive, ...] = ()
    ) -> None:
        """vector : A_x(t), A_y(t) of a lattice of sites."""
        self.layout = Layout.over(Lx, comm)
        self.corrector = corrector
        self.fit_error = max(fit.error for fit in junction.poles)
        self.allowed = FORBIDDEN + POLES * self.fit_error
        couplings = {f"current_{lead.name}": 2 * lead.gamma for lead in junction.leads}
        self.sensitivity = {"density": 1.0, "magnetization": 1.0} | couplings
        # under a sine the error itself swings and may pass through 0 at t_max
        if any(drive.kind == "sine" for drive in (junction.drive, *vector)):
            self.safety = 0.5 * SAFETY

    def declare_fields(self, out: ResultFile, axes: tuple[str, ...]) -> None:
        """Series of the order parameter and the densities over ``axes``. **Collective.**"""
        for name in FIELDS:
            out.series(name, axes=axes, layout=self.layout)

    def declare_numbers(self, out: ResultFile) -> None:
        """Series of the bias, the currents and the monitors. **Collective.**"""
        for name in ("eV", *CURRENTS, "balance"):
            out.series(name)
        out.growing_axis("t_monitor")
        for name in MONITORS:
            out.series(name)

    @staticmethod
    def numbers(observed: Mapping) -> dict:
        """Bias, currents and balance of a row."""
        return {
            "eV": observed["eV"],
            "current_left": observed["current"]["left"],
            "current_right": observed["current"]["right"],
            "balance": observed["balance"],
        }

    @staticmethod
    def means(row: Mapping) -> dict:
        """Currents and mean densities of a row, for the summary."""
        return {
            "current_left": row["current_left"],
            "current_right": row["current_right"],
            "density": float(np.mean(row["density"])),
            "magnetization": float(np.mean(row["magnetization"])),
        }

    def watch(
        self, state: BlockState | SiteState, output: Row, observed: Mapping
    ) -> tuple[dict, dict]:
        """Anti-Hermiticity of G and the range of the occupations. **Collective.**"""
        numbers = dict(zip(MONITORS, state.extremes(output.green)))
        return numbers, numbers

    def warnings(self, worst: Mapping) -> list[str]:
        """A warning if occupations left [0, 1]."""
        low, high = worst["occupation_min"], worst["occupation_max"]
        if low >= -PAULI and high <= 1 + PAULI:
            return []
        return [f"occupations left [0, 1]: {low:.2e} .. {high:.2e}; use {self.remedy}"]

    def further_error(self, key: str, other: Mapping, coarse: Mapping, variant: str = "") -> float:
        """The error of the poles; that of ranges is what longer ones change.

        A fit with ten times the error of another tells of the means over sites little: by chance it
        gives a hundred times too much or too little. They follow F as it is at the levels, whose
        error is known; of a condensate they follow the order parameter besides.
        """
        difference = super().further_error(key, other, coarse)
        if variant == RANGE:
            return difference
        bound = self.sensitivity.get(key, 0.0) * self.fit_error
        if difference <= NO_ERROR * bound:
            return difference
        if coarse["state"] == "normal" and bound > 0:
            difference = min(difference, MOST_OF_POLES * bound)
        return max(difference, LEAST_OF_POLES * bound)

    def violations(self, worst: Mapping) -> list[str]:
        """Occupations far outside [0, 1], a G that is not anti-Hermitian, particles lost."""
        words = []
        low, high = worst["occupation_min"], worst["occupation_max"]
        if not (low >= -self.allowed and high <= 1 + self.allowed):
            words.append(
                f"no solution: occupations left [0, 1] by more than {self.allowed:.1e} "
                f"({low:.2e} .. {high:.2e}); use a smaller dt or pole_error"
            )
        for name in ("antihermiticity", "balance"):
            if not worst[name] <= BROKEN:
                words.append(
                    f"no solution: {name} is {worst[name]:.1e}, more than {BROKEN:g}; "
                    "use a smaller dt"
                )
        return words

    def local(self, row: Mapping, observed: Mapping) -> dict:
        """The row as this rank writes it."""
        own = slice(*self.layout.bounds())
        return {
            name: value[own] if name in FIELDS + BONDS else value for name, value in row.items()
        }

    def progress(self, row: Mapping) -> str:
        """A few words for the progress line."""
        return f"max|Delta| = {np.abs(row['delta']).max():.4f}"


class StripeRecords(JunctionRecords):
    """Data sets over x."""

    def __init__(
        self, junction: Junction, comm, corrector: int, previous: Mapping | None = None
    ) -> None:
        """previous : facts of the run before, where this one starts from its last state."""
        super().__init__(junction.lattice.Lx, comm, corrector, junction)
        self.lattice, self.previous = junction.lattice, previous
        if previous is not None:  # poles cannot be exchanged under a state in motion
            self.variants = ("step error",)

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        L = self.lattice.Lx
        out.growing_axis("t")
        out.axis("x", np.arange(L))
        out.axis("n", np.arange(L // 2 + 1))
        self.declare_fields(out, ("t", "x"))
        out.series("delta_n")
        self.declare_numbers(out)
        if self.previous is not None:
            out.axis("previous", np.arange(len(self.previous["eV"])))
            out.fixed("previous_eV", self.previous["eV"])
            out.fixed("previous_delta_max", self.previous["delta_max"])

    def row(self, t: float, c: np.ndarray, observed: Mapping) -> dict:
        """One row, replicated on every rank."""
        expand = self.lattice.expand
        up, down = observed["density_up"][expand], observed["density_down"][expand]
        delta = c[expand]
        return {
            "t": t,
            "delta": delta,
            "delta_n": patterns.harmonics(delta),
            "density": up + down,
            "magnetization": up - down,
            **self.numbers(observed),
        }

    def headline(self, row: Mapping) -> dict:
        """Summary numbers of one row."""
        return {"t": row["t"], **patterns.describe_stripes(row["delta"]), **self.means(row)}


class SiteRecords(JunctionRecords):
    """Data sets over (x, y)."""

    def __init__(self, junction: Junction, sites: Sites, comm, ranged: bool = False) -> None:
        """ranged : whether modes are kept within ranges."""
        super().__init__(sites.Lx, comm, 0, junction, sites.vector)
        self.sites = sites
        if ranged:
            self.variants = (*self.variants, RANGE)
            self.allowed += FORBIDDEN_RANGES
            self.remedy = "longer ranges, a smaller pole_error or dt"

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        Lx, Ly = self.sites.Lx, self.sites.Ly
        out.growing_axis("t")
        out.axis("x", np.arange(Lx))
        out.axis("y", np.arange(Ly))
        out.axis("n_x", np.arange(Lx // 2 + 1))
        out.axis("n_y", np.arange(Ly // 2 + 1))
        out.fixed("potential", self.sites.potential.reshape(Lx, Ly))
        self.declare_fields(out, ("t", "x", "y"))
        for name in BONDS:
            out.series(name, axes=("t", "x", "y"), layout=self.layout)
        for name in FLOWS:
            out.series(name)
        out.series("structure")
        self.declare_numbers(out)

    def row(self, t: float, c: np.ndarray, observed: Mapping) -> dict:
        """One row, replicated on every rank."""
        up, down = observed["density_up"], observed["density_down"]
        shape = (self.sites.Lx, self.sites.Ly)
        delta = c.reshape(shape)
        return {
            "t": t,
            "delta": delta,
            "structure": patterns.structure(delta),
            "density": (up + down).reshape(shape),
            "magnetization": (up - down).reshape(shape),
            **bond_maps(observed["bonds"], shape),
            **self.numbers(observed),
        }

    def headline(self, row: Mapping) -> dict:
        """Summary numbers of one row."""
        numbers = self.means(row) | {name: row[name] for name in FLOWS}
        return {"t": row["t"], **patterns.describe_sites(row["delta"]), **numbers}

    def compared(self, variant: str, row: Mapping, coarse: Mapping) -> dict:
        """Of longer ranges also the largest change of the order parameter."""
        if variant != RANGE:
            return {}
        return {"range_error": float(np.abs(row["delta"] - coarse["delta"]).max())}


def bond_maps(bonds: np.ndarray, shape: tuple[int, int]) -> dict:
    """The currents of the bonds (N, 2) along x and along y over sites, and their means."""
    maps = {name: bonds[:, k].reshape(shape) for k, name in enumerate(BONDS)}
    return maps | {name: float(bonds[:, k].mean()) for k, name in enumerate(FLOWS)}
