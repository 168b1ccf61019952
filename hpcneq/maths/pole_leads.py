"""Leads as poles on the components they touch: the matrix A and the source C of all together.

A lead is made of branches. A branch has poles x_k, Im x_k < 0, on a few Nambu components W:

    Sigma^R(w) = -i Gamma_inf/2 + sum_k W B_k W^+/(w - x_k)
    s(w) = -i Sigma^<(w) = s_inf + sum_k W [D_k/(w - x_k) + h.c.] W^+

    A = [[H - i sum Gamma_inf/2, W ...], [B_k W^+ ..., x_k]]
    C = [[sum s_inf, W D_k^+], [D_k W^+, 0]]
    dR/dt = -i (A R - R A^+) + C,       R = [[rho, P], [P^+, Om]]

Poles with B = 0 (wide bands) never act back: their block of Om stays zero. They are the ``tail``,
columns R_ct of the ``core`` c = (system, poles with B):

    dR_ct/dt = -i (A R_ct - R_ct x^*) + W D^+,
    dR_cc/dt = -i (A R_cc - R_cc A^+) + C_cc - i (W R_tc - R_ct W^+)

A potential V_a(t) and its integral phi_a move levels and turn amplitudes, x_k + V_a q and S B_k
S^+, S D_k S^+ with S = exp(-i q phi_a), q the charge of the components (+1 on c, -1 on c^+), and
leave W alone: the other gauge, with S on W, is stiff in the far poles.
A. Croy and U. Saalmann, Phys. Rev. B 80, 245311 (2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .arrays import ArrayLike, BoolArray, ComplexArray, FloatArray, IntArray
from .lead_fits import Fit

Matrix: TypeAlias = ComplexArray | sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Branch:
    """Poles of a lead on m components of the Nambu basis, (m,) indices.

    charge : (m,) +1 on c, -1 on c^+. levels : (K, m) x_k with static shifts, Im < 0. width, filling
    : (K, m, m) B_k and D_k. width_inf, filling_inf : (m, m) the instantaneous parts.
    """

    components: IntArray
    charge: FloatArray
    levels: ComplexArray
    width: ComplexArray
    filling: ComplexArray
    width_inf: ComplexArray
    filling_inf: ComplexArray


def normal_lead(
    fit: Fit,
    electrons: ArrayLike,
    holes: ArrayLike,
    matrices: ArrayLike,
    hole_matrices: ArrayLike | None = None,
    split: ArrayLike = 0.0,
    hole_split: ArrayLike = 0.0,
) -> list[Branch]:
    """A normal lead with Gamma(w) = sum_c value_c(w) matrices[c] on electrons, its image on holes.

    electrons, holes : (m,) components c and c^+ that it touches. matrices : (m, m) full width
    matrix of a fit with one channel, or (C, m, m); those of the states whose c^+ are ``holes`` are
    ``hole_matrices`` (the same if None; in the 2n form those of spin down). split, hole_split :
    static shifts of the levels, (m,) or one number: a splitting h tau_0 of the 2n form is
    (h, h), sigma of the 4n form (sigma h, -sigma h). The images are Gamma_h(w) = Gamma(-w)^*,
    s_h(w) = Gamma_h(w) - s(-w)^*: poles -x^*, B_h = B^*, D_h = i B^* + D^*.
    """
    gamma = _channels(matrices)
    hole = gamma if hole_matrices is None else _channels(hole_matrices)
    e, h = np.atleast_1d(np.asarray(electrons, int)), np.atleast_1d(np.asarray(holes, int))
    up = Branch(
        e,
        np.ones(len(e)),
        fit.poles[:, None] + np.broadcast_to(split, len(e)),
        np.einsum("kc,cij->kij", fit.width, gamma),
        np.einsum("kc,cij->kij", fit.filling, gamma),
        np.einsum("c,cij->ij", fit.width_inf, gamma),
        np.einsum("c,cij->ij", fit.filling_inf, gamma),
    )
    conjugate = hole.conj()
    down = Branch(
        h,
        -np.ones(len(h)),
        -fit.poles.conj()[:, None] + np.broadcast_to(hole_split, len(h)),
        np.einsum("kc,cij->kij", fit.width.conj(), conjugate),
        np.einsum("kc,cij->kij", 1j * fit.width.conj() + fit.filling.conj(), conjugate),
        np.einsum("c,cij->ij", fit.width_inf, conjugate),
        np.einsum("c,cij->ij", fit.width_inf - fit.filling_inf, conjugate),
    )
    return [up, down]


def pair_lead(
    fit: Fit,
    components: ArrayLike,
    charge: ArrayLike,
    theta: ArrayLike,
    gamma: ArrayLike,
    phase: float = 0.0,
    split: ArrayLike = 0.0,
) -> list[Branch]:
    """A BCS lead: Gamma = (Gamma_+ P_+ + Gamma_- P_-) gamma, P_+- = (1 +- theta)/2.

    theta : (m, m) tau_1 of the components (4n form: [[0, i s_y], [-i s_y, 0]]). gamma : (m, m) full
    width matrix far from the gap, in Nambu space and commuting with theta (2 g of the sheet's half
    width g). phase : of the pair potential, chi: turned by S(-chi/2). The sign: a lead with
    H_12 = -Delta, so that it and an island of D > 0 are in phase.
    """
    where, q = np.atleast_1d(np.asarray(components, int)), np.asarray(charge, float)
    turn, width = np.asarray(theta, complex), np.asarray(gamma, complex)
    one = np.eye(len(where))
    channels = np.array([0.5 * (one + turn) @ width, 0.5 * (one - turn) @ width])
    s = np.exp(0.5j * q * phase)
    channels = s[:, None] * channels * s.conj()
    return [
        Branch(
            where,
            q,
            fit.poles[:, None] + np.broadcast_to(split, len(where)),
            np.einsum("kc,cij->kij", fit.width, channels),
            np.einsum("kc,cij->kij", fit.filling, channels),
            np.einsum("c,cij->ij", fit.width_inf, channels),
            np.einsum("c,cij->ij", fit.filling_inf, channels),
        )
    ]


def _channels(matrices: ArrayLike) -> ComplexArray:
    """(C, m, m) of one matrix or of several."""
    array = np.asarray(matrices, complex)
    if array.ndim < 2:
        array = array.reshape(1, 1)
    return array[None] if array.ndim == 2 else array


def least_width(branch: Branch, energies: ArrayLike) -> float:
    """The smallest eigenvalue of Gamma(w) of a branch at ``energies`` (n,): < 0: not passive."""
    w = np.atleast_1d(np.asarray(energies, float))
    x = branch.levels[None, :, :, None]
    sigma = (branch.width / (w[:, None, None, None] - x)).sum(axis=1) - 0.5j * branch.width_inf
    values = np.linalg.eigvalsh(1j * (sigma - sigma.conj().transpose(0, 2, 1)))
    return float(values.min())


@dataclass(frozen=True, eq=False)
class Density:
    """R = [[core, tail], [tail^+, 0]]: core (n, n), tail (n, modes)."""

    core: ComplexArray
    tail: ComplexArray

    def rho(self, size: int) -> ComplexArray:
        """rho_ab = <Psi_b^+ Psi_a>, (size, size)."""
        return self.core[:size, :size]


class LeadPoles:
    """All leads of a system of ``size`` components, in a few arrays.

    leads : for each lead its branches. core : n, size and poles that act back; tail : columns of
    modes that do not. total : both. count : leads. A pole's levels are consecutive: branch by
    branch, in it pole by pole, in it the components.
    """

    def __init__(self, size: int, leads: Sequence[Sequence[Branch]]):
        self.size, self.count = size, len(leads)
        parts = [(a, branch) for a, lead in enumerate(leads) for branch in lead]
        fed = [np.abs(b.width).max(axis=(1, 2), initial=0.0) > 0 for _, b in parts]
        self._instant = _instant(parts)
        self._parts = parts
        self._core = _Levels([(a, b, keep) for (a, b), keep in zip(parts, fed)])
        self.core = size + self._core.count
        self._tail = _Levels([(a, b, ~keep) for (a, b), keep in zip(parts, fed)])
        self.tail, self.total = self._tail.count, self.core + self._tail.count

    # -- the equation's matrices -------------------------------------------------------------------
    def levels(self, shifts: ArrayLike) -> ComplexArray:
        """x of the core's poles (n - size,) at the potentials ``shifts`` (leads,)."""
        return self._core.at(np.asarray(shifts, float))

    def tail_levels(self, shifts: ArrayLike) -> ComplexArray:
        """x of the modes (tail,)."""
        return self._tail.at(np.asarray(shifts, float))

    def entries(self) -> tuple[IntArray, IntArray]:
        """(rows, columns) of [[A, W], [0, x]] (total, total) without H; some twice, to be added."""
        core, tail = self._core, self._tail
        instant = self._instant
        n, modes = np.arange(self.size, self.core), np.arange(self.core, self.total)
        feed = core.entries
        rows = [core.at_component, n[feed.row], instant.row, n, tail.at_component, modes]
        components = core.at_component[feed.column]
        columns = [n, components, instant.column, n, modes, modes]
        return np.concatenate(rows), np.concatenate(columns)

    def values(self, shifts: ArrayLike, phases: ArrayLike) -> ComplexArray:
        """The values at `entries`."""
        core, tail = self._core, self._tail
        instant = self._instant
        V = np.asarray(shifts, float)
        parts = [
            np.ones(core.count, complex),
            core.entries.turned(core.entries.width, phases),
            -0.5j * instant.turned(instant.width, phases),
            core.at(V),
            np.ones(tail.count, complex),
            tail.at(V),
        ]
        return np.concatenate(parts)

    def source_entries(self) -> tuple[IntArray, IntArray]:
        """(rows < n, columns < total) of (C_cc, W D^+); some twice, to be added."""
        core, tail = self._core, self._tail
        instant = self._instant
        n, modes = np.arange(self.size, self.core), np.arange(self.core, self.total)
        level, component = n[core.entries.row], core.at_component[core.entries.column]
        rows = [level, component, instant.row, tail.at_component[tail.entries.column]]
        columns = [component, level, instant.column, modes[tail.entries.row]]
        return np.concatenate(rows), np.concatenate(columns)

    def source_values(self, phases: ArrayLike) -> ComplexArray:
        """The values at `source_entries`."""
        D, fill, modes = (
            entries.turned(entries.filling, phases)
            for entries in (self._core.entries, self._instant, self._tail.entries)
        )
        return np.concatenate([D, D.conj(), fill, modes.conj()])

    def couplings(self, shifts: ArrayLike, phases: ArrayLike) -> sparse.csr_matrix:
        """[[A, W], [0, x]] (total, total) without H."""
        return sparse.csr_matrix(
            (self.values(shifts, phases), self.entries()), shape=(self.total, self.total)
        )

    def matrix(self, H: Matrix, shifts: ArrayLike, phases: ArrayLike) -> Matrix:
        """A of the core (n, n): dense if H (size, size) is, else CSR."""
        A = self.couplings(shifts, phases)[: self.core, : self.core]
        if sparse.issparse(H):
            wide = sparse.csr_matrix(H, dtype=complex)
            wide.resize(self.core, self.core)
            return (A + wide).tocsr()
        dense = A.toarray()
        dense[: self.size, : self.size] += H
        return dense

    def turning(self) -> IntArray:
        """Leads whose amplitudes mix charges: they turn with twice the phase."""
        parts = (self._core.entries, self._tail.entries, self._instant)
        mixed: IntArray = np.unique(np.concatenate([x.owner[x.turn != 0] for x in parts]))
        return mixed

    def width_blocks(self) -> list[tuple[int, IntArray, float, ComplexArray]]:
        """[(lead, components (m,), charge, Gamma_inf (m, m))] of all branches of one charge."""
        return [
            (a, branch.components, float(branch.charge[0]), branch.width_inf)
            for a, branch in self._parts
            if len(branch.charge) and np.ptp(branch.charge) == 0
        ]

    def tail_couplings(self) -> IntArray:
        """(tail,) the component W couples each mode to."""
        return self._tail.at_component

    def core_source(self, phases: ArrayLike) -> sparse.csr_matrix:
        """C_cc (n, n)."""
        return self._sources(phases)[:, : self.core]

    def tail_source(self, phases: ArrayLike) -> sparse.csr_matrix:
        """W D^+ (n, tail)."""
        return self._sources(phases)[:, self.core :]

    def _sources(self, phases: ArrayLike) -> sparse.csr_matrix:
        entries = self.source_values(phases), self.source_entries()
        return sparse.csr_matrix(entries, shape=(self.core, self.total))

    # -- currents ----------------------------------------------------------------------------------
    def site_flows(
        self, rho: ArrayLike, own: ArrayLike, phases: ArrayLike, weights: ArrayLike
    ) -> FloatArray:
        """(leads, size): weights_i times the diagonal of J_a, dN/dt INTO the system.

        J_a = s_inf - {Gamma_inf, rho}/2 + i sum_k (P_k W^+ - W P_k^+). rho : values (pairs,) of rho
        at `width_entries`. own : (total - size,) the levels' own entries P[component, level], core
        then tail. Weights (size,): particles tau_3 (2n) or tau_3/2 (4n).
        """
        flow = np.zeros((self.count, self.size))
        lead = np.concatenate([self._core.lead, self._tail.lead])
        component = np.concatenate([self._core.at_component, self._tail.at_component])
        np.add.at(flow, (lead, component), -2 * np.asarray(own).imag)
        instant = self._instant
        damped = instant.turned(instant.width, phases) * np.asarray(rho)
        np.add.at(flow, (instant.owner, instant.row), -damped.real)
        same = instant.row == instant.column
        own_fill = instant.filling[same].real
        np.add.at(flow, (instant.owner[same], instant.row[same]), own_fill)
        return np.asarray(flow * np.asarray(weights))

    def width_entries(self) -> tuple[IntArray, IntArray]:
        """(rows, columns) of rho that `site_flows` reads: rho_ji where Gamma_ij is not zero."""
        return self._instant.column, self._instant.row

    def own_entries(self) -> tuple[IntArray, IntArray]:
        """(rows, columns) of R (column n + k: mode k) that `site_flows` reads."""
        component = np.concatenate([self._core.at_component, self._tail.at_component])
        return component, np.arange(self.size, self.total)

    def flows(self, density: Density, phases: ArrayLike, weights: ArrayLike) -> FloatArray:
        """(leads,) sums of `site_flows` over the components, of a whole density."""
        return np.asarray(self.density_site_flows(density, phases, weights).sum(axis=1))

    def density_site_flows(
        self, density: Density, phases: ArrayLike, weights: ArrayLike
    ) -> FloatArray:
        """`site_flows` (leads, size) of a whole density."""
        R = np.concatenate([density.core, density.tail], axis=1)
        return self.site_flows(R[self.width_entries()], R[self.own_entries()], phases, weights)


