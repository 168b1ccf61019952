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

FIELDS = ("delta", "delta_bond", "density", "current", "spin_current", "bond_current")
PAULI = 1e-4  # by which occupations may leave [0, 1] without a warning


class LatticeRecords(Recorder):
    """Series over sites, bonds, links and leads."""

    worst = {"occupation_min": min, "occupation_max": max, "redundancy": max}
    variants = ("step error", "fit error")

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        if not setup.reservoirs:  # a closed system has no fit
            self.variants = ("step error",)

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        bonds = self.setup.model.bonds
        out.growing_axis("t")
        write_model(self.setup, out)
        out.axis("bond", np.arange(len(bonds)))
        out.fixed("bonds", np.array([bond[:2] for bond in bonds], int).reshape(-1, 2))
        for name in ("eV", *FIELDS, "pair_source_at"):
            if name in ("current", "spin_current") and not self.setup.reservoirs:
                continue
            out.series(name)

    def row(self, t: float, c: np.ndarray, observed: Mapping) -> dict:
        """One row, the same on every rank."""
        row = {"t": t, "eV": observed["eV"], "pair_source_at": observed["pair_source"]}
        for name in FIELDS:
            if name in ("current", "spin_current") and not self.setup.reservoirs:
                continue
            row[name] = observed[name]
        return row

    def headline(self, row: Mapping) -> dict:
        """The summary's numbers of one row."""
        pairs = np.concatenate([np.abs(row["delta"]), np.abs(row["delta_bond"])])
        current = np.asarray(row.get("current", np.zeros(1)), float)
        return {
            "t": row["t"],
            "delta_max": float(pairs.max(initial=0.0)),
            "number": float(np.sum(row["density"])),
            "current_total": float(current.sum()),
            "current_largest": float(current[np.argmax(np.abs(current))]),
        }

    def watch(self, state: object, output: Row, observed: Mapping) -> tuple[dict, dict]:
        """The range of the occupations and what symmetry says. **Collective.**"""
        low, high, redundancy = state.monitors(output)  # type: ignore[attr-defined]
        numbers = {"occupation_min": low, "occupation_max": high, "redundancy": redundancy}
        return {}, numbers

    def warnings(self, worst: Mapping) -> list[str]:
        """A warning if occupations left [0, 1]."""
        low, high = worst["occupation_min"], worst["occupation_max"]
        if low >= -PAULI and high <= 1 + PAULI:
            return []
        return [f"occupations left [0, 1]: {low:.2e} .. {high:.2e}; use a smaller fit_error or dt"]

    def progress(self, row: Mapping) -> str:
        """A few words for the progress line."""
        numbers = self.headline(row)
        return f"max|D| = {numbers['delta_max']:.4f}, I = {numbers['current_largest']:.4f}"
