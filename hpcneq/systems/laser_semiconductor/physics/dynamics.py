"""Equations of motion of populations, coherence and pair amplitudes, for one or several interactions at once.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015), Eqs. (9) with the missing i of (9a), (35) with + i Gamma12, and (18).
"""

from __future__ import annotations

import numpy as np

from ....maths.bands import Drive
from . import material as laser


class Pairing:
    """Protocol MeanField over momenta: fields (n, runs) for interactions V (runs,); the mean field is Delta (runs,).

    floor : a constant added to Delta, from which the order grows however long the normal state takes to settle; it breaks the phase's
    symmetry. start_fields : {name: (n, runs)}.
    """

    def __init__(self, m, grid, V, start_fields, floor=0.0, full_drive=False):
        self.m, self.band, self.V = m, m.on(grid), np.atleast_1d(np.asarray(V, float))
        self.items, runs = len(self.band.k), len(self.V)
        self.fields = {name: (runs,) for name in ("n11", "n22", "n21", "s")}
        self.start_fields, self.floor = start_fields, floor
        self.drive = Drive(
            0.0 if m.model == "optical-pumping" else m.Omega, m.E_g if full_drive else None
        )
        f1, f2 = m.fillings(self.band)
        self.table = {
            "supply1": 2 * m.Gamma1 * f1,
            "supply2": 2 * m.Gamma2 * f2,
            "turn": 1j * self.band.eps - m.Gamma,
            "pair": 1j * self.band.E - m.Gamma12,
            "f": self.band.weight * laser.projection(m, self.band),
        }
        self.table = {name: value[:, None] for name, value in self.table.items()}
        self.loss1, self.loss2, self.known = 2 * m.Gamma1, 2 * m.Gamma2, {}

    def breakpoints(self, t_max):
        return []

    def start(self, part):
        return {name: values[part.start : part.stop] for name, values in self.start_fields.items()}

    def mine(self, part):
        """The coefficients of this rank's momenta."""
        if part not in self.known:
            self.known[part] = {
                name: value[part.start : part.stop] for name, value in self.table.items()
            }
        return self.known[part]

    def partials(self, t, local, part):
        return self.mine(part)["f"] * local["s"]

    def close(self, sums):
        """Delta from int dk/2pi f s, Eq. (18) or (17)."""
        return self.V * np.conj(sums) + self.floor

    def rhs(self, t, side, local, c, out, part):
        at = self.mine(part)
        n11, n22, n21, s = local["n11"].real, local["n22"].real, local["n21"], local["s"]
        g = self.drive.coupling(t)
        # real products: numpy's complex ones round differently where short arrays happen to lie side by side in memory
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

    def observables(self, t, side, local, c, part):
        """What pairing adds to the particles per time, 2 (i Delta s - c.c.), (n, runs)."""
        return -4 * self.band.weight[part.start : part.stop, None] * (c * local["s"]).imag


def initial(m, grid, runs, state, delta, kind="uniform", seed=0):
    """{name: (n, runs)}: populations of the reservoirs ("equilibrium") or of the settled laser without pairing ("driven").

    s is (10) at Delta = ``delta`` and the driven populations ("uniform"), or complex normal numbers times ``delta``, even in k ("random").
    """
    band = m.on(grid)
    n11, n22 = m.fillings(band) if state == "equilibrium" else laser.populations(m, band, 0.0)
    n21 = (
        laser.coherence(m, band, n11, n22) if state == "driven" else np.zeros(len(band.k), complex)
    )
    s = laser.pair_amplitude(m, band, delta) if kind == "uniform" else delta * noise(band.k, seed)
    return {
        name: np.repeat(np.asarray(values, complex)[:, None], runs, axis=1)
        for name, values in (("n11", n11), ("n22", n22), ("n21", n21), ("s", s))
    }


def noise(k, seed):
    """Complex normal numbers (n,), the same at k and -k, whatever the ranks: keyed by (seed, place)."""
    n = len(k)
    places = [min(j, n - 1 - j) if k[0] < 0 else j for j in range(n)]
    return np.array(
        [
            np.random.Generator(np.random.Philox(key=[seed, j])).normal(size=2) @ [1, 1j]
            for j in places
        ]
    )
