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
    def bloch(self) -> tuple[np.ndarray, np.ndarray]:
        """Hopping matrices (n, P, P) of all Bloch momenta and their weights (n,).

        k and -k count together in both directions.
        """
        cells = self.across // self.P
        (kx, nx), (ky, ny) = lattice.momenta(cells), lattice.momenta(self.across)
        hopping, weight = [], []
        for twist, many in zip(kx, nx):
            chain = np.zeros((self.P, self.P), complex)
            for x in range(self.P):
                chain[x, (x + 1) % self.P] -= np.exp(1j * twist) if x == self.P - 1 else 1.0
            chain = chain + chain.conj().T
            hopping.append(chain - (2 * np.cos(ky) + self.point.mu)[:, None, None] * np.eye(self.P))
            weight.append(many * ny / (cells * self.across))
        return np.concatenate(hopping), np.concatenate(weight)

    def energy(self, a: np.ndarray, h: float) -> tuple[float, np.ndarray]:
        """(Omega per site less what does not depend on Delta, its gradient in a)."""
        point, P = self.point, self.P
        delta = self.spread @ np.asarray(a, float)
        T = point.baths[0].T
        omega, slope = float(delta @ delta) / point.U / P, 2 * delta / point.U / P
        hopping, weight = self.bloch
        pair = -np.diag(delta)
        for start in range(0, len(weight), BATCH):
            block, share = hopping[start : start + BATCH], weight[start : start + BATCH]
            H = np.zeros((len(share), 2 * P, 2 * P), complex)
            # the hole's Hamiltonian is minus the conjugate of that at -k: minus the same matrix
            H[:, :P, :P], H[:, P:, P:] = block, -block
            H[:, :P, P:] = H[:, P:, :P] = pair
            e, V = np.linalg.eigh(H)
            omega += float(share @ fermi.pair_potential(e - h, point.width, T).sum(1)) / P
            force = -0.5 * fermi.broadened_tanh(e - h, point.width, T) * share[:, None]  # dW/de
            overlap = (V[:, :P].conj() * V[:, P:]).real
            slope -= 2 * np.einsum("nxl,nl->x", overlap, force) / P
        return omega, self.spread.T @ slope

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
