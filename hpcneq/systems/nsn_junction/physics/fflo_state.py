"""Unidirectional FFLO states at rest and their free energy beside the uniform state's.

Kawamura and Ohashi (2025), App. A, put the boundary between FFLO and BCS at the
Chandrasekhar-Clogston limit, where the uniform and the normal state have the same free energy.
Here the FFLO state itself is solved for: Delta(x) real, even about x = 0 and of opposite sign half
a period P on, so that a_0, ..., a_m on a quarter of the period are all its unknowns, and

    Omega = (1/P) sum_x Delta_x^2/U + mean over Bloch momenta of (1/P) sum over levels of W(e - h),

W the pair potential of :func:`hpcneq.maths.fermi.pair_potential`. Its gradient is the gap
equation, by Hellmann and Feynman. Bloch momenta are those of a lattice of ``across`` x ``across``
sites, ``across`` a multiple of P; the uniform state is put on the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

from ....errors import InputError
from ....maths import fermi, lattice
from . import onsets, uniform_states
from .grids import finite
from .operating_point import Point

BATCH = 256  # matrices diagonalised together
# the first tells how far the others are from one lonely wall; walls stand on sites (40) or
# between them (38)
PERIODS = (32, 38, 40)


def sites_for(point: Point) -> int:
    """Sites in each direction that resolve the smoothing G + pi T, at most 240."""
    return int(np.clip(np.ceil(8 / (point.width + np.pi * point.baths[0].T)), 64, 240))


def real_hopping(count: int, twist: float) -> np.ndarray:
    """Hopping -1 along a ring of ``count`` sites with a phase ``twist``, (count, count) real.

    Between states that are real under inversion and complex conjugation: the site x = 0, then for
    x = 1, 2, ... the sums |x> + |-x>, then i (|x> - |-x>), and last, where ``count`` is even, the
    site opposite to 0 with half of the phase.
    """
    reach = (count - 1) // 2
    ring = np.zeros((count, count), complex)
    for x in range(count):
        ring[(x + 1) % count, x] -= np.exp(1j * twist) if x == count - 1 else 1.0
    ring += ring.conj().T  # site x - reach is number x
    states = np.zeros((count, count), complex)
    states[reach, 0] = 1.0
    for x in range(1, reach + 1):
        states[[reach + x, reach - x], x] = np.sqrt(0.5)
        states[[reach + x, reach - x], reach + x] = np.sqrt(0.5) * np.array([1j, -1j])
    if count % 2 == 0:
        states[-1, -1] = np.exp(-0.5j * twist)
    return (states.conj().T @ ring @ states).real


@dataclass(frozen=True)
class Pattern:
    """Patterns of period ``P`` (even, >= 4) at rest, on about ``sites`` sites in each direction."""

    point: Point
    P: int
    sites: int = 96

    def __post_init__(self) -> None:
        if not self.point.equilibrium:
            raise InputError(
                "free energy of a pattern: only in equilibrium (eV = 0, leads at one T and mu)"
            )
        if self.P < 4 or self.P % 2:
            raise InputError(f"period {self.P}: must be even and >= 4")

    @property
    def across(self) -> int:
        """Sites in each direction: the multiple of P next to ``sites``."""
        return self.P * max(2, round(self.sites / self.P))

    @cached_property
    def spread(self) -> np.ndarray:
        """(P, unknowns): Delta_x = spread @ a."""
        half = self.P // 2
        count = (half + 1) // 2
        table = np.zeros((self.P, count))
        for x in range(self.P):
            y = min(x, self.P - x)  # even about x = 0
            if y < half - y:
                table[x, y] = 1
            elif y > half - y:
                table[x, half - y] = -1
        return table

    @cached_property
    def places(self) -> np.ndarray:
        """Distance from x = 0 of each state of half a period, (P/2,): see `real_hopping`."""
        half = self.P // 2
        pairs = np.arange(1, (half + 1) // 2)
        opposite = [half // 2] * (1 - half % 2)
        return np.concatenate([[0], pairs, pairs, opposite]).astype(int)

    @cached_property
    def bloch(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hopping (n, P/2, P/2) of particles and of holes, at all Bloch momenta, weights (n,).

        Delta changes its sign with half a period: a translation by that, with a change of the
        holes' sign, leaves H as it is, so that its matrices are those of half a period, where the
        holes' Bloch phase is that of the particles plus pi. The other sign of both has the opposite
        levels. k and -k count together in both directions.
        """
        cells = self.across // self.P
        (kx, nx), (ky, ny) = lattice.momenta(cells), lattice.momenta(self.across)
        level = (-(2 * np.cos(ky) + self.point.mu))[:, None, None] * np.eye(self.P // 2)
        particles = [real_hopping(self.P // 2, 0.5 * twist) + level for twist in kx]
        holes = [real_hopping(self.P // 2, 0.5 * twist + np.pi) + level for twist in kx]
        weight = [many * ny / (cells * self.across) for many in nx]
        return np.concatenate(particles), np.concatenate(holes), np.concatenate(weight)

    def energy(self, a: np.ndarray, h: float) -> tuple[float, np.ndarray]:
        """(Omega per site less what does not depend on Delta, its gradient in a)."""
        point, P = self.point, self.P
        half = P // 2
        table = self.spread[self.places]
        delta = table @ np.asarray(a, float)
        T = point.baths[0].T
        omega, slope = 2 * float(delta @ delta) / point.U / P, 4 * delta / point.U / P
        particles, holes, weight = self.bloch
        for start in range(0, len(weight), BATCH):
            part = slice(start, start + BATCH)
            share = weight[part]
            H = np.zeros((len(share), P, P))
            H[:, :half, :half], H[:, half:, half:] = particles[part], -holes[part]
            H[:, range(half), range(half, P)] = H[:, range(half, P), range(half)] = -delta
            e, V = np.linalg.eigh(H)
            both = np.concatenate([e - h, -e - h], axis=1)  # and those of the other sign
            omega += float(share @ fermi.pair_potential(both, point.width, T).sum(1)) / P
            force = -0.5 * fermi.broadened_tanh(both, point.width, T) * share[:, None]  # dW/de
            force = force[:, :P] - force[:, P:]
            slope -= 2 * np.einsum("nxl,nxl,nl->x", V[:, :half], V[:, half:], force) / P
        return omega, table.T @ slope

    def normal(self, h: float) -> float:
        """Omega of the normal state on the same momenta."""
        eps, weight = lattice.square_levels(self.across, self.across)
        xi, T = eps - self.point.mu, self.point.baths[0].T
        return float(
            weight
            @ sum(fermi.pair_potential(np.abs(xi) + s * h, self.point.width, T) for s in (1, -1))
        )

    def uniform(self, h: float, guess: float | None = None) -> tuple[float, float]:
        """(Omega, D) of the uniform state of largest gap on the same momenta; (nan, nan) without.

        guess : of D, for Newton's method.
        """
        grid, at = finite(self.across, self.across), self.point.at(h=h, eV=0.0)
        D = None
        if guess is not None:
            D = onsets.nearest_root(guess, at, grid)
        if D is None:
            D = max(onsets.downhill_roots(at, grid), default=None)
        if D is None:
            return np.nan, np.nan
        return self.normal(h) + float(uniform_states.free_energy(D, at, grid)), D

    def relaxed(self, h: float, a: np.ndarray) -> tuple[float, np.ndarray]:
        """Downhill in free energy from a: (Omega, a)."""
        options = {"maxiter": 60, "ftol": 1e-13, "gtol": 1e-7}
        minimum = minimize(self.energy, a, args=(h,), jac=True, method="L-BFGS-B", options=options)
        return float(minimum.fun), minimum.x

    def seed(self, D: float) -> np.ndarray:
        """Domain walls between +-D, sharp on a scale of two sites."""
        x = np.arange(self.spread.shape[1])
        return D * np.tanh((0.25 * self.P - x) / 2)

    def balance(self) -> Callable[[np.ndarray], np.ndarray]:
        """Equations gradient = 0, Omega = Omega of the uniform state, its gradient = 0.

        The unknowns are (a, h, D).
        """
        grid = finite(self.across, self.across)

        def equations(u: np.ndarray) -> np.ndarray:
            a, h, D = u[:-2], float(u[-2]), float(u[-1])
            at = self.point.at(h=h, eV=0.0)
            omega, slope = self.energy(a, h)
            uniform = self.normal(h) + float(uniform_states.free_energy(D, at, grid))
            gap = self.point.U * float(uniform_states.gap_sum(D, at, grid)) - 1
            return np.concatenate([self.P * slope, [10 * (omega - uniform), gap]])

        return equations

    def crossing(self, h: float, width: float = 0.06) -> tuple[float, np.ndarray, float] | None:
        """(h, a, D) at which this free energy equals the uniform state's, by secants from h.

        None if it does not, or if the pattern dies first. Its excess falls with h, because it is
        magnetised more.
        """
        D = None
        a, trail = None, []
        for _ in range(12):
            uniform, D = self.uniform(h, D)
            if np.isnan(D):
                return None
            energy, new = self.relaxed(h, self.seed(D) if a is None else a)
            if np.abs(new).max() < 0.05:  # it has gone normal; a smaller field may do
                return None
            a = new
            trail.append((h, energy - uniform))
            if abs(trail[-1][1]) < 1e-9:
                break
            if len(trail) == 1:
                h = h + (0.004 if trail[-1][1] > 0 else -0.004)
                continue
            (h0, f0), (h1, f1) = trail[-2:]
            step = -f1 * (h1 - h0) / (f1 - f0) if f1 != f0 else 0.0
            if not abs(h1 + step - trail[0][0]) < width:
                return None
            if abs(step) < 1e-7:
                break
            h = h1 + step
        return float(trail[-1][0]), a, float(D)
