"""A mean field with bath modes on lattice sites, nothing assumed of its pattern: columns spread over ranks by site.

For every column (site j, component) a rank keeps the bath modes Pi_g and Y, of which G = Y - Y^+ is the lesser Green function:

    dPi_g/dt = (-i H + lambda_g) Pi_g + s_g 1,       dY/dt = -i [H, Y] - damping Y + i Q + i white/2,     Q = sum_g Pi_g.

The Hermitian part of Y means nothing and never enters, so that no rank needs a transpose: H acts on the rows, which are whole, and
from the right on the columns, where it needs those of neighbouring sites (`Halo`). The system gives (protocol ``SiteModes``):

    near (N, 4), hop_at(t, side) and hop_mean(t, step) (N, 4) complex, onsite (N,), plain (hops all one real number), field_bound,
    groups, held (the groups of up and of hole columns), strength (their sources), rates_at(t, side), rate_moments(t, step),
    breakpoints(t_max), damping, white, coupling (N,) with c_j = coupling_j G_{j up, j hole}, pattern (N,) at the start,
    observe_modes(traces (n, held)) -> (n, k) and observables(t, side, modes (N, k), green (N, 2, 2), velocity (N, 2, 2)).

Complex matrices are kept as planes, (site, component, re|im, row): what one vector instruction works on is contiguous.
"""
from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import splu

from . import chebyshev, sitekernels
from .exponential import Ends, Exponential, _exponential, _source_coefficients, hermite, memory_weights, moments, _hermite_slopes
from .halo import Halo

SINGLE, DOUBLE, GUESS = 1e-9, 1e-15, 1e-9       # smallest Chebyshev coefficient kept for modes in single precision, else, in a prediction
CHUNK, DENSE, LANCZOS = 64, 96, 40                                    # right-hand sides solved at a time


def hamiltonian(system, hop, c):
    """H as a scipy CSC matrix (2N, 2N) for the mean field c."""
    N = len(c)
    j = np.arange(N)
    up = sparse.coo_matrix((hop.ravel(), (np.repeat(j, 4), system.near.ravel())), (N, N)) + sparse.diags(system.onsite.astype(complex))
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
                part = sites[begin:begin + CHUNK]
                sides = np.zeros((H.shape[0], len(part)), complex)
                sides[2 * part + a, np.arange(len(part))] = strength
                for site, column in zip(part, solver.solve(sides).T):
                    fill(g, site, a, column)