@dataclass(frozen=True, eq=False)
class _Entries:
    """Entries (rows, columns) of some matrices: Gamma or B, and s or D; whose they are."""

    row: IntArray
    column: IntArray
    width: ComplexArray
    filling: ComplexArray
    turn: FloatArray  # difference of the charges
    owner: IntArray

    @classmethod
    def of(cls, parts: list[tuple[Any, ...]]) -> _Entries:
        """All entries of lists of their columns."""
        return cls(*_joined(parts, (int, int, complex, complex, float, int)))

    def turned(self, values: ComplexArray, phases: ArrayLike) -> ComplexArray:
        """S values S^+ with S = exp(-i q phi)."""
        phi = np.asarray(phases, float)[self.owner]
        return np.asarray(values * np.exp(-1j * self.turn * phi))


Part = tuple[int, Branch, BoolArray]  # lead, branch, which of its poles


class _Levels:
    """Levels of some poles of all branches, and the entries of their B and D."""

    def __init__(self, parts: list[Part]):
        levels, entries = [], []
        base = 0
        for a, branch, keep in parts:
            K, m = int(np.sum(keep)), len(branch.components)
            charges, components = np.tile(branch.charge, K), np.tile(branch.components, K)
            levels.append((np.full(K * m, a), charges, branch.levels[keep].ravel(), components))
            B, D = branch.width[keep], branch.filling[keep]
            k, i, j = np.nonzero((np.abs(B) + np.abs(D)) > 0)
            place, q = base + k * m, branch.charge
            owner = np.full(len(k), a)
            entries.append((place + i, place + j, B[k, i, j], D[k, i, j], q[i] - q[j], owner))
            base += K * m
        self.count = base
        self.lead, self.charge, self.x, self.at_component = _joined(
            levels, (int, float, complex, int)
        )
        self.entries = _Entries.of(entries)

    def at(self, shifts: FloatArray) -> ComplexArray:
        """x + V q."""
        return np.asarray(self.x + shifts[self.lead] * self.charge)


def _joined(parts: list[tuple[Any, ...]], kinds: tuple[type, ...]) -> Iterator[NDArray[Any]]:
    """The columns of a list of rows of arrays, each concatenated, of their kinds."""
    for k, kind in enumerate(kinds):
        arrays: list[NDArray[Any]] = [np.zeros(0, kind)]
        arrays += [np.asarray(part[k], kind) for part in parts]
        yield np.concatenate(arrays)


def _instant(parts: list[tuple[int, Branch]]) -> _Entries:
    """Gamma_inf and s_inf of all branches, where they are not zero."""
    entries = []
    for a, branch in parts:
        i, j = np.nonzero(np.abs(branch.width_inf) + np.abs(branch.filling_inf) > 0)
        c, q = branch.components, branch.charge
        values = (branch.width_inf[i, j], branch.filling_inf[i, j])
        entries.append((c[i], c[j], *values, q[i] - q[j], np.full(len(i), a)))
    return _Entries.of(entries)
