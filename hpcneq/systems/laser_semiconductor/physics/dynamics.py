"""Equations of motion of populations, coherence and pair amplitudes, for several interactions.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015), Eqs. (9) with the missing i of (9a),
(35) with + i Gamma12, and (18).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ....maths.bands import Drive, Grid
from . import material
from .material import Material
from .steps import runge_kutta


class Pairing:
    """Protocol MeanField over momenta: fields (n, runs); the mean field is Delta (runs,).

    V : interactions, (runs,). start_fields : {name: (n, runs)}. floor : a constant added to Delta,
    from which the order grows however long the normal state takes to settle; it breaks the phase's
    symmetry. full_drive : without the rotating-wave approximation.
    """

    def __init__(
        self,
        m: Material,
        grid: Grid,
        V: Sequence[float] | np.ndarray,
        start_fields: Mapping[str, np.ndarray],
        floor: float = 0.0,
        full_drive: bool = False,
    ):
        """The coefficients of every momentum, (n, 1) each."""
        self.m, self.band, self.V = m, m.on(grid), np.atleast_1d(np.asarray(V, float))
        self.items, runs = len(self.band.k), len(self.V)
        self.fields = {name: (runs,) for name in ("n11", "n22", "n21", "s")}
        self.start_fields, self.floor = start_fields, floor
        self.drive = Drive(
            0.0 if m.model == "optical-pumping" else m.Omega,
            m.E_g + m.detuning if full_drive else None,
        )
        f1, f2 = m.fillings(self.band)
        self.table = {
            "supply1": 2 * m.Gamma1 * f1,
            "supply2": 2 * m.Gamma2 * f2,
            "turn": 1j * self.band.eps - m.Gamma,
            "pair": 1j * self.band.E - m.Gamma12,
            "f": self.band.weight * material.projection(m, self.band),
        }
        self.table = {name: value[:, None] for name, value in self.table.items()}
        self.loss1, self.loss2 = 2 * m.Gamma1, 2 * m.Gamma2
        self.known: dict[range, dict[str, np.ndarray]] = {}

    def breakpoints(self, t_max: float) -> list[float]:
        """The laser is there from the beginning."""
        return []

    def start(self, part: range) -> dict[str, np.ndarray]:
        """This rank's share of the start."""
        return {name: values[part.start : part.stop] for name, values in self.start_fields.items()}

    def mine(self, part: range) -> dict[str, np.ndarray]:
        """The coefficients of this rank's momenta, (momenta here, 1) each."""
        if part not in self.known:
            self.known[part] = {
                name: value[part.start : part.stop] for name, value in self.table.items()
            }
        return self.known[part]

    def partials(self, t: float, local: Mapping[str, np.ndarray], part: range) -> np.ndarray:
        """f s dk/2pi, (momenta here, runs)."""
        return self.mine(part)["f"] * local["s"]

    def close(self, sums: np.ndarray) -> np.ndarray:
        """Delta (runs,) from int dk/2pi f s, Eq. (18) or (17)."""
        return self.V * np.conj(sums) + self.floor

    def rhs(
        self,
        t: float,
        side: int,
        local: Mapping[str, np.ndarray],
        c: np.ndarray,
        out: Mapping[str, np.ndarray],
        part: range,
    ) -> None:
        """Eqs. (9), (35): rates of this rank's fields, (momenta here, runs), into ``out``."""
        at = self.mine(part)
        n11, n22, n21, s = local["n11"].real, local["n22"].real, local["n21"], local["s"]
        g = self.drive.coupling(t)
        # real products: numpy's complex ones round differently where short arrays happen to lie
        # side by side in memory
        pairs = c.real * s.imag + c.imag * s.real
        pairs *= -2
        drive = g * n21.imag if isinstance(g, float) else g.real * n21.imag - g.imag * n21.real
        out["n11"][:] = pairs - drive - self.loss1 * n11 + at["supply1"]
        out["n22"][:] = pairs + drive - self.loss2 * n22 + at["supply2"]
        change, inverted = at["turn"] * n21, n22 - n11
        change.imag -= 0.5 * g.real * inverted
        if g.imag:
            change.real += 0.5 * g.imag * inverted
        out["n21"][:] = change
        change, paired = at["pair"] * s, n11 + n22 - 1
        change.real += c.imag * paired
        change.imag += c.real * paired
        out["s"][:] = change

    @property
    def autonomous(self) -> bool:
        """Whether the laser's coupling is constant, as in the rotating-wave approximation."""
        return self.drive.omega0 is None

    def repeat(self, fields: Mapping[str, np.ndarray], step: float, count: int) -> None:
        """``count`` fourth-order Runge-Kutta steps of the fields of all momenta, in place."""
        views = [fields[name].real for name in ("n11", "n22")]
        for name in ("n21", "s"):
            views += [fields[name].real, fields[name].imag]
        packed = np.ascontiguousarray(np.stack(views).transpose(0, 2, 1))
        rates = (self.loss1, self.loss2, float(self.drive.coupling(0.0).real))
        runge_kutta(packed, self.coefficients(), self.V, self.floor, rates, step, count)
        for view, values in zip(views, packed.transpose(0, 2, 1)):
            view[:] = values

    def coefficients(self) -> np.ndarray:
        """Rows (8, n) of `steps.runge_kutta`: supplies, and factors of n21, s and the sum."""
        table = {name: values[:, 0] for name, values in self.table.items()}
        turn, pair = table["turn"], table["pair"]
        f = table["f"] + 0j
        parts = (turn.real, turn.imag, pair.real, pair.imag, f.real, f.imag)
        return np.array([table["supply1"], table["supply2"], *parts])

    def observables(
        self, t: float, side: int, local: Mapping[str, np.ndarray], c: np.ndarray, part: range
    ) -> np.ndarray:
        """Particles per time that pairing adds, 2 (i Delta s - c.c.), (momenta here, runs)."""
        return -4 * self.band.weight[part.start : part.stop, None] * (c * local["s"]).imag


def initial(
    m: Material,
    grid: Grid,
    runs: int,
    state: str,
    delta: float,
    kind: str = "uniform",
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """The fields at t = 0, {name: (n, runs)} complex.

    state : populations of the reservoirs ("equilibrium") or of the settled laser without pairing
    ("driven"). kind : s is (10) at Delta = ``delta`` and the driven populations ("uniform"), or
    complex normal numbers times ``delta``, even in k ("random").
    """
    band = m.on(grid)
    if state == "equilibrium":
        n11, n22 = m.fillings(band)
        n21 = np.zeros(len(band.k), complex)
    else:
        n11, n22 = material.populations(m, band, 0.0)
        n21 = material.coherence(m, band, n11, n22)
    if kind == "uniform":
        s = material.pair_amplitude(m, band, delta)
    else:
        s = delta * noise(band.k, seed)
    return {
        name: np.repeat(np.asarray(values, complex)[:, None], runs, axis=1)
        for name, values in (("n11", n11), ("n22", n22), ("n21", n21), ("s", s))
    }


def noise(k: np.ndarray, seed: int) -> np.ndarray:
    """Complex normal numbers (n,), the same at k and -k, whatever the ranks.

    Keyed by (seed, place).
    """
    n = len(k)
    places = [min(j, n - 1 - j) if k[0] < 0 else j for j in range(n)]
    return np.array(
        [
            np.random.Generator(np.random.Philox(key=[seed, j])).normal(size=2) @ [1, 1j]
            for j in places
        ]
    )
