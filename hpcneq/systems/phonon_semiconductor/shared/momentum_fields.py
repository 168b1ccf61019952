"""The equations of motion as a mean field over momenta, which ranks share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..physics import collisions
from ..physics.collisions import Semiconductor

# an adaptive step would seed the order with its own noise
FIXED_STEP = {"ts_rk_type": "5dp", "ts_adapt_type": "none"}


class MomentumFields:
    """Protocol MeanField; each rank computes the rates of all momenta, few, and keeps its own."""

    everywhere = True
    fields = {"n11": (), "n22": (), "n21": (), "s": ()}

    def __init__(self, model: Semiconductor, seed: float, share: float = 1.0):
        """seed : s = seed (1 + i) at t = 0. share : electrons a momentum counts, where the grid
        stands in for another.
        """
        self.model, self.seed, self.share, self.items = model, seed, share, len(model.bands.k)

    def start(self, part: range) -> dict[str, np.ndarray]:
        """Filled lower band."""
        start = collisions.start(self.items, self.seed * (1 + 1j))
        own = slice(part.start, part.stop)
        return {name: values[own] for name, values in zip(self.fields, start)}

    def breakpoints(self, t_max: float) -> list[float]:
        """The laser is there from the beginning."""
        return []

    def partials(self, t: float, local: Mapping[str, np.ndarray], part: range) -> np.ndarray:
        """s dk/2pi, (momenta here, 1)."""
        own = slice(part.start, part.stop)
        return (self.model.bands.weight[own] * local["s"][own])[:, None]

    def close(self, sums: np.ndarray) -> np.ndarray:
        """(Delta,)."""
        return np.conj(self.model.V * sums)

    def rates(
        self, t: float, local: Mapping[str, np.ndarray], c: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """All four rates, (n,) each."""
        return self.model.rhs(
            t, local["n11"].real, local["n22"].real, local["n21"], local["s"], c[0]
        )

    def rhs(
        self,
        t: float,
        side: int,
        local: Mapping[str, np.ndarray],
        c: np.ndarray,
        out: Mapping[str, np.ndarray],
        part: range,
    ) -> None:
        """This rank's share of them, into ``out``."""
        for name, rate in zip(self.fields, self.rates(t, local, c)):
            out[name][:] = rate[part.start : part.stop]

    def observables(
        self, t: float, side: int, local: Mapping[str, np.ndarray], c: np.ndarray, part: range
    ) -> np.ndarray:
        """Rows (particles, d(s dk/2pi)/dt), (momenta here, 2)."""
        own = slice(part.start, part.stop)
        change = self.model.bands.weight[own] * self.rates(t, local, c)[3][own]
        particles = self.share * (local["n11"] + local["n22"])[own]
        return np.stack([particles, change], axis=1)
