"""A mean field with bath modes on lattice sites, for any pattern: columns over ranks.

For every column (site j, component) a rank keeps the bath modes Pi_g and Y, of which G = Y - Y^+ is
the lesser Green function:

    dPi_g/dt = (-i H + lambda_g) Pi_g + s_g 1
    dY/dt = -i [H, Y] - damping Y + i Q + i white/2,        Q = sum_g Pi_g

The Hermitian part of Y means nothing and never enters, so that no rank needs a transpose: H acts on
the rows, which are whole, and from the right on the columns, where it needs those of neighbouring
sites (`Halo`). What a system has to give is `protocols.SiteModes`.

Complex matrices are kept as planes, (site, component, re|im, row): what one vector instruction
works on is contiguous.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from mpi4py import MPI
from numpy.typing import DTypeLike, NDArray
from scipy.linalg import eigh_tridiagonal

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...parallel import Communicator, Part, all_rows, placed
from ..aligned import aligned_zeros
from ..output_times import Row
from ..protocols import Observables, SiteModes
from . import kernels
from .halo import Halo
from .stationary import resolvents, stationary_green

DENSE = 96  # of smaller matrices all eigenvalues are found
LANCZOS = 40  # steps for the extreme ones of larger matrices


class SiteState:
    """Y and the modes of this rank's sites.

    flat : Y and, in double precision, the modes after it; else (dtype complex64) they live beside
    it. start : whether to set the stationary start. told : of the share of its modes that is done.
    """

    ts_types = ("exponential", "rk")

    def __init__(
        self,
        system: SiteModes,
        comm: Communicator,
        dtype: DTypeLike = complex,
        start: bool = True,
        told: Callable[[float], None] | None = None,
    ):
        self.system, self.comm, self.dtype = system, comm, np.dtype(dtype)
        self.halo = Halo(comm, system.near)
        self.layout, self.sites = self.halo.layout, np.arange(*self.halo.layout.bounds())
        self.size = 2 * len(system.near)
        self.rows = -(-self.size // kernels.ROWS) * kernels.ROWS
        self.real = np.dtype(float if self.dtype == complex else np.float32)
        self.lanes = sum(len(held) for held in system.held)
        n = len(self.sites)
        self.green_count, self.mode_count = n * 2 * self.rows, n * self.lanes * self.rows
        together = self.dtype == complex
        self.flat = aligned_zeros(self.green_count + together * self.mode_count, complex)
        self.mode_flat = self.flat[self.green_count :]
        if not together:
            self.mode_flat = aligned_zeros(self.mode_count, np.complex64)
        self.green, self.modes = self.view_green(self.flat), self.view_modes(self.mode_flat)
        self._describe_modes(n)
        near = system.near
        self.back = np.array(
            [[int(np.flatnonzero(near[k] == j)[0]) for k in near[j]] for j in self.sites], int
        ).reshape(-1, 4)
        if start:
            self.fill(told)

    def _describe_modes(self, n):
        """Group, component, site, source and row of the modes, (modes,) each, of ``n`` sites."""
        held, strength = self.system.held, self.system.strength
        self.group = np.tile(np.concatenate([np.asarray(groups, int) for groups in held]), n)
        self.component = np.tile(np.repeat([0, 1], [len(groups) for groups in held]), n)
        self.site = np.repeat(np.arange(n), self.lanes)
        self.strength = np.tile(np.concatenate([np.asarray(s, complex) for s in strength]), n)
        self.row = 2 * (self.layout.start + self.site) + self.component

    def view_green(self, flat: ComplexArray) -> FloatArray:
        """Y of a flat complex array, (sites, 2, 2, rows) real."""
        return flat[: self.green_count].view(float).reshape(-1, 2, 2, self.rows)

    def view_modes(self, flat: NDArray) -> NDArray:
        """Modes of a flat array, (modes, 2, rows) real: sites, in them components, groups."""
        return flat[: self.mode_count].view(self.real).reshape(-1, 2, self.rows)

    def fill(self, told: Callable[[float], None] | None = None) -> None:
        """Set the stationary start: resolvents for the modes, Y = i (Q + white/2)/damping.

        Where the sources do not commute with H, Y solves i [H, Y] + damping Y = i (Q + white/2).
        **Collective.**
        """
        system, place = self.system, {}
        for mode, (s, a, g) in enumerate(zip(self.site, self.component, self.group)):
            place[int(g), int(s), int(a)] = mode

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
            told=told,
        )
        Q, _ = self.sums(system.rates_at(0.0, -1))
        Y = self.green
        Y[:, :, 0], Y[:, :, 1] = -Q[:, :, 1] / system.damping, Q[:, :, 0] / system.damping
        s = np.arange(len(self.sites))
        for a in (0, 1):
            Y[s, a, 1, 2 * self.sites + a] += 0.5 * system.white / system.damping
        if not system.commuting:
            own = slice(2 * self.layout.start, 2 * self.layout.start + 2 * len(s))
            columns = stationary_green(system, self._whole(Y))[:, own].T
            Y[..., : self.size] = np.stack([columns.real, columns.imag], axis=1).reshape(
                len(s), 2, 2, self.size
            )

    def _whole(self, Y):
        """Y of all sites, (2N, 2N). **Collective.**"""
        own = Y[:, :, 0, : self.size] + 1j * Y[:, :, 1, : self.size]
        return all_rows(self.comm, own.reshape(-1, self.size)).T

    def sums(
        self,
        rates: ComplexArray,
        Q: FloatArray | None = None,
        L: FloatArray | None = None,
        modes: NDArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Q = sum Pi_g and L = sum lambda_g Pi_g of the own columns, (sites, 2, 2, rows) each.

        Added to the Q and L that are given, if any; of the state's modes, if none are given.
        """
        shape = (len(self.sites), 2, 2, self.rows)
        if Q is None:
            Q = aligned_zeros(shape)
        if L is None:
            L = aligned_zeros(shape)
        if modes is None:
            modes = self.modes
        kernels.sums(
            modes,
            2 * self.site + self.component,
            rates[self.group],
            Q.reshape(-1, 2, self.rows),
            L.reshape(-1, 2, self.rows),
        )
        return Q, L

    def placed(self) -> dict[str, Part]:
        """What a checkpoint stores, in an order that does not depend on the ranks.

        **Collective.**
        """
        return {
            "green": placed(self.comm, self.flat[: self.green_count]),
            "modes": placed(self.comm, self.mode_flat),
        }

    @property
    def nbytes(self) -> int:
        """Bytes of Y and modes on this rank."""
        return 16 * self.green_count + self.dtype.itemsize * self.mode_count

    # -- what the mean field and the observables read ----------------------------------------------
    def band(self, Y: FloatArray) -> ComplexArray:
        """Y between each own site, its neighbours and itself, (sites, 2 columns, 5, 2 rows)."""
        rows = 2 * np.concatenate([self.system.near[self.sites], self.sites[:, None]], axis=1)
        s = np.arange(len(self.sites))[:, None]
        band = np.empty((len(self.sites), 2, 5, 2), complex)
        for column in (0, 1):
            for a in (0, 1):
                band[:, column, :, a] = Y[s, column, 0, rows + a] + 1j * Y[s, column, 1, rows + a]
        return band

    def local(
        self, Y: FloatArray, Q: FloatArray, hop: ComplexArray, c: ComplexArray
    ) -> tuple[ComplexArray, ComplexArray]:
        """G and dG/dt between the components of each own site, (sites, 2, 2) each.

        **Collective.**
        """
        return self._with_neighbours(Y, Q, hop, c)[:2]

    def _with_neighbours(self, Y, Q, hop, c):
        """`local`, and G from each own site to its neighbours, (sites, 4, 2, 2). **Collective.**"""
        n = len(self.sites)
        band = np.zeros((self.halo.count, 2, 5, 2), complex)
        band[:n] = self.band(Y)
        self.halo.fill(band)
        mine = self.sites
        fields = hop[mine], c[mine], self.system.onsite[mine]
        return around_sites(self.system, band, self.halo.near, self.back, *fields, self.block(Q))

    def block(self, Q: FloatArray) -> ComplexArray:
        """Entries between the components of each own site, (sites, row, column) complex."""
        s = np.arange(len(self.sites))
        block = np.empty((len(self.sites), 2, 2), complex)
        for a in (0, 1):
            row = 2 * self.sites + a
            for b in (0, 1):
                block[:, a, b] = Q[s, b, 0, row] + 1j * Q[s, b, 1, row]
        return block

    def mean_field(
        self, Y: FloatArray, Q: FloatArray, hop: ComplexArray, c: ComplexArray
    ) -> tuple[ComplexArray, ComplexArray]:
        """(c, dc/dt) at all sites, with H taken at ``c``. **Collective.**"""
        G, velocity = self.local(Y, Q, hop, c)
        both = self.halo.gather(np.stack([G[:, 0, 1], velocity[:, 0, 1]], axis=1))
        return self.system.coupling * both[:, 0], self.system.coupling * both[:, 1]

    def observe(self, row: Row) -> Observables:
        """The system's observables at an output, an `output_times.Row`. **Collective.**"""
        Y, modes = row.green, row.modes
        Q, _ = self.sums(self.system.rates_at(row.t, row.side), modes=modes)
        mode = np.arange(len(modes))
        own = modes[mode, 0, self.row] + 1j * modes[mode, 1, self.row]
        traces = own.astype(complex).reshape(len(self.sites), self.lanes)
        near = self._with_neighbours(Y, Q, self.system.hop_at(row.t, row.side), row.c)
        parts = [self.halo.gather(part) for part in (self.system.observe_modes(traces), *near)]
        return self.system.observables(row.t, row.side, *parts)

    def extremes(self, Y: FloatArray | None = None) -> tuple[float, float, float]:
        """(0, smallest, largest eigenvalue of -i G); G = Y - Y^+ is anti-Hermitian. **Collective.**

        Of a large matrix by forty Lanczos steps, from inside: they find what left [0, 1], not the
        last digit of what stayed.
        """
        if Y is None:
            Y = self.green
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
            self.comm.Allreduce(MPI.IN_PLACE, left)
            return -1j * left

        if self.size <= DENSE:
            G = np.array([product(row) for row in np.eye(self.size)]).T
            e = np.linalg.eigvalsh(0.5 * (G + G.conj().T))
            return 0.0, float(e[0]), float(e[-1])
        return 0.0, *lanczos(product, self.size)

    # -- the same equations as one vector, for PETSc's own integrators -----------------------------
    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field of a local vector (Y, then modes). **Collective.**"""
        own = self.block(self.view_green(array))
        return self.system.coupling * self.halo.gather(own[:, 0, 1] - own[:, 1, 0].conj())

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
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
        mode = np.arange(len(modes))
        dmodes[mode, 0, self.row] += self.strength.real
        dmodes[mode, 1, self.row] += self.strength.imag
        self.left(hop, c, Y.reshape(-1, 2, self.rows), dY.reshape(-1, 2, self.rows))
        ext = np.zeros((self.halo.count, *Y.shape[1:]))
        ext[: len(Y)] = Y
        HY = dY.copy()
        kernels.right(
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

    def left(self, hop: ComplexArray, c: ComplexArray, source: NDArray, target: NDArray) -> None:
        """target = H source for columns (n, 2, rows)."""
        kind = np.dtype(f"c{2 * source.itemsize}")
        real, n, columns = source.dtype, self.size // 2, len(source)
        target[:] = source
        matrix = hop.astype(kind), self.system.onsite.astype(real), c.astype(kind)
        kernels.modes(
            (self.system.near, *matrix, np.array([0, 1], kind)),
            self.system.plain,
            target,
            np.zeros(columns, int),
            np.zeros(columns, int),
            np.ones(1, kind),
            np.zeros((1, 2), kind),
            np.zeros((columns, 2), kind),
            (np.ones(n, real), np.zeros(n, kind)),
        )


def around_sites(
    system: SiteModes,
    band: ComplexArray,
    near: IntArray,
    back: IntArray,
    hop: ComplexArray,
    c: ComplexArray,
    onsite: FloatArray,
    Q: ComplexArray,
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """G and dG/dt between the components of n sites (n, 2, 2), G to neighbours (n, 4, 2, 2).

    band : of Y, as `SiteState.band` gives it, of the sites and behind them of others. near, back
    (n, 4): places of the neighbours in it, and where they know the site. hop (n, 4), c, onsite
    (n,), Q (n, 2, 2) of the sites.
    """
    n = len(near)
    # G[(k, a), (j, b)] = Y[(k, a), (j, b)] - Y[(j, b), (k, a)]^*, the latter from the band of k at
    # the place where k knows j
    there = band[near, :, back, :].conj()  # (n, 4, column of k, row of j)
    G = band[:n, :, :4, :].transpose(0, 2, 3, 1) - there  # (n, 4, row a of k, column b of j)
    own = band[:n, :, 4, :].transpose(0, 2, 1)  # (n, row, column)
    own = own - own.conj().transpose(0, 2, 1)
    amplitudes = np.stack([hop, -hop.conj()], axis=-1)  # H[(j, a), (k, a)]
    HG = np.einsum("jka,jkab->jab", amplitudes, G)
    HG[:, 0] += onsite[:, None] * own[:, 0] - c[:, None] * own[:, 1]
    HG[:, 1] += -onsite[:, None] * own[:, 1] - c.conj()[:, None] * own[:, 0]
    GH = -HG.conj().transpose(0, 2, 1)  # both factors turn into themselves, G with a sign
    X = 1j * Q
    X = X - X.conj().transpose(0, 2, 1)
    X[:, [0, 1], [0, 1]] += 1j * system.white
    return own, -1j * (HG - GH) - system.damping * own + X, G


def lanczos(product: Callable[[ComplexArray], ComplexArray], size: int) -> tuple[float, float]:
    """(smallest, largest) eigenvalue of a Hermitian matrix, from inside, by its products."""
    start = np.random.Generator(np.random.Philox(key=[1, size])).normal(size=size).astype(complex)
    basis, alpha, beta = [start / np.linalg.norm(start)], [], []
    for _ in range(LANCZOS):
        y = product(basis[-1])
        alpha.append(float(np.vdot(basis[-1], y).real))
        for x in basis:
            y = y - np.vdot(x, y) * x
        beta.append(float(np.linalg.norm(y)))
        basis.append(y / beta[-1])
    e = eigh_tridiagonal(alpha, beta[:-1], eigvals_only=True)
    return float(e[0]), float(e[-1])
