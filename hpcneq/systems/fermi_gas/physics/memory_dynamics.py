"""The full equations of a condensate between reservoirs with memory, protocol MeanField.

With the names of :mod:`.dynamics`, exact for wide bands:

    memory    dg/dt = -i [H, g] - 2 Gam g + Gam + Pi + Pi^+,   Pi = sum_g Pi_g,
              dPi_g/dt = (-i H + lambda_g) Pi_g - i Gam r_g

Each pole i w of the reservoirs' Fermi function is a mode, lambda = -Gam - w +- i dmu(t). It rests
at the solutions of the gap equation. Pi_g of momenta against Q mirrors that of those along it, of
the reservoir at the other side.
"""

from __future__ import annotations

import numpy as np

from hpcneq.maths.poles import Poles

from . import angular_grid, closed_circuit, memory_kernel, response
from .dynamics import Fields, Kinetic, of_levels, precession
from .linear_kinetics import CHUNK


class Memory(Kinetic):
    """Reservoirs with memory.

    Further fields ``pi`` (modes, 4, CHUNK): the entries of each Pi_g, in the planes of
    :mod:`.memory_kernel`. fit : the poles at the width of the levels; further arguments are those
    of `Kinetic`.
    """

    def __init__(self, fit: Poles, *args, **kwargs) -> None:
        self.fit, self.sign = fit, np.repeat([1.0, -1.0], len(fit))
        self.weight = np.tile(fit.r, 2)
        super().__init__(*args, **kwargs)
        self.decay = self.baths.width + np.tile(fit.w, 2)
        self.fields = {**self.fields, "pi": (len(self.sign), 4, CHUNK)}
        self.source = self.baths.width * self.weight

    @property
    def fastest(self) -> float:
        """The largest rate or frequency of a pair or a mode."""
        mode = np.hypot(self.decay.max(), np.abs(self.table["xi"]).max() + 0.3)
        return max(super().fastest, float(mode))

    def closing(self, dp: float) -> closed_circuit.Balance:
        """What moves Q where the ends are closed."""
        self.more = 3
        most = 1.3 * max(self.Q, abs(self.start_Q))
        return closed_circuit.Balance(self.baths, self.p_c, most, self.dmu, dp)

    def currents(self, g: np.ndarray, velocity: np.ndarray, Q: float, part: range) -> np.ndarray:
        """Rows (n, 3): current below p_c, its velocity at this Q, and n of one spin.

        Those of all momenta from those along Q.
        """
        at = self.mine(part)
        along, level = at["w"] * at["along"], 0.5 * Q * at["w"]
        n11, n22 = g[:, 0].real, g[:, 1].real
        v11, v22 = velocity[:, 0].real, velocity[:, 1].real
        n = np.einsum("ij,ij->i", level, n11 + 1 - n22)
        return np.stack(
            [
                np.einsum("ij,ij->i", along, n11 + n22 - 1) + n,
                np.einsum("ij,ij->i", along, v11 + v22) + np.einsum("ij,ij->i", level, v11 - v22),
                np.einsum("ij,ij->i", 0.5 * at["w"], n11 + 1 - n22),
            ],
            axis=1,
        )

    def turn(self, Delta: complex, velocity: complex, Q: float, current: np.ndarray) -> float:
        """dQ/dt."""
        return self.ends.velocity(Delta, velocity, Q, self.now, *current)

    @staticmethod
    def lag(state: response.Response, points: angular_grid.Points) -> tuple[complex, complex]:
        """(K, K B), from the exact response.

        Memory leaves K almost no real part, which slow modes of the gapped state feel.
        """
        step = 0.4 * state.baths.width
        rates = np.array([step, 0.0, -step], complex)
        ahead, middle, behind = response.Memory(state, points)(rates)[:, 0, 0]
        return (behind - ahead) / (2 * step), (ahead + behind - 2 * middle) / (2 * step**2)

    def rates(self, t: float) -> np.ndarray:
        """lambda_g, (modes,)."""
        return -self.decay + 1j * self.sign * self.dmu(t)

    def occupation(self, x: np.ndarray, dmu: float) -> np.ndarray:
        """N(x) of the fit."""
        width = self.baths.width
        return 0.5 * (self.fit.broadened(x - dmu, width) + self.fit.broadened(x + dmu, width))

    def settled(self, at: Fields, Delta: complex, dmu: float) -> tuple[np.ndarray, ...]:
        """N(H) of the fit: its entries 11, 22, 12, 21, each (items, CHUNK)."""
        return of_levels(lambda x: self.occupation(x, dmu), at, Delta)

    def start(self, part: range) -> Fields:
        """The fields of these items at t = 0, in the steady state of the Delta there."""
        at, D = self.at(part, self.start_Q), self.Delta
        pi = np.zeros((len(part), len(self.sign), 4, CHUNK), complex)
        planes = self.planes(pi)
        up = 1j * (at["a"] + at["xi"])[:, None]
        down = 1j * (at["a"] - at["xi"])[:, None]
        rate = self.rates(0.0)[:, None]
        # -i Gam r (i H - lambda)^-1
        share = -1j * self.source[:, None] / ((up - rate) * (down - rate) + abs(D) ** 2)
        across, back = share * 1j * D, share * 1j * np.conj(D)
        for k, values in enumerate((share * (down - rate), across, back, share * (up - rate))):
            row, column = divmod(k, 2)
            planes[:, :, row, 0, column] = values.real
            planes[:, :, row, 1, column] = values.imag
        return {**super().start(part), "pi": pi}

    @staticmethod
    def planes(pi: np.ndarray) -> np.ndarray:
        """(items, modes, 2, 2, 2, CHUNK) float : rows, parts, columns in the memory of ``pi``."""
        return pi.view(float).reshape(*pi.shape[:2], 2, 2, 2, CHUNK)

    def velocity(self, t: float, local: Fields, part: range) -> Fields:
        """d/dt of the fields at the Delta they carry, {name: array}."""
        at, g, pi = self.at(part, local["Q"][0].real), local["g"], local["pi"]
        D, width = complex(local["delta"][0]), self.baths.width
        new, change = precession(g, at["xi"], D), np.empty_like(pi)
        total = np.empty((len(part), 4, 2, CHUNK))
        turn = memory_kernel.compiled()
        planes, changes = self.planes(pi), self.planes(change)
        turn(planes, changes, total, at["a"], at["xi"], self.rates(t), self.source, D)
        new -= 2 * width * g
        new[:, 0] += width + 2 * total[:, 0, 0]
        new[:, 1] += width + 2 * total[:, 3, 0]
        new[:, 2] += total[:, 1, 0] + total[:, 2, 0] + 1j * (total[:, 1, 1] - total[:, 2, 1])
        return {"g": new, "pi": change}
