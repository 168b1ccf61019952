"""Stationary modes on lattice sites by sparse resolvents, and the mean field they agree with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...parallel import Communicator, Layout, ordered_sum
from ..protocols import SiteModes

CHUNK = 64  # right-hand sides solved at a time


def hamiltonian(system: SiteModes, hop: ComplexArray, c: ComplexArray) -> sparse.csc_matrix:
    """H as a scipy CSC matrix (2N, 2N) for the mean field c."""
    N = len(c)
    j = np.arange(N)
    up = sparse.coo_matrix(
        (hop.ravel(), (np.repeat(j, 4), system.near.ravel())), (N, N)
    ) + sparse.diags(system.onsite.astype(complex))
    half = [[up, sparse.diags(-c)], [sparse.diags(-c.conj()), -up.conj()]]
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
) -> None:
    """Stationary modes s_g (i H - lambda_g)^-1 of some sites' columns, handed to ``fill``.

    fill : ``fill(group, site, component, column (2N,))``. groups : all if None. H : that of
    `hamiltonian`, if it is known.
    """
    if H is None:
        H = hamiltonian(system, hop, c)
    one = sparse.identity(H.shape[0], dtype=complex, format="csc")
    if groups is None:
        groups = range(len(system.groups))
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


def stationary_green(system: SiteModes, settled: ComplexArray) -> ComplexArray:
    """Y (2N, 2N) with i [H, Y] + damping Y = damping ``settled``, from the levels of H.

    settled : (2N, 2N), what Y would be if the sources commuted with H, the start's.
    """
    e, V = np.linalg.eigh(hamiltonian(system, system.hop_at(0.0, -1), system.pattern).toarray())
    inside = V.conj().T @ settled @ V
    turning = 1j * (e[:, None] - e[None, :])
    return V @ (inside * system.damping / (system.damping + turning)) @ V.conj().T


def stationary_observables(
    system: SiteModes, comm: Communicator, c: ComplexArray
) -> Mapping[str, object]:
    """What the system observes in the stationary state of the mean field c (N,). **Collective.**

    Every rank solves for all columns of some groups. Needs sources that commute with H.
    """
    N, near = len(c), np.asarray(system.near)
    layout = Layout.over(len(system.groups), comm)
    rows = np.concatenate([near, np.arange(N)[:, None]], axis=1)  # neighbours, then the site
    hop, rates = system.hop_at(0.0, -1), system.rates_at(0.0, -1)
    H = hamiltonian(system, hop, c)
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

    Unknowns x = (Re c, Im c), items the groups. Every item solves for the 2N columns of one
    resolvent, a few at a time: no matrix is ever whole. Needs sources that commute with H.
    """

    def __init__(self, system: SiteModes):
        self.system, self.items = system, len(system.groups)

    def prepare(self, x: FloatArray, part: range) -> tuple[FloatArray, range]:
        """The mean field and this rank's groups."""
        return x, part

    def partials(self, prepared: tuple[FloatArray, range]) -> FloatArray:
        """Each group's share of the mean field, (groups, 2N)."""
        x, part = prepared
        system, N = self.system, len(x) // 2
        rows, sites = np.zeros((len(part), 2 * N)), np.arange(N)
        share = system.coupling * 1j / system.damping
        hop, rates = system.hop_at(0.0, -1), system.rates_at(0.0, -1)
        c = x[:N] + 1j * x[N:]
        H = hamiltonian(system, hop, c)
        for row, g in zip(rows, part):
            anomalous = np.zeros(N, complex)

            def add(group, site, a, column, anomalous=anomalous):
                entry = column[2 * site + 1 - a]
                anomalous[site] += entry if a == 1 else entry.conjugate()

            resolvents(system, rates, hop, c, sites, add, [g], H)
            row[:N], row[N:] = (share * anomalous).real, (share * anomalous).imag
        return rows

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """What is left of the mean field's equation, (2N,)."""
        return x - sums

    def symmetries(self, x: FloatArray) -> FloatArray:
        """Directions (n, 2N) along which a root may be moved: its phase, and the system's `shifts`.

        None for a normal state.
        """
        c = x[: len(x) // 2] + 1j * x[len(x) // 2 :]
        if np.abs(c).max() < 1e-8:
            return np.zeros((0, len(x)))
        slopes = np.array([[*d.real, *d.imag] for d in (1j * c, *self.system.shifts(c))])
        directions: list[FloatArray] = []
        for row in slopes / np.linalg.norm(slopes, axis=1, keepdims=True):
            row = row - sum((row @ k * k for k in directions), np.zeros(len(row)))
            if np.linalg.norm(row) > 0.1:
                directions.append(row / np.linalg.norm(row))
        return np.array(directions)
