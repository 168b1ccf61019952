"""The junction on lattice sites with nothing assumed of the pattern: columns of bath modes.

The same equations as :mod:`.stripe_dynamics` (Kawamura & Ohashi 2025, Eqs. (20)-(25)) for an order
parameter that depends on x and y; a uniform vector potential enters the hopping only.
"""

from __future__ import annotations

import numpy as np

from hpcneq.maths import fermi
from hpcneq.maths.drives import GAUSS

from .junction import Junction
from .patterns import NORMAL_BELOW
from .site_lattice import Sites
from .stripe_dynamics import BiasedModes, lead_currents


class SiteQuench(BiasedModes):
    """Time evolution from the stationary state of an order parameter (protocol ``SiteModes``)."""

    def __init__(self, junction: Junction, sites: Sites, delta: np.ndarray) -> None:
        """delta : (N,) order parameter before t = 0."""
        self.junction, self.sites, self.pattern = junction, sites, np.asarray(delta, complex)
        self.near, self.plain = sites.near, sites.plain
        self.onsite = np.asarray(sites.potential, float) - junction.mu
        self.field_bound = 4.0 + float(np.abs(self.onsite).max())
        # a start without a condensate has nothing that does not commute but its noise
        condensed = float(np.abs(self.pattern).max()) > NORMAL_BELOW
        self.commuting = junction.at_rest(junction.drive.start) or not condensed
        self.coupling = -1j * np.asarray(sites.pairing)
        self.level_coupling = np.asarray(sites.pairing, float) if junction.hartree else None
        self.groups = junction.groups()
        self.damping, self.white = 2 * junction.width, junction.width
        pairs = [group.sources(junction) for group in self.groups]
        self.held = tuple([g for g, pair in enumerate(pairs) if pair[a] != 0.0] for a in (0, 1))
        self.strength = tuple(np.array([pairs[g][a] for g in self.held[a]]) for a in (0, 1))
        self._leads = np.array(
            [2 * self.groups[g].leads[a] + a for a in (0, 1) for g in self.held[a]]
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(Lx, Ly); site x Ly + y."""
        return self.sites.Lx, self.sites.Ly

    def hop_at(self, t: float, side: int = +1) -> np.ndarray:
        """Hops at time t, after (+1) or before (-1) a jump of the vector potential."""
        return self.sites.hops([drive(t, side) for drive in self.sites.vector])

    def hop_moments(self, t: float, step: float) -> tuple[np.ndarray, np.ndarray | None]:
        """(mean, 12/step^2 <(s - step/2) hop>) over a step inside which A is smooth.

        No slope where the vector potential rests.
        """
        first = self.hop_at(t, +1)
        if not self.sites.moving or all(
            drive(t, +1) == drive(t + 0.5 * step) == drive(t + step, -1)
            for drive in self.sites.vector
        ):
            return first, None
        hops = [
            0.5
            * weight
            * self.sites.hops([drive(t + 0.5 * step * (1 + node)) for drive in self.sites.vector])
            for node, weight in zip(*GAUSS)
        ]
        return sum(hops), 6 / step * sum(node * hop for node, hop in zip(GAUSS[0], hops))

    def breakpoints(self, t_max: float) -> list[float]:
        """Times at which the bias, the vector potential or their slopes jump."""
        drives = (self.junction.drive, *self.sites.vector)
        return sorted({t for drive in drives for t in drive.breakpoints(t_max)})

    def shifts(self, c: np.ndarray) -> list[np.ndarray]:
        """Slopes of a pattern (..., N) along the directions in which a uniform lattice lets it go.

        Those that are 0 are left out.
        """
        if not self.sites.uniform:
            return []
        slopes = []
        for axis, L in enumerate((self.sites.Lx, self.sites.Ly)):
            k = 2j * np.pi * np.fft.fftfreq(L)
            k[np.abs(np.fft.fftfreq(L)) == 0.5] = 0
            waves = np.fft.fft(c.reshape(-1, self.sites.Lx, self.sites.Ly), axis=axis + 1)
            slope = np.fft.ifft(waves * (k if axis else k[:, None]), axis=axis + 1)
            slope = slope.reshape(c.shape)
            if np.abs(slope).max() > 1e-6 * np.abs(c).max():
                slopes.append(slope)
        return slopes

    def observe_modes(self, traces: np.ndarray) -> np.ndarray:
        """2 Re of the modes' own entries summed by (lead, component), (n, 4).

        traces : (n, modes of a site).
        """
        sums = np.zeros((len(traces), 4))
        for k in range(4):
            sums[:, k] = 2 * traces[:, self._leads == k].real.sum(axis=1)
        return sums

    def observables(
        self,
        t: float,
        side: int,
        modes: np.ndarray,
        green: np.ndarray,
        velocity: np.ndarray,
        near: np.ndarray,
    ) -> dict:
        """Bias, densities (N,), the current from each lead (`lead_currents`) and the balance.

        bonds : (N, 2) the currents from each site to its neighbours at +x and +y. modes : (N, 4).
        green, velocity : (N, 2, 2) of G^< and dG^</dt. near : (N, 4, 2, 2), G^< to neighbours.
        """
        up, hole = (-1j * green[:, 0, 0]).real, (-1j * green[:, 1, 1]).real
        pumped = np.array([modes[:, k].mean() for k in range(4)])
        currents = lead_currents(self.junction, pumped, up.mean(), hole.mean())
        change = float((-1j * (velocity[:, 0, 0] - velocity[:, 1, 1])).real.mean())
        return {
            "eV": self.junction.drive(t, side),
            "density_up": up,
            "density_down": 1 - hole,
            "current": currents,
            "bonds": bond_currents(self.hop_at(t, side), near),
            "balance": abs(change - sum(currents.values())),
        }


def bond_currents(hop: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Particles per time, both spins, from each site to its neighbours at +x and +y, (N, 2).

    hop : (N, 4) amplitudes h_jk from neighbour k to site j. near : (N, 4, 2, 2), G^<_kj. Up
    electrons leave j for k at the rate -2 Im h_jk <c_j^+ c_k> = -2 Im h_jk (-i G_kj)_11, and down
    ones, seen as holes that hop with -h^*, at -2 Im h_jk^* (-i G_kj)_22.
    """
    h, g = hop[:, [0, 2]], -1j * near[:, [0, 2]]
    return -2 * (h * g[..., 0, 0] + h.conj() * g[..., 1, 1]).imag


def free_energy(
    system: SiteQuench,
    delta: np.ndarray,
    levels: np.ndarray | None = None,
    normal: np.ndarray | None = None,
) -> float:
    """Omega per site of an order parameter (N,) at zero bias, less that of the normal state.

    Kawamura & Ohashi 2025, App. A, over the levels e of H: [sum_j |Delta_j|^2 / U_j + sum_e W(e -
    h)] / N with the pair potential W of :func:`hpcneq.maths.fermi.pair_potential`. Its derivative
    in the vector potential is minus the mean current. A site without attraction has Delta_j = 0 and
    adds nothing of its own. Leads in `junction.equilibrium` only.

    levels, normal : (2, N) shifts of the levels of electrons and of holes, and those of the normal
    state; their product over -U_j is what shifted levels count twice.
    """
    junction, sites = system.junction, system.sites
    T = junction.leads[0].T
    inverse = np.divide(1.0, sites.pairing, out=np.zeros(sites.count), where=sites.pairing != 0)
    energy = float(np.sum(np.abs(delta) ** 2 * inverse))
    for sign, c, shifts in ((1, delta, levels), (-1, np.zeros(sites.count), normal)):
        H = hamiltonian(system, c)
        if shifts is not None:
            H[np.diag_indices_from(H)] += shifts.ravel()
            energy -= sign * float(np.sum(shifts[0] * shifts[1] * inverse))
        e = np.linalg.eigvalsh(H)
        energy += sign * float(fermi.pair_potential(e - junction.h, junction.width, T).sum())
    return energy / sites.count


def hamiltonian(system: SiteQuench, delta: np.ndarray) -> np.ndarray:
    """H before t = 0 for an order parameter (N,): (2N, 2N), electrons, then holes; without h."""
    N, hop = system.sites.count, system.hop_at(0.0, -1)
    electrons = np.diag(system.onsite.astype(complex))
    np.add.at(electrons, (np.repeat(np.arange(N), 4), system.near.ravel()), hop.ravel())
    pair = np.diag(np.asarray(delta, complex))
    return np.block([[electrons, -pair], [-pair.conj(), -electrons.conj()]])
