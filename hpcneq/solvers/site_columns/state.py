"""A mean field with bath modes on lattice sites, nothing assumed of its pattern: columns spread over ranks by site.

For every column (site j, component) a rank keeps the bath modes Pi_g and Y, of which G = Y - Y^+ is the lesser Green function:

    dPi_g/dt = (-i H + lambda_g) Pi_g + s_g 1,       dY/dt = -i [H, Y] - damping Y + i Q + i white/2,     Q = sum_g Pi_g.

The Hermitian part of Y means nothing and never enters, so that no rank needs a transpose: H acts on the rows, which are whole, and
from the right on the columns, where it needs those of neighbouring sites (`Halo`). The system gives (protocol ``SiteModes``):

    near (N, 4), hop_at(t, side) (N, 4) complex, hop_moments(t, step) (their mean, their slope or None), onsite (N,),
    plain (hops all one real number), field_bound, groups, held (the groups of up and of hole columns), strength (their sources), rates_at(t, side), rate_moments(t, step),
    breakpoints(t_max), damping, white, coupling (N,) with c_j = coupling_j G_{j up, j hole}, pattern (N,) at the start,
    shifts(c) -> arrays like c along which a stationary pattern may be moved,
    observe_modes(traces (n, held)) -> (n, k) and observables(t, side, modes (N, k), green (N, 2, 2), velocity (N, 2, 2)).

Complex matrices are kept as planes, (site, component, re|im, row): what one vector instruction works on is contiguous.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import splu

from ...parallel import placed
from . import kernels as sitekernels
from .halo import Halo
from .integrator import Columns

CHUNK = 64  # right-hand sides solved at a time
DENSE, LANCZOS = (
    96,
    40,
)  # eigenvalues of smaller matrices are all found; steps for those of larger ones


def hamiltonian(system, hop, c):
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


def resolvents(system, rates, hop, c, sites, fill, groups=None):
    """``fill(group, site, component, column (2N,))`` with the stationary modes s_g (i H - lambda_g)^-1 of some sites' columns."""
    H = hamiltonian(system, hop, c)
    one = sparse.identity(H.shape[0], dtype=complex, format="csc")
    for g in range(len(system.groups)) if groups is None else groups:
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


