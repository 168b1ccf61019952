"""Stationary states of the junction on its lattice: Green functions of a given order parameter, the
self-consistency condition and its linearisation, and the free energy at zero bias.

With H = V e V^+ and one resolvent sum per Nambu component, R_a(e) = Gamma/2 + sum 2 gamma r / (z -
e), z = i w + shift + h + i Gamma, the mean of the bath memory is Pi = V (sum_a R_a(e) V^+ P_a),
and the equal-time G^< solves [H, G] - 2 i Gamma G = Pi + Pi^+ (Kawamura & Ohashi 2025, Eqs. (23),
(33), (34) in closed form). All functions use the fitted poles, so that a start made from them is
stationary for the fitted leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ....maths import fermi
from .junction import Block, Group, Junction


def diagonal(block: Block, delta: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
    """Levels (row 0) and eigenvectors (columns of the others) of a block, (2n + 1, 2n)."""
    e, V = np.linalg.eigh(block.hamiltonian(delta, shifts))
    return np.vstack([e.astype(complex), V])


class Levels:
    """Eigenvectors of one block and the resolvent sums R_a at its levels."""

    def __init__(
        self,
        junction: Junction,
        block: Block,
        delta: np.ndarray,
        eV: float,
        solved: np.ndarray | None = None,
    ) -> None:
        """delta : the mean field. solved : what `diagonal` gives, if it is known."""
        self.junction, self.block, self.eV = junction, block, eV
        if solved is None:
            solved = diagonal(block, *junction.parts(delta))
        self.e, self.V = solved[0].real.copy(), np.ascontiguousarray(solved[1:])
        n = len(block.sites)
        self.halves = (slice(0, n), slice(n, 2 * n))
        self.alike = junction.at_rest(eV)  # both components have the same memory
        kinds = (+1,) if self.alike else (+1, -1)
        self.R = [_resolvents(junction, eV, a, self.e) for a in kinds]

    def memory(self) -> np.ndarray:
        """Pi in the eigenbasis, (2n, 2n)."""
        Vh = self.V.conj().T
        if self.alike:
            return np.diag(self.R[0])
        return sum(
            R[:, None] * (Vh[:, half] @ self.V[half]) for R, half in zip(self.R, self.halves)
        )

    def occupations(self) -> np.ndarray:
        """The diagonal of G^< in the eigenbasis, (2n,): all of it where the memory is alike."""
        R = self.R[0]
        return (R + R.conj()) / (0 * self.e - 2j * self.junction.width)

    def green(self) -> np.ndarray:
        """G^< in the eigenbasis, (2n, 2n) anti-Hermitian."""
        total = self.memory()
        total = total + total.conj().T
        return total / (self.e[:, None] - self.e[None, :] - 2j * self.junction.width)

    def _between(self, first: slice, second: slice, matrix: np.ndarray) -> np.ndarray:
        """-i (V matrix V^+) between two components of every site, (n,)."""
        left = self.V[first] * matrix if matrix.ndim == 1 else self.V[first] @ matrix
        return -1j * np.einsum("xj,xj->x", left, self.V[second].conj())

    def means(self, matrix: np.ndarray) -> list[np.ndarray]:
        """What the mean field is made of, each (n,), for a G in the eigenbasis, or its diagonal.

        Each site's order parameter per U; with Hartree shifts the mean holes and electrons.
        """
        up, down = self.halves
        rows = [self._between(up, down, matrix)]
        if self.junction.hartree:
            rows += [self._between(half, half, matrix).real for half in (down, up)]
        return rows

    def settled(self) -> list[np.ndarray]:
        """`means` of the stationary state."""
        return self.means(self.occupations() if self.alike else self.green())

    def response(self, dfield: np.ndarray) -> list[np.ndarray]:
        """First-order change of `means` when the mean field changes."""
        n = len(self.block.sites)
        d = self.junction.order(dfield)[self.block.sites]
        Vh = self.V.conj().T
        dH = -(Vh[:, :n] * d) @ self.V[n:] - (Vh[:, n:] * d.conj()) @ self.V[:n]
        if self.junction.hartree:
            size = len(self.junction.lattice.count)
            for k, half in enumerate(self.halves):
                own = dfield[(k + 1) * size :][self.block.sites].real
                dH = dH + (Vh[:, half] * own) @ self.V[half]
        dPi = 0
        for a, R, half in zip((+1, -1), self.R, self.halves):
            slope = _resolvent_slope(self.junction, self.eV, a, self.e)
            step = divided(self.e, R, slope) * dH
            if self.alike:
                dPi = dPi + step
                break
            dPi = dPi + step @ (Vh[:, half] @ self.V[half])
        if self.alike:
            G = self.occupations()
            turned = dH * G - G[:, None] * dH
        else:
            G = self.green()
            turned = dH @ G - G @ dH
        total = dPi + dPi.conj().T - turned
        return self.means(total / (self.e[:, None] - self.e[None, :] - 2j * self.junction.width))


def divided(e: np.ndarray, f: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Divided differences (f_i - f_j)/(e_i - e_j), (N, N); near-equal levels use the derivative."""
    de = e[:, None] - e[None, :]
    close = np.abs(de) < 1e-7 * (1 + np.abs(e).max())
    mean = 0.5 * (slope[:, None] + slope[None, :])
    return np.where(close, mean, (f[:, None] - f[None, :]) / np.where(close, 1.0, de))


