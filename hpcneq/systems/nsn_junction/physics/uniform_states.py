"""Uniform and normal steady states of the junction: closed forms, no frequency quadrature.

Kawamura and Ohashi (2025), Sec. II.4 and App. A; their Eqs. (41)-(47) and (53) are right as printed: the
distribution is taken at w without the Zeeman field, only Green functions carry w + h. Units: hopping = 1, hbar =
k_B = 1. A sum over k is a mean over the Brillouin zone. With Th(x) = int dw/pi G/((w-x)^2 + G^2) tanh(w/2T), G = sum of
the leads' gamma, v = eV/2,

    gap (47)    1/U = F(D) = sum_k (1/8E) sum_{s,e=+-} Th(E + s h + e v),   E = sqrt(xi^2 + D^2)
    onset (53)  1/U = C(Q) = sum_k sum_{e=+-} [Th(A - e v) + Th(B + e v)] / (4 (A + B)),
                A = xi_{k+Q/2} - h,  B = xi_{k-Q/2} + h

Th = 4 T sum_n Re 1/(x - i y_n), y_n = G + (2n+1) pi T, turns both into frequency sums over lattice Green functions,

    F = sum_l 2 g_l T sum_n Re <1/(E^2 - (s_l - i y_n)^2)>
    C = sum_l 2 g_l T sum_n Re <1/((xi_{k+Q/2} - s_l - i y_n) (xi_{k-Q/2} + s_l + i y_n))>

with s_l = h - v_l for lead l of share g_l = gamma_l/G: no singular denominators, k sums in closed form, and few
frequencies are enough (:mod:`hpcneq.maths.matsubara`). The infinite lattice uses these, the finite one the forms above.
The model has no Hartree term: with mu = 0 and mirrored leads that spares the charge, not the magnetisation h induces.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from hpcneq.errors import InputError
from hpcneq.maths import fermi, lattice, matsubara

from .junction import Lead


@dataclass(frozen=True)
class Point:
    """One set of parameters. ``leads``: two Lead (own gamma, T, mu), or None for two of coupling gamma at T and mu.

    U : attraction > 0. mu : chemical potential of the superconductor. gamma : coupling of each lead. h : Zeeman field.
    T : temperature. eV : voltage; the leads sit at v_l = mu_l - mu +- eV/2. gamma and T are not used where leads are
    given.
    """

    U: float = 3.0
    mu: float = 0.0
    gamma: float = 0.01
    h: float = 0.0
    T: float = 0.0
    eV: float = 0.0
    leads: tuple | None = None

    def __post_init__(self):
        if not self.U > 0:
            raise InputError(f"U = {self.U:g}: must be > 0 (attraction)")
        if not (self.width >= 0 and all(lead.gamma >= 0 and lead.T >= 0 for lead in self.baths)):
            raise InputError("leads: gamma and T must be >= 0")
        if self.width == 0 and any(lead.T == 0 for lead in self.baths):
            raise InputError(
                "gamma = 0 and T = 0: nothing smooths the levels; give one of them a small value"
            )

    @property
    def baths(self):
        """The two leads."""
        if self.leads:
            return self.leads
        return tuple(
            Lead(name, self.gamma, self.T, self.mu, sign)
            for name, sign in (("left", 1), ("right", -1))
        )

    @property
    def width(self):
        """G, the half-width of every level."""
        return sum(lead.gamma for lead in self.baths)

    def terms(self):
        """The distribution as a list of (share g_l, temperature, shift v_l), one per lead.

        An up electron sees f(w) = sum_l g_l f_l(w - v_l), a hole f(w) = sum_l g_l f_l(w + v_l).
        """
        total = self.width
        if (
            not total > 0
            and len({(lead.T, lead.shift(self.eV, self.mu)) for lead in self.baths}) > 1
        ):
            raise InputError(
                "gamma = 0: without coupling to the leads there is no distribution out of equilibrium"
            )
        share = [lead.gamma / total if total > 0 else 1 / len(self.baths) for lead in self.baths]
        return [(g, lead.T, lead.shift(self.eV, self.mu)) for g, lead in zip(share, self.baths)]

    @property
    def mirrored(self):
        """True if electrons and holes see the same distribution: two equal leads at +-eV/2, or any two at v = 0."""
        balance = {}
        for g, T, v in self.terms():
            v = round(v, 12)
            balance[T, abs(v)] = balance.get((T, abs(v)), 0.0) + g * np.sign(v)
        return all(abs(excess) < 1e-12 for excess in balance.values())

    @property
    def equilibrium(self):
        """True if both leads have the same temperature and Fermi level as the superconductor."""
        return all(v == 0 for _, _, v in self.terms()) and len({T for _, T, _ in self.terms()}) == 1

    def at(self, **changes):
        """The same point with some parameters changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Finite:
    """The periodic Lx x Ly lattice: exact sums."""

    Lx: int
    Ly: int

    def levels(self):
        """Band energies and weights for means of functions of the band energy."""
        return lattice.square_levels(self.Lx, self.Ly)

    def resolvent(self, zeta, mu):
        """R = <1/(xi^2 - zeta^2)> and (1/zeta) dR/dzeta = <2/(xi^2 - zeta^2)^2>; zeta complex, any shape."""
        eps, weight = self.levels()
        square, zeta2 = (eps - mu) ** 2, (zeta * zeta).reshape(-1, 1)
        found = np.empty((2, len(zeta2)), complex)
        rows = max(1, 2**16 // len(eps))  # blocks that stay in the cache
        for start in range(0, len(zeta2), rows):
            part = 1 / (square - zeta2[start : start + rows])
            found[0, start : start + rows] = part @ weight
            found[1, start : start + rows] = 2 * (part * part) @ weight
        return found.reshape(2, *zeta.shape)

    def pair_energies(self, Q, mu):
        """xi_k, xi_{Q-k} and weights: k and Q - k, both on the lattice for every allowed Q, odd n included."""
        n = np.round(Q * self.Lx / (2 * np.pi))
        if abs(Q * self.Lx / (2 * np.pi) - n) > 1e-6:
            raise InputError(f"Q = {Q:g} is not 2 pi n/Lx with integer n (Lx = {self.Lx})")
        kx = 2 * np.pi * np.arange(self.Lx) / self.Lx
        ky, times = lattice.momenta(self.Ly)
        ky = -2 * np.cos(ky) - mu
        first, second = (-2 * np.cos(k)[:, None] + ky for k in (kx, 2 * np.pi * n / self.Lx - kx))
        return first, second, np.broadcast_to(times / (self.Lx * self.Ly), first.shape)


@dataclass(frozen=True)
class Infinite:
    """The infinite lattice. error: bound on that of the kx sum of C(Q); nodes: of the density of states."""

    error: float = 1e-9
    nodes: int = 1024

    def refined(self):
        """The same with more digits (error^1.5) and twice the nodes, for error estimates."""
        return Infinite(self.error**1.5, 2 * self.nodes)

    def levels(self):
        """Nodes and weights of the density of states."""
        return lattice.dos_nodes(self.nodes)

    def resolvent(self, zeta, mu):
        """Like ``Finite.resolvent``, from the lattice Green function; Im zeta != 0."""
        plus, dplus = lattice.square_green(mu + zeta)
        minus, dminus = (-plus, dplus) if mu == 0 else lattice.square_green(mu - zeta)
        R = (minus - plus) / (2 * zeta)
        return R, -(R / zeta + (dminus + dplus) / (2 * zeta)) / zeta

    def chain(self, y, mirror):
        """kx points for functions whose singularities lie at cos kx = c + i y/2 or farther, one set for each y (m,).

        Returns kx (n,), the index of its y (n,) and weights (n,): 1/L each. ``mirror``: keep |kx| < pi/2 only, doubled.
        The periodic trapezoid rule converges like exp(-L asinh(y/2)).
        """
        L = 4 * np.ceil(np.log(10 / self.error) / np.arcsinh(y / 2) / 4).astype(int)
        kept = L // 2 if mirror else L
        index = np.repeat(np.arange(len(y)), kept)
        place = np.arange(len(index)) - np.repeat(np.cumsum(kept) - kept, kept)
        kx = 2 * np.pi * (place + 0.5) / L[index] - 0.5 * np.pi
        return kx, index, (2.0 if mirror else 1.0) / L[index]


def finite(Lx, Ly):
    """The periodic Lx x Ly lattice; wave numbers Q along x are 2 pi n/Lx, any integer n."""
    if Lx < 1 or Ly < 1:
        raise InputError(f"Lx = {Lx}, Ly = {Ly}: both must be >= 1")
    return Finite(int(Lx), int(Ly))


def infinite(error=1e-9, nodes=1024):
    """The infinite lattice; Q along x."""
    return Infinite(error, nodes)


def error_estimate(quantity, grid):
    """Change of ``quantity(grid)``, number or array, when the grid is refined; 0 on a finite lattice: exact sums."""
    return np.abs(quantity(grid) - quantity(grid.refined())) if isinstance(grid, Infinite) else 0.0


def gap_sum(D, point, grid):
    """F(D) of the gap equation 1/U = F(D), Eq. (47). D : >= 0, any shape; the result has its shape.

    Mirrored leads only (InputError): otherwise the phase of a uniform state rotates and no real gap equation exists.
    """
    require_mirrored(point, "gap equation")
    D = np.asarray(D, float)
    if isinstance(grid, Infinite):
        pole, weight, _ = frequencies(point)
        R, _ = grid.resolvent(np.sqrt(pole**2 - D[..., None] ** 2), point.mu)
        return R.real @ weight
    eps, weight = grid.levels()
    return np.reshape(
        [_gap_finite(np.hypot(eps - point.mu, d), weight, point) for d in D.flat], D.shape
    )[()]


def _gap_finite(E, weight, point):
    """Eq. (47) as printed, level by level; E (n,) may vanish."""
    return sum(
        g / 2 * (weight @ fermi.tanh_pair_sum(E + s, E - s, point.width, T))
        for g, T, s in static_terms(point)
    )


def gap_slopes(D, point, grid):
    """F(D), dF/dD and dF/d(eV), each of the shape of D. The sign of dF/dD decides the stability of a root at q = 0."""
    require_mirrored(point, "gap equation")
    D = np.asarray(D, float)
    pole, weight, sign = frequencies(point)
    zeta = np.sqrt(pole**2 - D[..., None] ** 2)
    R, slope = grid.resolvent(zeta, point.mu)
    return (
        R.real @ weight,
        -D * (slope.real @ weight),
        (slope * pole).real @ (-0.5 * sign * weight),
    )


def pair_sum(Q, point, grid):
    """C(Q) of the onset condition 1/U = C(Q), Eq. (53): static pair susceptibility of the normal state.

    Q : pair momentum along x, any shape; on a finite lattice 2 pi n/Lx. Mirrored leads only (InputError): otherwise the
    first mode to grow rotates, and its onset is at a pair frequency z != 0 (see :mod:`.pair_susceptibility`).
    """
    require_mirrored(point, "static onset condition")
    Q = np.asarray(Q, float)
    one = _pair_finite if isinstance(grid, Finite) else _pair_infinite
    return np.reshape([one(q, point, grid) for q in Q.flat], Q.shape)[()]


def _pair_finite(Q, point, grid):
    """Eq. (53) as printed, with the divided difference at A + B = 0."""
    first, second, weight = grid.pair_energies(Q, point.mu)
    return sum(
        g / 2 * np.sum(weight * fermi.tanh_pair_sum(first - s, second + s, point.width, T))
        for g, T, s in static_terms(point)
    )


def _pair_infinite(Q, point, grid):
    """The sum over frequencies and kx; the ky sum is algebraic, a difference of two chain Green functions."""
    pole, weight, _ = frequencies(point)
    kx, index, share = grid.chain(
        -pole.imag, point.mu == 0
    )  # mu = 0: k -> pi - k exchanges the two electrons
    across, along = 2 * np.cos(0.5 * Q) * np.cos(kx), 2 * np.sin(0.5 * Q) * np.sin(kx)
    first = along - across - point.mu - pole[index]
    second = -along - across - point.mu + pole[index]
    # chain_green with Im first > 0 > Im second written out: two square roots are the whole cost
    pair = (
        -1j * (1 / np.sqrt(4 - first * first) + 1 / np.sqrt(4 - second * second)) / (second - first)
    )
    return float(pair.real @ (weight[index] * share))


def free_energy(D, point, grid):
    """Omega(D) - Omega(0) per site at eV = 0 (App. A): D^2/U + sum_k [W(E-h) + W(E+h)], W the pair potential of Th.

    D : any shape. Its derivative is 2 D (1/U - F). InputError out of equilibrium, where there is no potential.
    """
    if not point.equilibrium:
        raise InputError("free energy: only in equilibrium (eV = 0, leads at one T and mu)")
    D = np.asarray(D, float)
    eps, weight = grid.levels()
    xi, T = eps - point.mu, point.baths[0].T

    def potential(E):
        return sum(fermi.pair_potential(E + s * point.h, point.width, T) for s in (1, -1))

    change = [potential(np.hypot(xi, d)) - potential(np.abs(xi)) for d in D.flat]
    return D**2 / point.U + np.reshape(np.array(change) @ weight, D.shape)[()]


def static_terms(point):
    """(share, T, |s|) with s = h - v_l, equal ones merged: every static mean is even in s if the leads are mirrored."""
    merged = {}
    for g, T, v in point.terms():
        merged[T, abs(point.h - v)] = merged.get((T, abs(point.h - v)), 0.0) + g
    return [(g, T, s) for (T, s), g in merged.items()]


@lru_cache(maxsize=512)
def frequencies(point):
    """The thermal sums of all leads as one list: |s_l| - i y (m,), weights 2 g_l w (m,), and -2 d|s_l|/d(eV) (m,).

    Leads of equal |s_l| share their entries. The scale is rounded up, so that sweeps reuse the nodes.
    """
    largest = (
        lattice.BANDWIDTH
        + abs(point.mu)
        + 0.5 * point.U
        + max(s for _, _, s in static_terms(point))
    )
    known = {}
    for (g, T, v), lead in zip(point.terms(), point.baths):
        s = point.h - v
        total, signed = known.get((T, abs(s)), (0.0, 0.0))
        known[T, abs(s)] = total + g, signed + g * lead.sign * (1.0 if s >= 0 else -1.0)
    parts = []
    for (T, s), (g, signed) in known.items():
        y, w = matsubara.nodes(T, point.width, 8.0 * np.ceil(largest / 8))
        parts.append((s - 1j * y, 2 * g * w, np.full(len(y), signed / g)))
    found = tuple(np.concatenate(column) for column in zip(*parts))
    for column in found:
        column.flags.writeable = False
    return found


def require_mirrored(point, what):
    """Refuse leads that electrons and holes see differently."""
    if not point.mirrored:
        raise InputError(
            f"{what}: needs leads that mirror each other (equal gamma and T at v_L = -v_R, or all at v = 0); "
            "with others the order parameter rotates: use the normal state's growth rate, or evolve"
        )