class Stationary:
    """c_j = coupling_j G_{j up, j hole} for the stationary G of c, as a problem for :mod:`hpcneq.solvers.newton`; x = (Re c, Im c), its items the groups.

    Every item solves for the 2N columns of one resolvent, a few at a time: no matrix is ever whole. Needs sources that commute with H.
    """

    def __init__(self, system):
        self.system, self.items = system, len(system.groups)

    def prepare(self, x, part):
        """The mean field and this rank's groups."""
        return x, part

    def partials(self, prepared):
        """Each group's share of the mean field, (groups, 2N)."""
        x, part = prepared
        system, N = self.system, len(x) // 2
        rows, sites = np.zeros((len(part), 2 * N)), np.arange(N)
        share = system.coupling * 1j / system.damping
        hop, rates = system.hop_at(0.0, -1), system.rates_at(0.0, -1)
        for row, g in zip(rows, part):
            found = np.zeros(N, complex)

            def add(group, site, a, column):
                entry = column[2 * site + 1 - a]
                found[site] += entry if a == 1 else entry.conjugate()

            resolvents(system, rates, hop, x[:N] + 1j * x[N:], sites, add, groups=[g])
            row[:N], row[N:] = (share * found).real, (share * found).imag
        return rows

    def residual(self, x, sums):
        return x - sums

    def symmetries(self, x):
        """Directions along which a root may be moved: its phase, and what the system knows besides; (n, 2N), none for a normal state."""
        c = x[: len(x) // 2] + 1j * x[len(x) // 2 :]
        if np.abs(c).max() < 1e-8:
            return np.zeros((0, len(x)))
        found = np.array([[*d.real, *d.imag] for d in (1j * c, *self.system.shifts(c))])
        kept = []
        for row in found / np.linalg.norm(found, axis=1, keepdims=True):
            row = row - sum((row @ k * k for k in kept), np.zeros(len(row)))
            if np.linalg.norm(row) > 0.1:
                kept.append(row / np.linalg.norm(row))
        return np.array(kept)


class State:
    """Y and the modes of this rank's sites. ``flat`` holds Y and, in double precision, the modes after it."""

    integrator = Columns

    def __init__(self, system, comm, dtype=complex, start=True):
        self.system, self.comm, self.dtype = system, comm, np.dtype(dtype)
        self.halo = Halo(comm, system.near)
        self.layout, self.sites = self.halo.layout, np.arange(*self.halo.layout.bounds())
        self.size = 2 * len(system.near)
        self.rows = -(-self.size // sitekernels.ROWS) * sitekernels.ROWS
        self.real = np.dtype(float if self.dtype == complex else np.float32)
        self.lanes = sum(len(held) for held in system.held)
        n = len(self.sites)
        self.green_count, self.mode_count = n * 2 * self.rows, n * self.lanes * self.rows
        both = self.dtype == complex
        self.flat = np.zeros(self.green_count + both * self.mode_count, complex)
        rest = self.flat[self.green_count :] if both else np.zeros(self.mode_count, np.complex64)
        self.mode_flat = rest
        self.green, self.modes = self.view_green(self.flat), self.view_modes(rest)
        self.group = np.tile(np.concatenate([np.asarray(held, int) for held in system.held]), n)
        self.component = np.tile(np.repeat([0, 1], [len(held) for held in system.held]), n)
        self.site = np.repeat(np.arange(n), self.lanes)
        self.strength = np.tile(
            np.concatenate([np.asarray(s, complex) for s in system.strength]), n
        )
        self.row = 2 * (self.layout.start + self.site) + self.component
        near = system.near
        self.back = np.array(
            [[int(np.flatnonzero(near[k] == j)[0]) for k in near[j]] for j in self.sites], int
        ).reshape(-1, 4)
        if start:
            self.fill()

    def view_green(self, flat):
        """Y of a flat complex array, (sites, 2, 2, rows) real."""
        return flat[: self.green_count].view(float).reshape(-1, 2, 2, self.rows)

    def view_modes(self, flat):
        """Modes of a flat complex array, (modes, 2, rows) real, in the order of sites, components, groups."""
        return flat[: self.mode_count].view(self.real).reshape(-1, 2, self.rows)

    def fill(self):
        """The stationary start: resolvents for the modes, Y = i (Q + white/2)/damping. Needs sources that commute with H."""
        system, place = self.system, {}
        for l, (s, a, g) in enumerate(zip(self.site, self.component, self.group)):
            place[int(g), int(s), int(a)] = l

        def put(g, site, a, column):
            target = self.modes[place[g, int(site) - self.layout.start, a]]
            target[0, : self.size], target[1, : self.size] = column.real, column.imag

        resolvents(
            system,
            system.rates_at(0.0, -1),
            system.hop_at(0.0, -1),
            system.pattern,
            self.sites,
            put,
        )
        Q, _ = self.sums(system.rates_at(0.0, -1))
        Y = self.green
        Y[:, :, 0], Y[:, :, 1] = -Q[:, :, 1] / system.damping, Q[:, :, 0] / system.damping
        s = np.arange(len(self.sites))
        for a in (0, 1):
            Y[s, a, 1, 2 * self.sites + a] += 0.5 * system.white / system.damping

    def sums(self, rates, Q=None, L=None, modes=None):
        """Q = sum Pi_g and L = sum lambda_g Pi_g of the own columns, (sites, 2, 2, rows) each, added to what is given."""
        shape = (len(self.sites), 2, 2, self.rows)
        Q, L = (np.zeros(shape) if array is None else array for array in (Q, L))
        sitekernels.sums(
            self.modes if modes is None else modes,
            2 * self.site + self.component,
            rates[self.group],
            Q.reshape(-1, 2, self.rows),
            L.reshape(-1, 2, self.rows),
        )
        return Q, L

    def placed(self):
        """What a checkpoint keeps: {name: (flat array, its start in the whole, size of the whole)}, in an order that knows no ranks."""
        return {
            "green": placed(self.comm, self.flat[: self.green_count]),
            "modes": placed(self.comm, self.mode_flat),
        }

    @property
    def nbytes(self):
        """Bytes of Y and modes on this rank."""
        return 16 * self.green_count + self.dtype.itemsize * self.mode_count

    # -- what the mean field and the observables read ---------------------------------------------------------------------------
    def band(self, Y):
        """Y between each own site and its four neighbours and itself: (sites, 2 columns, 5, 2 rows) complex."""
        rows = 2 * np.concatenate([self.system.near[self.sites], self.sites[:, None]], axis=1)
        s = np.arange(len(self.sites))[:, None]
        found = np.empty((len(self.sites), 2, 5, 2), complex)
        for column in (0, 1):
            for a in (0, 1):
                found[:, column, :, a] = Y[s, column, 0, rows + a] + 1j * Y[s, column, 1, rows + a]
        return found

    def local(self, Y, Q, hop, c):
        """G and dG/dt between the components of each own site, (sites, 2, 2) each. **Collective.**"""
        n = len(self.sites)
        band = np.zeros((self.halo.count, 2, 5, 2), complex)
        band[:n] = self.band(Y)
        self.halo.fill(band)
        onsite, h, d = self.system.onsite[self.sites], hop[self.sites], c[self.sites]
        # G[(k, a), (j, b)] = Y[(k, a), (j, b)] - Y[(j, b), (k, a)]^*, the latter from the band of k at the place where k knows j
        there = band[self.halo.near, :, self.back, :].conj()  # (n, 4, column of k, row of j)
        G = band[:n, :, :4, :].transpose(0, 2, 3, 1) - there  # (n, 4, row a of k, column b of j)
        own = band[:n, :, 4, :].transpose(0, 2, 1)  # (n, row, column)
        own = own - own.conj().transpose(0, 2, 1)
        amplitudes = np.stack([h, -h.conj()], axis=-1)  # H[(j, a), (k, a)]
        HG = np.einsum("jka,jkab->jab", amplitudes, G)
        HG[:, 0] += onsite[:, None] * own[:, 0] - d[:, None] * own[:, 1]
        HG[:, 1] += -onsite[:, None] * own[:, 1] - d.conj()[:, None] * own[:, 0]
        GH = -HG.conj().transpose(0, 2, 1)  # both factors turn into themselves, G with a sign
        X = self.block(Q)
        X = 1j * X
        X = X - X.conj().transpose(0, 2, 1)
        X[:, [0, 1], [0, 1]] += 1j * self.system.white
        return own, -1j * (HG - GH) - self.system.damping * own + X

    def block(self, Q):
        """Entries of own columns between the components of their own site, (sites, row, column) complex."""
        s = np.arange(len(self.sites))
        found = np.empty((len(self.sites), 2, 2), complex)
        for a in (0, 1):
            for b in (0, 1):
                found[:, a, b] = (
                    Q[s, b, 0, 2 * self.sites + a] + 1j * Q[s, b, 1, 2 * self.sites + a]
                )
        return found

    def mean_field(self, Y, Q, hop, c):
        """(c, dc/dt) at all sites, with H taken at ``c``. **Collective.**"""
        G, velocity = self.local(Y, Q, hop, c)
        both = self.halo.gather(np.stack([G[:, 0, 1], velocity[:, 0, 1]], axis=1))
        return self.system.coupling * both[:, 0], self.system.coupling * both[:, 1]

    def observe(self, row):
        """The system's observables at an output. **Collective.**"""
        Y, modes = row.green, row.modes
        Q, _ = self.sums(self.system.rates_at(row.t, row.side), modes=modes)
        l = np.arange(len(modes))
        traces = (
            (modes[l, 0, self.row] + 1j * modes[l, 1, self.row])
            .astype(complex)
            .reshape(len(self.sites), self.lanes)
        )
        green, velocity = self.local(Y, Q, self.system.hop_at(row.t, row.side), row.c)
        parts = [
            self.halo.gather(part) for part in (self.system.observe_modes(traces), green, velocity)
        ]
        return self.system.observables(row.t, row.side, *parts)

    def extremes(self, Y=None):
        """(0, smallest, largest eigenvalue of -i G); G = Y - Y^+ is anti-Hermitian by its form. **Collective.**

        Of a large matrix by forty Lanczos steps, from inside: they find what left [0, 1], not the last digit of what stayed.
        """
        Y = self.green if Y is None else Y
        n = 2 * len(self.sites)
        real, imag = (
            np.ascontiguousarray(Y[:, :, p, : self.size]).reshape(n, self.size) for p in (0, 1)
        )
        own = slice(2 * self.layout.start, 2 * self.layout.start + n)

        def product(x):
            x = np.asarray(x, complex).ravel()
            near, both = np.stack([x[own].real, x[own].imag]), np.stack([x.real, x.imag], axis=1)
            a, b = near @ real, near @ imag  # Y x, this rank's columns
            left = (a[0] - b[1]) + 1j * (a[1] + b[0])
            a, b = real @ both, imag @ both  # Y^+ x, this rank's rows
            left[own] -= (a[:, 0] + b[:, 1]) + 1j * (a[:, 1] - b[:, 0])
            return -1j * np.sum(self.comm.allgather(left), axis=0)

        if self.size <= DENSE:
            G = np.array([product(row) for row in np.eye(self.size)]).T
            e = np.linalg.eigvalsh(0.5 * (G + G.conj().T))
            return 0.0, float(e[0]), float(e[-1])
        start = (
            np.random.Generator(np.random.Philox(key=[1, self.size]))
            .normal(size=self.size)
            .astype(complex)
        )
        basis, alpha, beta = [start / np.linalg.norm(start)], [], []
        for _ in range(LANCZOS):
            y = product(basis[-1])
            alpha.append(float(np.vdot(basis[-1], y).real))
            for x in basis:
                y = y - np.vdot(x, y) * x
            beta.append(float(np.linalg.norm(y)))
            basis.append(y / beta[-1])
        e = eigh_tridiagonal(alpha, beta[:-1], eigvals_only=True)
        return 0.0, float(e[0]), float(e[-1])

    # -- the same equations as one vector, for PETSc's own integrators -------------------------------------------------------
    def field(self, array, t=0.0):
        """The mean field of a local vector (Y, then modes). **Collective.**"""
        own = self.block(self.view_green(array))
        return self.system.coupling * self.halo.gather(own[:, 0, 1] - own[:, 1, 0].conj())

    def rhs(self, t, side, array, out, explicit=True):
        """d/dt of a local vector. **Collective.**"""
        system = self.system
        Y, modes = self.view_green(array), self.view_modes(array[self.green_count :])
        dY, dmodes = self.view_green(out), self.view_modes(out[self.green_count :])
        c, rates, hop = self.field(array), system.rates_at(t, side), system.hop_at(t, side)
        Q, _ = self.sums(rates, modes=modes)
        self.left(hop, c, modes, dmodes)
        a, b = rates[self.group].real[:, None], rates[self.group].imag[:, None]
        real = dmodes[:, 1] + a * modes[:, 0] - b * modes[:, 1]  # -i (H Pi) + lambda Pi
        dmodes[:, 1] = -dmodes[:, 0] + a * modes[:, 1] + b * modes[:, 0]
        dmodes[:, 0] = real
        l = np.arange(len(modes))
        dmodes[l, 0, self.row] += self.strength.real
        dmodes[l, 1, self.row] += self.strength.imag
        self.left(hop, c, Y.reshape(-1, 2, self.rows), dY.reshape(-1, 2, self.rows))
        ext = np.zeros((self.halo.count, *Y.shape[1:]))
        ext[: len(Y)] = Y
        HY = dY.copy()
        sitekernels.right(
            self.halo.near,
            hop[self.sites],
            system.onsite[self.sites],
            c[self.sites],
            0.0,
            0.0,
            1.0,
            Y,
            self.halo.fill(ext),
            HY,
        )
        d = system.damping  # HY now holds Y H - H Y
        dY[:, :, 0] = -HY[:, :, 1] - d * Y[:, :, 0] - Q[:, :, 1]
        dY[:, :, 1] = HY[:, :, 0] - d * Y[:, :, 1] + Q[:, :, 0]
        for a in (0, 1):
            dY[np.arange(len(self.sites)), a, 1, 2 * self.sites + a] += 0.5 * system.white

    def left(self, hop, c, source, target):
        """target = H source for columns (n, 2, rows), a plane at a time."""
        size = source.itemsize
        width = sitekernels.LANES[size]
        product = sitekernels.apply["plain" if self.system.plain else "phases", size]
        one, zero = np.ones(self.size // 2), np.zeros(self.size // 2, complex)
        P, C, spare = (
            np.zeros((self.size, 2, width)),
            np.zeros((self.size, 2, width)),
            np.zeros((width, 2, self.rows)),
        )
        for begin in range(0, len(source), width):
            block = source[begin : begin + width]
            spare[: len(block)] = block
            sitekernels.load_modes[size](spare, np.ones(width, complex), one, zero, P)
            product(self.system.near, hop, self.system.onsite, c, P, C)
            sitekernels.store_modes[size](C, one, zero, spare)
            target[begin : begin + width] = spare[: len(block)]