def _terms(junction: Junction, eV: float, a: int) -> Iterator[tuple]:
    """(residues, poles) of R_a, lead by lead."""
    for lead, fit in zip(junction.leads, junction.poles):
        shift = a * lead.shift(eV, junction.mu)
        yield 2 * lead.gamma * fit.r, 1j * fit.w + shift + junction.h + 1j * junction.width


def _resolvents(junction: Junction, eV: float, a: int, e: np.ndarray) -> np.ndarray:
    """R_a at the levels e (n,)."""
    sums = sum((c / (z - e[:, None])).sum(1) for c, z in _terms(junction, eV, a))
    return sums + junction.width / 2


def _resolvent_slope(junction: Junction, eV: float, a: int, e: np.ndarray) -> np.ndarray:
    """dR_a/de at the levels e (n,)."""
    return sum((c / (z - e[:, None]) ** 2).sum(1) for c, z in _terms(junction, eV, a))


@dataclass(frozen=True)
class GapProblem:
    """Delta_x = U F(H[Delta])_{x up, x down} on the lattice: residual, Jacobian, zero modes.

    The unknown is the real vector (Re Delta, Im Delta) of length 2 n_delta, or Re Delta alone with
    ``real``. With Hartree shifts U times the mean holes and electrons follow, 2 n_delta more.
    """

    junction: Junction
    eV: float
    real: bool = False

    @property
    def items(self) -> int:
        """Number of independent pieces of work: the blocks."""
        return len(self.junction.lattice.blocks)

    @property
    def size(self) -> int:
        """n_delta."""
        return len(self.junction.lattice.count)

    def complex(self, x: np.ndarray) -> np.ndarray:
        """The mean field of an unknown vector."""
        n = self.size
        if self.real:
            return np.array(x, float)
        return np.concatenate([x[:n] + 1j * x[n : 2 * n], x[2 * n :]])

    def flat(self, field: np.ndarray) -> np.ndarray:
        """The unknown vector of a mean field, or of an order parameter at density 1."""
        field, n = self.junction.field(field), self.size
        if self.real:
            return np.array(field.real)
        return np.concatenate([field[:n].real, field[:n].imag, field[n:].real])

    def prepare(self, x: np.ndarray, part: range) -> list[Levels]:
        """Eigenvectors of this rank's blocks."""
        delta = self.complex(x)
        return [
            Levels(self.junction, self.junction.lattice.blocks[b], delta, self.eV) for b in part
        ]

    def partials(self, levels: Sequence[Levels]) -> np.ndarray:
        """Rows (n_local, unknowns): each block's share of U F_{up down}, of U times densities."""
        return self._rows(levels, lambda level: level.settled())

    def tangent_partials(self, levels: Sequence[Levels], dx: np.ndarray) -> np.ndarray:
        """The same rows for the first-order change under ``dx``."""
        dfield = self.complex(dx)
        return self._rows(levels, lambda level: level.response(dfield))

    def _rows(self, levels: Sequence[Levels], share: Callable[[Levels], list]) -> np.ndarray:
        """The rows of ``share(level)``, arrays (n,), each site weighted."""
        size, kinds = self.size, 3 if self.junction.hartree else 1
        width = size if self.real else 2 * size
        rows = np.zeros((len(levels), width + (kinds - 1) * size))
        for row, level in zip(rows, levels):
            out = np.zeros((kinds, size), complex)
            for own, part in zip(out, share(level)):
                np.add.at(own, level.block.sites, self.junction.U * level.block.weight * part)
            row[:] = self.flat(out.ravel())
        return rows

    def residual(self, x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """Delta - U F_{up down}; its linearisation has the same form."""
        return x - sums

    def symmetries(self, x: np.ndarray) -> np.ndarray:
        """Directions that cost nothing: the phase and a pattern's translation; (k, len(x))."""
        if self.real:
            return np.zeros((0, len(x)))
        fields = self.complex(x).reshape(-1, self.size)
        delta, turned = fields[0], np.zeros_like(fields)
        turned[0] = 1j * delta
        directions = [turned.ravel()]
        lattice = self.junction.lattice
        slopes = np.fft.ifft(1j * wave_numbers(len(delta)) * np.fft.fft(fields))
        largest = max(np.abs(delta).max(), 1e-300)
        if len(delta) == lattice.Lx and np.abs(slopes[0]).max() > 1e-6 * largest:
            directions.append(slopes.ravel())
        rows = np.array([self.flat(d) for d in directions])
        q, r = np.linalg.qr(rows.T)
        return q.T[np.abs(np.diag(r)) > 1e-9 * max(np.abs(r).max(), 1e-300)]


def wave_numbers(L: int) -> np.ndarray:
    """2 pi n / L in numpy's order with the unpaired highest one set to 0 (it has no derivative)."""
    q = 2 * np.pi * np.fft.fftfreq(L)
    if L % 2 == 0:
        q[L // 2] = 0.0
    return q


def free_energy(junction: Junction, delta: np.ndarray) -> float:
    """Omega per site at zero bias, dropping what does not depend on the mean field ``delta``.

    Kawamura & Ohashi 2025, App. A: Omega = [sum_x |Delta_x|^2 / U + sum over blocks and levels of
    W(e - h)] / N with the pair potential W of :func:`hpcneq.maths.fermi.pair_potential`; equals
    sum D^2/U - 2 int_0^1 dl D.F(l D). Leads in `junction.equilibrium` only.
    """
    lattice, lead = junction.lattice, junction.leads[0]
    delta, shifts = junction.parts(junction.field(delta))
    energy = float(lattice.count @ np.abs(delta) ** 2) / junction.U / lattice.Lx
    if shifts is not None:  # what the shifted levels count twice
        energy -= float(lattice.count @ (shifts[0] * shifts[1])) / junction.U / lattice.Lx
    for block in lattice.blocks:
        e = np.linalg.eigvalsh(block.hamiltonian(delta, shifts))
        share = block.weight[0] * lattice.count[block.sites[0]] / lattice.Lx
        energy += share * float(fermi.pair_potential(e - junction.h, junction.width, lead.T).sum())
    return energy


def modes_and_green(
    junction: Junction, block: Block, delta: np.ndarray, eV: float, groups: Sequence[Group]
) -> tuple[Callable[[int], np.ndarray], np.ndarray]:
    """Stationary bath modes (in the solver's transposed storage) and G^< of one block.

    Returns a function giving the mode of group g, (n_columns, 2n) complex, and G (2n, 2n).
    """
    level = Levels(junction, block, delta, eV)
    V = level.V.astype(complex)
    n = len(block.sites)
    G = V @ level.green() @ V.conj().T
    G = 0.5 * (G - G.conj().T)

    def mode(g: int) -> np.ndarray:
        group = groups[g]
        z = 1j * (-group.rate(junction, eV))  # i w + shift + h + i Gamma
        resolvent = V / (z - level.e)
        parts = []
        for half, source in zip((slice(0, n), slice(n, 2 * n)), group.sources(junction)):
            if source != 0.0:
                parts.append((1j * source) * (V[half].conj() @ resolvent.T))
        return np.concatenate(parts)

    return mode, G