class Stationary:
    """c_j = coupling_j G_{j up, j hole} for the stationary G of c, as a problem for :mod:`.steady`; x = (Re c, Im c), its items the groups.

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


class State:
    """Y and the modes of this rank's sites. ``flat`` holds Y and, in double precision, the modes after it."""

    integrator = None       # set below

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
        rest = self.flat[self.green_count:] if both else np.zeros(self.mode_count, np.complex64)
        self.mode_flat = rest
        self.green, self.modes = self.view_green(self.flat), self.view_modes(rest)
        self.group = np.tile(np.concatenate([np.asarray(held, int) for held in system.held]), n)
        self.component = np.tile(np.repeat([0, 1], [len(held) for held in system.held]), n)
        self.site = np.repeat(np.arange(n), self.lanes)
        self.strength = np.tile(np.concatenate([np.asarray(s, complex) for s in system.strength]), n)
        self.row = 2 * (self.layout.start + self.site) + self.component
        near = system.near
        self.back = np.array([[int(np.flatnonzero(near[k] == j)[0]) for k in near[j]] for j in self.sites], int).reshape(-1, 4)
        if start:
            self.fill()

    def view_green(self, flat):
        """Y of a flat complex array, (sites, 2, 2, rows) real."""
        return flat[:self.green_count].view(float).reshape(-1, 2, 2, self.rows)

    def view_modes(self, flat):
        """Modes of a flat complex array, (modes, 2, rows) real, in the order of sites, components, groups."""
        return flat[:self.mode_count].view(self.real).reshape(-1, 2, self.rows)

    def fill(self):
        """The stationary start: resolvents for the modes, Y = i (Q + white/2)/damping. Needs sources that commute with H."""
        system, place = self.system, {}
        for l, (s, a, g) in enumerate(zip(self.site, self.component, self.group)):
            place[int(g), int(s), int(a)] = l

        def put(g, site, a, column):
            target = self.modes[place[g, int(site) - self.layout.start, a]]
            target[0, :self.size], target[1, :self.size] = column.real, column.imag

        resolvents(system, system.rates_at(0.0, -1), system.hop_at(0.0, -1), system.pattern, self.sites, put)
        Q, _ = self.sums(system.rates_at(0.0, -1))
        Y = self.green
        Y[:, :, 0], Y[:, :, 1] = -Q[:, :, 1] / system.damping, Q[:, :, 0] / system.damping
        s = np.arange(len(self.sites))
        for a in (0, 1):
            Y[s, a, 1, 2 * self.sites + a] += 0.5 * system.white / system.damping

    def sums(self, rates, Q=None, L=None):
        """Q = sum Pi_g and L = sum lambda_g Pi_g of the own columns, (sites, 2, 2, rows) each."""
        shape = (len(self.sites), 2, 2, self.rows)
        Q, L = (np.zeros(shape) if array is None else array for array in (Q, L))
        sitekernels.sums(self.modes, 2 * self.site + self.component, rates[self.group], Q.reshape(-1, 2, self.rows), L.reshape(-1, 2, self.rows))
        return Q, L

    def placed(self):
        """What a checkpoint keeps: {name: (flat array, its start in the whole, size of the whole)}, in an order that knows no ranks."""
        return {"green": self.place(self.flat[:self.green_count]), "modes": self.place(self.mode_flat)}

    def place(self, flat):
        """(flat, start, size of the whole): this rank's part comes after those of the ranks before it. **Collective.**"""
        counts = self.comm.allgather(flat.size)
        return flat, sum(counts[:self.comm.rank]), sum(counts)

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
        there = band[self.halo.near, :, self.back, :].conj()        # (n, 4, column of k, row of j)
        G = band[:n, :, :4, :].transpose(0, 2, 3, 1) - there        # (n, 4, row a of k, column b of j)
        own = band[:n, :, 4, :].transpose(0, 2, 1)                  # (n, row, column)
        own = own - own.conj().transpose(0, 2, 1)
        amplitudes = np.stack([h, -h.conj()], axis=-1)              # H[(j, a), (k, a)]
        HG = np.einsum("jka,jkab->jab", amplitudes, G)
        HG[:, 0] += onsite[:, None] * own[:, 0] - d[:, None] * own[:, 1]
        HG[:, 1] += -onsite[:, None] * own[:, 1] - d.conj()[:, None] * own[:, 0]
        GH = -HG.conj().transpose(0, 2, 1)                          # both factors turn into themselves, G with a sign
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
                found[:, a, b] = Q[s, b, 0, 2 * self.sites + a] + 1j * Q[s, b, 1, 2 * self.sites + a]
        return found

    def mean_field(self, Y, Q, hop, c):
        """(c, dc/dt) at all sites, with H taken at ``c``. **Collective.**"""
        G, velocity = self.local(Y, Q, hop, c)
        both = self.halo.gather(np.stack([G[:, 0, 1], velocity[:, 0, 1]], axis=1))
        return self.system.coupling * both[:, 0], self.system.coupling * both[:, 1]

    def observe(self, row):
        """The system's observables at an output. **Collective.**"""
        if isinstance(row.green, np.ndarray):
            Y, modes = row.green, row.modes
        Q = np.zeros((len(self.sites), 2, 2, self.rows))
        L = np.zeros_like(Q)
        sitekernels.sums(modes, 2 * self.site + self.component, self.system.rates_at(row.t, row.side)[self.group],
                         Q.reshape(-1, 2, self.rows), L.reshape(-1, 2, self.rows))
        l = np.arange(len(modes))
        traces = (modes[l, 0, self.row] + 1j * modes[l, 1, self.row]).astype(complex).reshape(len(self.sites), self.lanes)
        green, velocity = self.local(Y, Q, self.system.hop_at(row.t, row.side), row.c)
        parts = [self.halo.gather(part) for part in (self.system.observe_modes(traces), green, velocity)]
        return self.system.observables(row.t, row.side, *parts)

    def extremes(self, Y=None):
        """(0, smallest, largest eigenvalue of -i G); G = Y - Y^+ is anti-Hermitian by its form. **Collective.**

        Of a large matrix by forty Lanczos steps, from inside: they find what left [0, 1], not the last digit of what stayed.
        """
        Y = self.green if Y is None else Y
        n = 2 * len(self.sites)
        real, imag = (np.ascontiguousarray(Y[:, :, p, :self.size]).reshape(n, self.size) for p in (0, 1))
        own = slice(2 * self.layout.start, 2 * self.layout.start + n)

        def product(x):
            x = np.asarray(x, complex).ravel()
            near, both = np.stack([x[own].real, x[own].imag]), np.stack([x.real, x.imag], axis=1)
            a, b = near @ real, near @ imag                                 # Y x, this rank's columns
            left = (a[0] - b[1]) + 1j * (a[1] + b[0])
            a, b = real @ both, imag @ both                                 # Y^+ x, this rank's rows
            left[own] -= (a[:, 0] + b[:, 1]) + 1j * (a[:, 1] - b[:, 0])
            return -1j * np.sum(self.comm.allgather(left), axis=0)

        if self.size <= DENSE:
            G = np.array([product(row) for row in np.eye(self.size)]).T
            e = np.linalg.eigvalsh(0.5 * (G + G.conj().T))
            return 0.0, float(e[0]), float(e[-1])
        start = np.random.Generator(np.random.Philox(key=[1, self.size])).normal(size=self.size).astype(complex)
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
        Y, modes = self.view_green(array), self.view_modes(array[self.green_count:])
        dY, dmodes = self.view_green(out), self.view_modes(out[self.green_count:])
        c, rates, hop = self.field(array), system.rates_at(t, side), system.hop_at(t, side)
        Q = np.zeros_like(Y)
        sitekernels.sums(modes, 2 * self.site + self.component, rates[self.group], Q.reshape(-1, 2, self.rows), np.zeros_like(Q).reshape(-1, 2, self.rows))
        self.left(hop, c, modes, dmodes)
        a, b = rates[self.group].real[:, None], rates[self.group].imag[:, None]
        real = dmodes[:, 1] + a * modes[:, 0] - b * modes[:, 1]             # -i (H Pi) + lambda Pi
        dmodes[:, 1] = -dmodes[:, 0] + a * modes[:, 1] + b * modes[:, 0]
        dmodes[:, 0] = real
        l = np.arange(len(modes))
        dmodes[l, 0, self.row] += self.strength.real
        dmodes[l, 1, self.row] += self.strength.imag
        self.left(hop, c, Y.reshape(-1, 2, self.rows), dY.reshape(-1, 2, self.rows))
        ext = np.zeros((self.halo.count, *Y.shape[1:]))
        ext[:len(Y)] = Y
        HY = dY.copy()
        sitekernels.right(self.halo.near, hop[self.sites], system.onsite[self.sites], c[self.sites], 0.0, 0.0, 1.0, Y, self.halo.fill(ext), HY)
        d = system.damping                                                  # HY now holds Y H - H Y
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
        P, C, spare = np.zeros((self.size, 2, width)), np.zeros((self.size, 2, width)), np.zeros((width, 2, self.rows))
        for begin in range(0, len(source), width):
            block = source[begin:begin + width]
            spare[:len(block)] = block
            sitekernels.load_modes[size](spare, np.ones(width, complex), one, zero, P)
            product(self.system.near, hop, self.system.onsite, c, P, C)
            sitekernels.store_modes[size](C, one, zero, spare)
            target[begin:begin + width] = spare[:len(block)]


