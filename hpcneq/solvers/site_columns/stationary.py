"""Stationary modes on lattice sites by sparse resolvents, and the mean field they agree with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...parallel import Communicator, Layout, ordered_sum
from ..protocols import SiteModes

CHUNK = 64  # right-hand sides solved at a time


class ShiftedModes(SiteModes, Protocol):
    """Modes on sites whose levels may follow the densities, in stationary states."""

    @property
    def level_coupling(self) -> FloatArray | None:
        """(N,): levels of a component shift by level_coupling_j (-i G_{jbb} - 1/2), b the other.

        None: they do not; else ``white`` is half of ``damping``.
        """


def hamiltonian(
    system: SiteModes, hop: ComplexArray, c: ComplexArray, levels: FloatArray | None = None
) -> sparse.csc_matrix:
    """H as a scipy CSC matrix (2N, 2N) for the mean field c and shifts of its levels (2, N)."""
    N = len(c)
    j = np.arange(N)
    up = sparse.coo_matrix(
        (hop.ravel(), (np.repeat(j, 4), system.near.ravel())), (N, N)
    ) + sparse.diags(system.onsite.astype(complex))
    hole = -up.conj()
    if levels is not None:
        up, hole = up + sparse.diags(levels[0]), hole + sparse.diags(levels[1])
    half = [[up, sparse.diags(-c)], [sparse.diags(-c.conj()), hole]]
    order = np.concatenate([2 * j, 2 * j + 1])
    whole = sparse.bmat(half).tocoo()
    return sparse.csc_matrix((whole.data, (order[whole.row], order[whole.col])), (2 * N, 2 * N))


def resolvents(
    system: SiteModes,
    rates: ComplexArray,
    hop: ComplexArray,
    c: ComplexArray,
    sites: IntArray,
    fill: Callable[[int, int, int, ComplexArray], None],
    groups: Sequence[int] | None = None,
    H: sparse.csc_matrix | None = None,
    told: Callable[[float], None] | None = None,
) -> None:
    """Stationary modes s_g (i H - lambda_g)^-1 of some sites' columns, handed to ``fill``.

    fill : ``fill(group, site, component, column (2N,))``. groups : all if None. H : that of
    `hamiltonian`, if it is known. told : of the share that is done.
    """
    if H is None:
        H = hamiltonian(system, hop, c)
    one = sparse.identity(H.shape[0], dtype=complex, format="csc")
    if groups is None:
        groups = range(len(system.groups))
    all_columns = len(sites) * sum(g in system.held[a] for g in groups for a in (0, 1))
    done = 0
    for g in groups:
        solver = None
        for a in (0, 1):
            if g not in system.held[a]:
                continue
            solver = solver or splu(1j * H - rates[g] * one)
            strength = system.strength[a][list(system.held[a]).index(g)]
            for begin in range(0, len(sites), CHUNK):
                part = sites[begin : begin + CHUNK]
                sides = np.zeros((H.shape[0], len(part)), complex)
                sides[2 * part + a, np.arange(len(part))] = strength
                for site, column in zip(part, solver.solve(sides).T):
                    fill(g, site, a, column)
                done += len(part)
                if told is not None:
                    told(done / all_columns)


def stationary_green(system: SiteModes, settled: ComplexArray) -> ComplexArray:
    """Y (2N, 2N) with i [H, Y] + damping Y = damping ``settled``, from the levels of H.

    settled : (2N, 2N), what Y would be if the sources commuted with H, the start's.
    """
    e, V = np.linalg.eigh(hamiltonian(system, system.hop_at(0.0, -1), system.pattern).toarray())
    inside = V.conj().T @ settled @ V
    turning = 1j * (e[:, None] - e[None, :])
    return V @ (inside * system.damping / (system.damping + turning)) @ V.conj().T


def stationary_observables(
    system: SiteModes, comm: Communicator, c: ComplexArray, levels: FloatArray | None = None
) -> Mapping[str, object]:
    """What the system observes in the stationary state of the mean field c (N,). **Collective.**

    Every rank solves for all columns of some groups. Needs sources that commute with H. levels :
    (2, N) shifts of those of up and of holes.
    """
    N, near = len(c), np.asarray(system.near)
    layout = Layout.over(len(system.groups), comm)
    rows = np.concatenate([near, np.arange(N)[:, None]], axis=1)  # neighbours, then the site
    hop, rates = system.hop_at(0.0, -1), system.rates_at(0.0, -1)
    H = hamiltonian(system, hop, c, levels)
    lanes = [(a, int(g)) for a in (0, 1) for g in system.held[a]]
    bands = np.zeros((layout.count, N, 2, 5, 2), complex)
    modes = np.zeros((layout.count, *system.observe_modes(np.zeros((N, len(lanes)))).shape))
    for k, g in enumerate(range(layout.start, layout.stop)):
        traces = np.zeros((N, len(lanes)), complex)

        def put(group, site, a, column, band=bands[k], traces=traces):
            band[site, a] = column.reshape(N, 2)[rows[site]]
            traces[site, lanes.index((a, group))] = column[2 * site + a]

        resolvents(system, rates, hop, c, np.arange(N), put, [g], H)
        modes[k] = system.observe_modes(traces)
    Q, numbers = (ordered_sum(comm, layout, part) for part in (bands, modes))
    Y = 1j / system.damping * Q
    for a in (0, 1):
        Y[:, a, 4, a] += 0.5j * system.white / system.damping
    own = Y[:, :, 4].transpose(0, 2, 1)
    own = own - own.conj().transpose(0, 2, 1)
    back = np.array([[int(np.flatnonzero(near[k] == j)[0]) for k in near[j]] for j in range(N)])
    there = Y[near, :, back, :].conj()
    beside = Y[:, :, :4].transpose(0, 2, 3, 1) - there
    return system.observables(0.0, -1, numbers, own, np.zeros_like(own), beside)


class Stationary:
    """c_j = coupling_j G_{j up, j hole} for the stationary G of c, a problem for `solvers.newton`.

    Unknowns x = (Re c, Im c), and behind them, where the system has a ``level_coupling``, the
    shifts of the levels of up and of holes; items the groups. Every item solves for the 2N columns
    of one resolvent, a few at a time: no matrix is ever whole. Needs sources that commute with H.
    """

    def __init__(self, system: ShiftedModes):
        self.system, self.items = system, len(system.groups)

    def unknowns(self, c: ComplexArray) -> FloatArray:
        """x for the mean field c (N,) and levels that are not shifted."""
        shifts = np.zeros(0 if self.system.level_coupling is None else 2 * len(c))
        return np.concatenate([c.real, c.imag, shifts])

    def fields(self, x: FloatArray) -> tuple[ComplexArray, FloatArray | None]:
        """The mean field (N,) of x and the shifts of the levels, (2, N) or None."""
        N = len(self.system.onsite)
        levels = None if self.system.level_coupling is None else x[2 * N :].reshape(2, N)
        return x[:N] + 1j * x[N : 2 * N], levels

    def prepare(self, x: FloatArray, part: range) -> tuple[FloatArray, range]:
        """The mean field and this rank's groups."""
        return x, part

    def partials(self, prepared: tuple[FloatArray, range]) -> FloatArray:
        """Each group's share of the mean field, (groups, unknowns)."""
        x, part = prepared
        system, N = self.system, len(self.system.onsite)
        rows, sites = np.zeros((len(part), len(x))), np.arange(N)
        share = system.coupling * 1j / system.damping
        hop, rates = system.hop_at(0.0, -1), system.rates_at(0.0, -1)
        c, levels = self.fields(x)
        H = hamiltonian(system, hop, c, levels)
        for row, g in zip(rows, part):
            anomalous, own = np.zeros(N, complex), np.zeros((2, N))

            def add(group, site, a, column, anomalous=anomalous, own=own):
                entry = column[2 * site + 1 - a]
                anomalous[site] += entry if a == 1 else entry.conjugate()
                own[a, site] += column[2 * site + a].real

            resolvents(system, rates, hop, c, sites, add, [g], H)
            row[:N], row[N : 2 * N] = (share * anomalous).real, (share * anomalous).imag
            if system.level_coupling is not None:
                row[2 * N :] = (2 / system.damping * system.level_coupling * own[::-1]).ravel()
        return rows

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """What is left of the mean field's equation, (unknowns,)."""
        return x - sums

    def symmetries(self, x: FloatArray) -> FloatArray:
        """Directions (n, unknowns) along which a root may be moved: its phase, the `shifts`.

        None for a normal state.
        """
        c, levels = self.fields(x)
        if np.abs(c).max() < 1e-8:
            return np.zeros((0, len(x)))
        if levels is None:
            slopes = np.array([[*d.real, *d.imag] for d in (1j * c, *self.system.shifts(c))])
        else:
            turned = np.array([1j * c, *np.zeros_like(levels)])
            moved = self.system.shifts(np.array([c, *levels]))
            slopes = np.array(
                [[*d[0].real, *d[0].imag, *d[1:].real.ravel()] for d in (turned, *moved)]
            )
        directions: list[FloatArray] = []
        for row in slopes / np.linalg.norm(slopes, axis=1, keepdims=True):
            row = row - sum((row @ k * k for k in directions), np.zeros(len(row)))
            if np.linalg.norm(row) > 0.1:
                directions.append(row / np.linalg.norm(row))
        return np.array(directions)
