"""What an evolution writes: pairing, densities, currents, monitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ....tasks.recorder import Recorder
from .setup import Setup, write_model

if TYPE_CHECKING:
    from ....files.writer import ResultFile
    from ....solvers.output_times import Row
    from ....solvers.pole_leads.state import PoleState

FIELDS = ("delta", "delta_bond", "density", "current", "spin_current", "bond_current")
BROKEN = 0.05  # beyond: no solution
TIE = 1e-6  # currents that differ by less are equally large: that of the first lead is told
PAULI = 1e-4  # by which occupations may leave [0, 1] without a warning


class LatticeRecords(Recorder):
    """Series over sites, bonds, links and leads."""

    worst = {"occupation_min": min, "occupation_max": max}
    variants = ("step error", "fit error")

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        if not setup.reservoirs:  # a closed system has no fit
            self.variants = ("step error",)
        elif setup.given.numerics.range is not None:
            self.variants = (*self.variants, "range error")
        absent = {
            "current": not setup.reservoirs,
            "spin_current": not setup.reservoirs,
            "delta_bond": not setup.model.bonds,
            "bond_current": not len(setup.bonds.i),
        }
        self.fields = tuple(name for name in FIELDS if not absent.get(name))

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t")
        write_model(self.setup, out)
        for name in ("eV", *self.fields, "pair_source_at"):
            out.series(name)

    def row(self, t: float, c: np.ndarray, observed: Mapping) -> dict:
        """One row, the same on every rank."""
        row = {"t": t, "eV": observed["eV"], "pair_source_at": observed["pair_source"]}
        return row | {name: observed[name] for name in self.fields}

    def headline(self, row: Mapping) -> dict:
        """The summary's numbers of one row."""
        pairs = np.concatenate([np.abs(row["delta"]), np.abs(row.get("delta_bond", ()))])
        current = np.asarray(row.get("current", np.zeros(1)), float)
        size = np.abs(current)
        return {
            "t": row["t"],
            "delta_max": float(pairs.max(initial=0.0)),
            "number": float(np.sum(row["density"])),
            "current_total": float(current.sum()),
            "current_largest": float(current[np.argmax(size >= (1 - TIE) * size.max())]),
        }

    def watch(self, state: PoleState, output: Row, observed: Mapping) -> tuple[dict, dict]:
        """The range of the occupations and what symmetry says. **Collective.**"""
        seen = state.watch(output.array, output.t, output.side, output.c)
        return {}, {
            "occupation_min": seen["rho_min"],
            "occupation_max": seen["rho_max"],
        }

    def warnings(self, worst: Mapping) -> list[str]:
        """A warning if occupations left [0, 1]."""
        low, high = worst["occupation_min"], worst["occupation_max"]
        if low >= -PAULI and high <= 1 + PAULI:
            return []
        return [f"occupations left [0, 1]: {low:.2e} .. {high:.2e}; use a smaller fit_error or dt"]

    def violations(self, worst: Mapping) -> list[str]:
        """Occupations far outside [0, 1]: what was computed is no solution."""
        low, high = worst["occupation_min"], worst["occupation_max"]
        if low >= -BROKEN and high <= 1 + BROKEN:
            return []
        return [
            f"no solution: occupations left [0, 1] by more than {BROKEN:g}: {low:.2e} .. {high:.2e}"
        ]

    def progress(self, row: Mapping) -> str:
        """A few words for the progress line."""
        numbers = self.headline(row)
        return f"max|D| = {numbers['delta_max']:.4f}, I = {numbers['current_largest']:.4f}"