class Columns(Exponential):
    """The exponential integrator of :mod:`.exponential` on columns: polynomials of H applied to them, no propagator is ever formed.

    Per step: the history's cubic predicts the mean field; Y carried with it, with Q extrapolated by its slope, gives a better
    prediction, corrected by what it missed in the last step; with that Y is carried and the modes, eight or sixteen columns at
    a time in a core's cache. exp(Omega) of the fourth-order Magnus expansion is K exp(-i dt Hbar) K^+ with K = exp(-i dt^2 Hdot/12), whose
    Hdot couples the components of a site only (hops that change within a step enter by their mean: second order in their change).
    """

    def __init__(self, state, corrector=0):
        self.state, self.system = state, state.system
        self.origin = self.lattice = None
        self.now = self.history = self.missed = None
        self.steps = self.rollbacks = self.passes = 0
        self.flops = 0.0
        n, rows = len(state.sites), state.rows
        self.Q, self.Z, self.V = (np.zeros((n, 2, 2, rows)) for _ in range(3))
        self.B, self.C = (np.zeros((state.halo.count, 2, 2, rows)) for _ in range(2))

    def rollback(self, ts):
        raise RuntimeError("columns: modes are advanced in place, there is no step to roll back")

    def interpolate(self, ts, t, u):
        raise RuntimeError("columns: there is no output inside a step")

    def start(self, t, step=None):
        """Forget the history: where the drive jumps and before the first step."""
        self.history = self.missed = None
        self.origin, self.lattice = t, step or self.lattice
        state, hop = self.state, self.system.hop_at(t, +1)
        self.Q[:], self.Z[:] = 0, 0
        state.sums(self.system.rates_at(t, +1), self.Q, self.Z)
        c = state.field(state.flat)
        self._memory(hop, c)
        self.now = Ends(*state.mean_field(state.green, self.Q, hop, c), None, None)

    def saved(self):
        """(numbers, replicated arrays, distributed arrays) that the next step reads. **Collective.**"""
        numbers = {"origin": self.origin, "last_step": self.history[0] if self.history else None}
        shared = {"c": self.now.c, "v": self.now.v}
        if self.history:
            shared.update(old_c=self.history[1].c, old_v=self.history[1].v, missed=self.missed)
        return numbers, shared, {name: self.state.place(array.reshape(-1)) for name, array in (("Q", self.Q), ("Z", self.Z))}

    def restore(self, numbers, shared, read, lattice):
        """Take up the history again. **Collective.**"""
        for name, array in (("Q", self.Q), ("Z", self.Z)):
            read(name, *self.state.place(array.reshape(-1)))
        self.origin, self.lattice = numbers["origin"], lattice
        self.now, self.history, self.missed = Ends(shared["c"], shared["v"], None, None), None, None
        if numbers["last_step"] is not None:
            self.history = (numbers["last_step"], Ends(shared["old_c"], shared["old_v"], None, None))
            self.missed = shared["missed"]

    def advance(self, t, step):
        """(Pi, Y)(t) -> (t + step). **Collective.**"""
        state, system, start = self.state, self.system, self.now
        lam, hop, d = system.rate_moments(t, step), system.hop_mean(t, step), system.damping
        W = memory_weights(d, step)
        keep, white = np.exp(-d * step), 0.5 * system.white
        ahead = (keep, W[0] + W[2], W[1] + W[2] * step + W[3], white * (W[0] + W[2]))
        end, first = self._guess(step), self.history is None
        for _ in range(2 if first else 1):
            V = self.carry(Kick(system, hop, step, start, end), ahead, GUESS)
            own = state.block(self._turned(V, Kick(system, hop, step, start, end)))
            plain = system.coupling * state.halo.gather(own[:, 0, 1] - own[:, 1, 0].conj())
            end = self._better(step, plain)
        kick = Kick(system, hop, step, start, end)
        V = self.carry(kick, (keep, W[0], W[1], white * W[0]), DOUBLE)
        self.mode_pass(step, lam, kick, t)
        after = system.hop_at(t + step, -1)
        np.copyto(self.V, V[:len(self.V)])
        self._memory(after, end.c)
        sitekernels.finish_green(self.V, self.Q, self.Z, W[2], W[3], white * W[2], state.layout.start, kick.cosine, kick.q, state.green)
        found = Ends(*state.mean_field(state.green, self.Q, after, end.c), None, None)
        self.history, self.missed, self.now = (step, start), found.c - plain, found
        self.steps += 1

    def _guess(self, step):
        start = self.now
        if self.history is None:
            return Ends(start.c + step * start.v, start.v, None, None)
        last, old = self.history
        h, slopes = hermite(1 + step / last), _hermite_slopes(1 + step / last) / last
        return Ends(h[0] * old.c + h[2] * start.c + last * (h[1] * old.v + h[3] * start.v),
                    slopes[0] * old.c + slopes[2] * start.c + last * (slopes[1] * old.v + slopes[3] * start.v), None, None)

    def _better(self, step, plain):
        """The end of the step from a carried Y: what the last step's missed is added, the velocity is that of a cubic through both ends."""
        start = self.now
        if self.history is None:
            return Ends(plain, 2 * (plain - start.c) / step - start.v, None, None)
        last, old = self.history
        c = plain + (step / last) ** 3 * self.missed
        r = last / step                              # cubic c0 + v0 s + A s^2/step + B s^3/step^2 with the old velocity at s = -last
        e = (c - start.c) / step - start.v
        A = (start.v - old.v + 3 * r * r * e) / (2 * r + 3 * r * r)
        return Ends(c, start.v + 2 * A + 3 * (e - A), None, None)

    def _turned(self, V, kick):
        """K V K^+ without the rest of the end's memory."""
        zero = np.zeros_like(self.V[:, :, :, :1])
        target = self.V
        zeros = np.broadcast_to(zero, V[:len(target)].shape)
        sitekernels.finish_green(V[:len(target)], zeros, zeros, 0.0, 0.0, 0.0, self.state.layout.start, kick.cosine, kick.q, target)
        return target

    def _memory(self, hop, c):
        """Z = i L + Q H in place of L; Z = dX/dt + i [H, X] up to its Hermitian part, X = i Q. **Collective.**"""
        state, Z = self.state, self.Z
        Z[:, :, 0], Z[:, :, 1] = Z[:, :, 1], -Z[:, :, 0].copy()             # -i L, which the kernel takes off
        self.B[:len(Z)] = self.Q
        sitekernels.right(state.halo.near, hop[state.sites], self.system.onsite[state.sites], c[state.sites], 0.0, 0.0, 1.0,
                          self.V, state.halo.fill(self.B), Z)

    def carry(self, kick, weights, smallest):
        """exp(-i dt Hbar) K^+ [keep Y + w0 i Q + w1 Z + constant i] K exp(i dt Hbar). **Collective.**"""
        state, system = self.state, self.system
        terms = chebyshev.degree(kick.reach, smallest)
        u = _exponential(kick.step, kick.radius, terms)
        hop, onsite, c = kick.hop / kick.radius, system.onsite / kick.radius, kick.mean / kick.radius
        P, B, C = (np.empty((state.size, 2, sitekernels.LANES[8])) for _ in range(3))
        polynomial = sitekernels.clenshaw["plain" if system.plain else "phases", 8]
        none, nothing = np.zeros((8, 0), np.int64), np.zeros((terms, 8, 0), complex)
        for begin in range(0, len(state.sites), 4):
            sitekernels.load_green(state.green, self.Q, self.Z, *weights, state.layout.start, begin, kick.cosine, kick.q, P)
            sitekernels.store_green(polynomial(system.near, hop, onsite, c, u, P, B, C, none, nothing), begin, self.V)
        self.B[:], self.C[:] = 0, 0
        near, mine = state.halo.near, state.sites
        for k in range(terms - 1, -1, -1):
            if k < terms - 1:
                state.halo.fill(self.B)
            sitekernels.right(near, hop[mine], onsite[mine], c[mine], u[k].real, -u[k].imag, 2.0 if k else 1.0, self.V, self.B, self.C)
            self.B, self.C = self.C, self.B
        self.flops += 2 * FLOPS * terms * self.V.size / 2
        return self.B

    def mode_pass(self, step, lam, kick, t):
        """The modes of the own columns to the end of the step; leaves Q and L (in ``Z``) of the end."""
        state, system = self.state, self.system
        mean, slope = lam
        size = state.real.itemsize
        width, held = sitekernels.LANES[size], state.group
        terms = chebyshev.degree(kick.reach, SINGLE if size == 4 else DOUBLE)
        kind = np.dtype(np.complex64 if size == 4 else complex)
        u = _exponential(step, kick.radius, terms).astype(kind)
        hop, onsite, c = ((array / kick.radius).astype(kind if array.dtype.kind == "c" else state.real) for array in (kick.hop, system.onsite, kick.mean))
        coefficients = _source_coefficients(step, mean, kick.radius, terms)              # (groups, terms)
        factor = np.exp(step * mean)[held].astype(kind)
        sources = kick.sources(state, step ** 2 * chebyshev.kappa(step * mean)[held], slope[held])
        P, B, C = (np.empty((state.size, 2, width), state.real) for _ in range(3))
        cosine, q = kick.cosine.astype(state.real), kick.q.astype(kind)
        polynomial = sitekernels.clenshaw["plain" if system.plain else "phases", size]
        load, store = sitekernels.load_modes[size], sitekernels.store_modes[size]
        at = np.zeros((width, 2), np.int64)
        for begin in range(0, len(held), width):
            lanes = slice(begin, min(begin + width, len(held)))
            n = lanes.stop - begin
            block = state.modes[lanes] if n == width else np.concatenate([state.modes[lanes], np.zeros((width - n, 2, state.rows), state.real)])
            w, scale = np.zeros((terms, width, 2), kind), np.zeros(width, kind)
            at[:n] = 2 * (state.row[lanes] // 2)[:, None] + [0, 1]
            w[:, :n] = coefficients[held[lanes]].T[:, :, None] * sources[lanes]
            scale[:n] = factor[lanes]
            load(block, scale, cosine, q, P)
            store(polynomial(system.near, hop, onsite, c, u, P, B, C, at, w), cosine, q, block)
            if n < width:
                state.modes[lanes] = block[:n]
        self.Q[:], self.Z[:] = 0, 0
        state.sums(system.rates_at(t + step, -1), self.Q, self.Z)
        self.flops += FLOPS * terms * state.modes.size / 2
        self.passes += 1


FLOPS = 26.0        # a term of a polynomial costs per complex entry: 6 for the four hops, 2 onsite, 8 pairing, 10 the recursion
State.integrator = Columns


class Kick:
    """Hbar of a step and K = exp(-i dt^2 Hdot/12) = [[cosine, q], [-q*, cosine]] on every site."""

    def __init__(self, system, hop, step, start, end):
        self.mean, self.slope = moments(step, start.c, start.v, end.c, end.v)
        self.hop, self.step = hop, step
        self.radius = float(system.field_bound + np.abs(self.mean).max())
        self.reach = self.radius * step
        angle, size = step ** 2 / 12 * np.abs(self.slope), np.abs(self.slope)
        self.cosine = np.cos(angle)
        self.q = 1j * step ** 2 / 12 * np.sinc(angle / np.pi) * self.slope + 0 * size

    def sources(self, state, bend, slope):
        """K^-1 (1 + bend (-i Hdot + slope)) s of every mode, on the two rows of its own site: (modes, 2)."""
        site, a = state.row // 2, state.component
        d, cosine, q = self.slope[site], self.cosine[site], self.q[site]
        own = 1 + bend * slope
        other = 1j * bend * np.where(a == 0, d.conj(), d)                   # -i bend Hdot of the other row, Hdot = [[0, -d], [-d*, 0]]
        up, hole = np.where(a == 0, own, other), np.where(a == 0, other, own)
        return np.stack([cosine * up - q * hole, cosine * hole + q.conj() * up], axis=1) * state.strength[:, None]
