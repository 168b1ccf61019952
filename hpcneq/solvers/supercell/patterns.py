"""Stationary states of a supercell that are not uniform, as equations for SNES.

    F_m(Delta; mu_c) = [1/U + dU_m - 2K (mu_c - mu_r)] Delta_m

for an order parameter that is even in x and turns as e^{-2i (mu_c - mu_r) t}. Its phase is fixed by
a real Delta_0, its place by its parity. One that is not even may travel with a velocity v: there
2 (mu_c - mu_r) becomes 2 (mu_c - mu_r) + m G v, and its place is fixed by Im (Delta_1 - Delta_-1) =
0. Stationary n are closed functions of H: no mode is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from .medium import Medium, even_part, harmonic_numbers

MediumAt = Callable[[float], Medium]


class TurningPattern:
    """Unknowns x = (Delta_0, Re Delta_1.., Im Delta_1.., mu_c - mu_r), protocol Steady.

    medium : mu_c - mu_r -> the medium with energies from mu_c. coupling : (2 h + 1,) 1/U + dU_m.
    """

    def __init__(self, medium: MediumAt, coupling: ComplexArray):
        self.medium, self.coupling = medium, coupling
        self.h = len(coupling) // 2
        self.lag = medium(0.0).box.lag

    @property
    def items(self) -> int:
        """Blocks."""
        return self.medium(0.0).box.blocks

    def harmonics(self, x: FloatArray) -> ComplexArray:
        """(2 h + 1,) Delta_m."""
        side = x[1 : 1 + self.h] + 1j * x[1 + self.h : 1 + 2 * self.h]
        return np.concatenate([side[::-1], [x[0]], side])

    def unknowns(self, c: ComplexArray, shift: float, velocity: float = 0.0) -> FloatArray:
        """x of harmonics with a real Delta_0; it does not travel."""
        side = c[self.h + 1 :]
        return np.concatenate([[c[self.h].real], side.real, side.imag, [shift]])

    def at_rest(self, shift: float, velocity: float = 0.0) -> ComplexArray:
        """(2 h + 1,) the factor of Delta_m in the gap equation of a state that turns."""
        return self.coupling - 2 * self.lag * shift

    def velocity(self, x: FloatArray) -> float:
        """None: what is even does not travel."""
        return 0.0

    def in_frame(self, x: FloatArray) -> Medium:
        """The medium in the frame that turns, and travels, along."""
        return self.medium(float(x[-1]))

    def prepare(self, x: FloatArray, part: range) -> ComplexArray:
        """(len(part), 2 h + 1) F_m of the blocks."""
        return pair_rows(self.medium(float(x[-1])), self.harmonics(x), part)

    def partials(self, prepared: ComplexArray) -> FloatArray:
        """The same as real numbers."""
        return np.concatenate([prepared.real, prepared.imag], axis=1)

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """Delta_m less what F_m closes to, m = 0 .. h."""
        n = 2 * self.h + 1
        F = even_part(sums[:n] + 1j * sums[n:])
        wrong = (self.harmonics(x) - F / self.at_rest(float(x[-1])))[self.h :]
        return np.concatenate([wrong.real, wrong.imag])


class TravellingPattern(TurningPattern):
    """Unknowns x = (Re Delta_-h .. Delta_h, Im of the same, v, mu_c - mu_r), protocol Steady.

    periods : of the wave in the cell, whose harmonics fix the place.
    """

    def __init__(self, medium: MediumAt, coupling: ComplexArray, periods: int = 1):
        super().__init__(medium, coupling)
        self.periods = periods
        self.momenta = harmonic_numbers(self.h) * medium(0.0).box.wave_number

    def harmonics(self, x: FloatArray) -> ComplexArray:
        """(2 h + 1,) Delta_m."""
        n = 2 * self.h + 1
        return x[:n] + 1j * x[n : 2 * n]

    def unknowns(self, c: ComplexArray, shift: float, velocity: float = 0.0) -> FloatArray:
        """x of harmonics, turned and moved so that phase and place are the ones that are fixed."""
        h, k = self.h, self.periods
        c = c * np.exp(-1j * np.angle(c[h]))
        moved = 0.5 * (np.angle(c[h + k]) - np.angle(c[h - k]))
        c = c * np.exp(-1j * moved * harmonic_numbers(h) / k)
        return np.concatenate([c.real, c.imag, [velocity, shift]])

    def velocity(self, x: FloatArray) -> float:
        """v."""
        return float(x[-2])

    def at_rest(self, shift: float, velocity: float = 0.0) -> ComplexArray:
        """(2 h + 1,) the factor of Delta_m in the gap equation of a state in motion."""
        return self.coupling - self.lag * (2 * shift + self.momenta * velocity)

    def in_frame(self, x: FloatArray) -> Medium:
        """The medium in the frame that turns, and travels, along."""
        return replace(self.medium(float(x[-1])), velocity=self.velocity(x))

    def prepare(self, x: FloatArray, part: range) -> ComplexArray:
        """(len(part), 2 h + 1) F_m of the blocks."""
        return pair_rows(self.in_frame(x), self.harmonics(x), part)

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """Delta_m less what F_m closes to, the phase of Delta_0, the place of the wave."""
        h, k = self.h, self.periods
        n = 2 * h + 1
        c = self.harmonics(x)
        F = sums[:n] + 1j * sums[n:]
        wrong = c - F / self.at_rest(float(x[-1]), self.velocity(x))
        fixed = [c[h].imag, (c[h + k] - c[h - k]).imag]
        return np.concatenate([wrong.real, wrong.imag, fixed])


class BranchingPattern:
    """A pattern of given amplitude, for which a parameter of the drive is one more unknown.

    family : the parameter -> the equations. amplitude : of the wave, root of the mean
    |Delta_+-k|^2, k = ``periods``. Unknowns : those of the equations, the parameter. Steady.
    """

    def __init__(
        self,
        family: Callable[[float], TurningPattern],
        guess: float,
        amplitude: float,
        periods: int,
    ):
        self.family, self.amplitude, self.periods = family, amplitude, periods
        first = family(guess)
        self.items = first.items
        self.h = first.h

    def equations(self, x: FloatArray) -> TurningPattern:
        """Those at the parameter of x."""
        return self.family(float(x[-1]))

    def harmonics(self, x: FloatArray) -> ComplexArray:
        """(2 h + 1,) Delta_m."""
        return self.equations(x).harmonics(x[:-1])

    def prepare(self, x: FloatArray, part: range) -> ComplexArray:
        """(len(part), 2 h + 1) F_m of the blocks."""
        return self.equations(x).prepare(x[:-1], part)

    def partials(self, prepared: ComplexArray) -> FloatArray:
        """The same as real numbers."""
        return np.concatenate([prepared.real, prepared.imag], axis=1)

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """That of the equations, and by how much the amplitude is wrong."""
        wrong = self.equations(x).residual(x[:-1], sums)
        return np.append(wrong, amplitude_of(self.harmonics(x), self.periods) - self.amplitude)


def amplitude_of(c: ComplexArray, periods: int) -> float:
    """Of the wave with so many periods in the cell."""
    h = len(c) // 2
    both = np.abs(c[[h - periods, h + periods]]) ** 2
    return float(np.sqrt(0.5 * both.sum()))


class RealPattern:
    """Unknowns Delta_m, real and even, of chosen m >= 0; nothing turns. Protocol Steady."""

    def __init__(self, medium: Medium, coupling: FloatArray, chosen: Sequence[int]):
        self.medium, self.coupling = medium, coupling
        self.h = len(coupling) // 2
        self.chosen = np.array(chosen)

    @property
    def items(self) -> int:
        """Blocks."""
        return self.medium.box.blocks

    def harmonics(self, x: FloatArray) -> ComplexArray:
        """(2 h + 1,) Delta_m."""
        c = np.zeros(2 * self.h + 1, complex)
        c[self.h + self.chosen] = x
        c[self.h - self.chosen] = x
        return c

    def prepare(self, x: FloatArray, part: range) -> ComplexArray:
        """(len(part), 2 h + 1) F_m of the blocks."""
        return pair_rows(self.medium, self.harmonics(x), part)

    def partials(self, prepared: ComplexArray) -> FloatArray:
        """Their real parts."""
        return np.asarray(prepared.real)

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """Delta_m less what F_m closes to."""
        both = even_part(sums) / self.coupling
        return np.asarray(x - both[self.h + self.chosen])


def potential_rows(medium: Medium, c: ComplexArray, part: range) -> FloatArray:
    """(len(part),) Tr Phi(H) of blocks, Phi' = N, n = N(H); both species have the same baths."""
    pairing = medium.pairing(c)
    rows = [np.zeros(0)]
    for blocks in medium.batches(part):
        E = np.linalg.eigvalsh(medium.hamiltonians(blocks, pairing))
        waves = np.log(1j * E[..., None] - medium.rates[:, 0]) * (-1j * medium.sources[:, 0])
        Phi = (medium.white[0] * E + 2 * waves.sum(-1).real) / medium.damping
        rows.append(medium.box.weights[blocks.start : blocks.stop] * Phi.sum(-1))
    return np.concatenate(rows)


def pair_rows(medium: Medium, c: ComplexArray, part: range) -> ComplexArray:
    """(len(part), 2 h + 1) F_m of blocks in the stationary state of harmonics ``c``."""
    pairing = medium.pairing(c)
    rows = [np.zeros((0, len(c)), complex)]
    for blocks in medium.batches(part):
        n = medium.stationary(blocks, pairing)[2]
        rows.append(medium.pair_sums(blocks, n, len(c) // 2))
    return np.concatenate(rows)


def pair_sums_at_rest(medium: Medium, c: ComplexArray) -> ComplexArray:
    """(2 h + 1,) F_m of the stationary state of an order parameter, the sum over all blocks."""
    total: ComplexArray = pair_rows(medium, c, range(medium.box.blocks)).sum(0)
    if medium.box.even:
        return even_part(total)
    return total
