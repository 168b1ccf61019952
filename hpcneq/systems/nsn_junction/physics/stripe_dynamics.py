"""The junction as a mean field with bath modes: what an evolution solver asks of it.

The order parameter depends on x; protocol ``AuxiliaryModes`` of the solvers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy import sparse

from .junction import Group, Junction
from .stripe_states import modes_and_green


class BiasedModes:
    """Rates of the bath modes of a ``junction``'s ``groups`` under its bias."""

    junction: Junction
    groups: tuple[Group, ...]

    def rates_at(self, t: float, side: int = +1) -> np.ndarray:
        """lambda_g (n_groups,) at time t, after (+1) or before (-1) a jump of the bias."""
        return self._rates(self.junction.drive(t, side))

    def rate_moments(self, t: float, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean and first moment of lambda_g over a step inside which the bias is smooth."""
        mean, slope = self.junction.drive.moments(t, step)
        return self._rates(mean), self._rates(slope) - self._rates(0.0)

    def _rates(self, eV: float) -> np.ndarray:
        """`Group.rate` of all groups."""
        decay, leads, signs = self._levels_of_groups
        mu, h = self.junction.mu, self.junction.h
        shifts = np.array([lead.shift(eV, mu) for lead in self.junction.leads])
        return decay + 1j * (signs * shifts[leads] + h)

    @cached_property
    def _levels_of_groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each group the real part of its rate, its lead, and the sign of its shift."""
        pairs = [group.leads for group in self.groups]
        decay = [-self.junction.width - group.w for group in self.groups]
        leads = [hole if up is None else up for up, hole in pairs]
        signs = [-1.0 if up is None else 1.0 for up, _ in pairs]
        return np.array(decay), np.array(leads, int), np.array(signs)


def lead_currents(
    junction: Junction, pumped: np.ndarray, up: float, hole: float
) -> dict[str, float]:
    """Particle current per site from each lead, in units of the hopping.

    pumped : (4,) = (lead, component) mean over sites of <Pi_l + Pi_l^+>.
    up, hole : mean over sites of -i G_11 and -i G_22.

    I_{l up} = <[Pi_l + Pi_l^+ + 2 i gamma_l G^<]_11>, I_{l down} = -<[...]_22>. A lead's hole
    component has its Fermi edge at minus the lead's shift, so that raising a lead injects both
    spins: with mirrored leads the hole columns of lead l are those of the other lead's up modes.
    The sum over leads is dn/dt exactly.
    """
    currents = {}
    for k, lead in enumerate(junction.leads):
        spins = [
            pumped[2 * k + a] + lead.gamma * (1 - 2 * mean) for a, mean in ((0, up), (1, hole))
        ]
        currents[lead.name] = float(spins[0] - spins[1])
    return currents


class Quench(BiasedModes):
    """Time evolution of G^< and the auxiliary modes from a stationary order parameter.

    Source: Kawamura & Ohashi 2025, Eqs. (21), (23), (24) with the memory integral (25) expanded in
    modes (Croy & Saalmann 2009). The mean field c is the order parameter,
    Delta_j = -i U G^<_{j up, j down}.
    """

    mode_observables = 4  # for each lead, particles per time carried by up and by down electrons

    def __init__(self, junction: Junction, delta: np.ndarray) -> None:
        """delta : the mean field before t = 0, (n_delta,), or (3 n_delta,) with Hartree shifts."""
        self.junction, self.delta = junction, np.asarray(junction.field(delta), complex)
        self.lattice = junction.lattice
        self.groups = junction.groups()
        self.blocks = len(self.lattice.blocks)
        self.sites = len(self.lattice.count)
        self.unknowns = len(self.delta)
        self.damping, self.white = 2 * junction.width, junction.width
        shifts = None
        if junction.hartree:  # those of the mean field are measured from no particles, no holes
            shifts = np.full((2, self.sites), -0.5 * junction.U)
        self._constant = [
            sparse.csr_matrix(block.hamiltonian(np.zeros(self.sites), shifts), dtype=complex)
            for block in self.lattice.blocks
        ]
        self._chains = [_chain(block, shifts) for block in self.lattice.blocks]

    # -- sizes and couplings ---------------------------------------------------------------------
    def size(self, b: int) -> int:
        """Levels of a block, 2n: n electrons, then n holes."""
        return self.lattice.blocks[b].size

    def columns(self, b: int, g: int) -> slice:
        """The Nambu columns a group has."""
        n = self.size(b) // 2
        up, hole = self.groups[g].leads
        return slice(n if up is None else 0, n if hole is None else 2 * n)

    def sources(self, b: int, g: int) -> np.ndarray:
        """Source strength of each column of a group, (n_columns,)."""
        n, group = self.size(b) // 2, self.groups[g]
        strengths = zip(group.sources(self.junction), group.leads)
        return np.concatenate([np.full(n, s) for s, lead in strengths if lead is not None])

    def breakpoints(self, t_max: float) -> list[float]:
        """Times at which the bias or its slope jumps."""
        return self.junction.drive.breakpoints(t_max)

    # -- Hamiltonian and mean field --------------------------------------------------------------
    def hamiltonian(self, b: int, c: np.ndarray) -> sparse.csr_matrix:
        """H of a block for the mean field c, sparse (2n, 2n)."""
        return self._constant[b] + self.perturbation(b, c)

    def perturbation(self, b: int, c: np.ndarray) -> sparse.csr_matrix:
        """The part of H that is linear in c (real-linear: it holds c and its conjugate)."""
        sites = self.lattice.blocks[b].sites
        d, n = c[sites], len(sites)
        up, hole = np.arange(n), np.arange(n, 2 * n)
        if self.junction.hartree:
            own = [c[k * self.sites + sites].real for k in (1, 2)]
            values = np.array([[own[0], -d], [-d.conj(), own[1]]]).transpose(0, 2, 1).ravel()
            columns = np.tile(np.array([up, hole]).T, (2, 1)).ravel()
            rows = 2 * np.arange(2 * n + 1)
        else:
            values, columns = np.concatenate([-d, -d.conj()]), np.concatenate([hole, up])
            rows = np.arange(2 * n + 1)
        return sparse.csr_matrix((values, columns, rows), shape=(2 * n, 2 * n))

    def chain(self, b: int) -> tuple[np.ndarray, np.ndarray]:
        """Hops (n,) to the next site and levels (2, n) of a block without a mean field."""
        return self._chains[b]

    def local_fields(self, b: int, c: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Pairing (n,) and, with Hartree shifts, those of the levels (2, n) for the mean field."""
        sites = self.lattice.blocks[b].sites
        if not self.junction.hartree:
            return c[sites], None
        return c[sites], np.array([c[k * self.sites + sites].real for k in (1, 2)])

    def probe(self, b: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Which entries of G the mean field reads: rows, columns, sites, weights."""
        block = self.lattice.blocks[b]
        n, sites = len(block.sites), block.sites
        up, hole = np.arange(n), np.arange(n, 2 * n)
        if not self.junction.hartree:
            return up, hole, sites, block.weight
        places = np.concatenate([sites + k * self.sites for k in range(3)])
        rows, columns = np.concatenate([up, hole, up]), np.concatenate([hole, hole, up])
        return rows, columns, places, np.tile(block.weight, 3)

    def close(self, sums: np.ndarray) -> np.ndarray:
        """Order parameter from the summed probes, Eq. (21); with the same factor the densities."""
        return -1j * self.junction.U * sums

    # -- start -----------------------------------------------------------------------------------
    def start(self, b: int) -> tuple[Callable[[int], np.ndarray], np.ndarray]:
        """Stationary modes and G^< of one block at the bias before t = 0."""
        block, eV = self.lattice.blocks[b], self.junction.drive.start
        return modes_and_green(self.junction, block, self.delta, eV, self.groups)

    # -- observables -----------------------------------------------------------------------------
    def observe_modes(self, b: int, diagonals: np.ndarray) -> np.ndarray:
        """2 Re Tr of modes over up and hole columns, (groups, 4): 4 = (lead, component)."""
        block = self.lattice.blocks[b]
        weight = 2 * block.weight * self.lattice.count[block.sites]
        traces = diagonals.real.reshape(len(diagonals), 2, -1) @ weight
        booked = np.zeros((len(diagonals), 4))
        for g, group in enumerate(self.groups):
            for component, lead in enumerate(group.leads):
                if lead is not None:
                    booked[g, 2 * lead + component] = traces[g, component]
        return booked

    def observe_green(self, b: int, diagonal: np.ndarray) -> np.ndarray:
        """This block's share of -i G_11 and -i G_22 per site, (2, n_delta).

        diagonal : of G, or of dG/dt.
        """
        block = self.lattice.blocks[b]
        n = len(block.sites)
        row = np.zeros((2, self.unknowns), complex)
        for a, half in enumerate((slice(0, n), slice(n, 2 * n))):
            np.add.at(row[a], block.sites, block.weight * (-1j * diagonal[half]))
        return row

    def observables(
        self, t: float, side: int, modes: np.ndarray, green: np.ndarray, velocity: np.ndarray
    ) -> dict:
        """Bias, densities (n_delta,), the current from each lead (`lead_currents`) and the balance.

        The balance is what is left of dn/dt = sum of the currents, between the modes' traces and
        dG/dt.
        """
        up, hole = green[:, : self.sites].real
        velocity = velocity[:, : self.sites]
        sites, count = self.lattice.Lx, self.lattice.count
        mean_up, mean_hole = (float(count @ part) / sites for part in (up, hole))
        currents = lead_currents(self.junction, modes / sites, mean_up, mean_hole)
        change = float(count @ (velocity[0] - velocity[1]).real) / sites
        return {
            "eV": self.junction.drive(t, side),
            "density_up": up,
            "density_down": 1 - hole,
            "current": currents,
            "balance": abs(change - sum(currents.values())),
        }


def _chain(block, shifts):
    """Hops to the next site and levels of a block; ``shifts`` (2, sites) of the levels or None."""
    hopping, n = block.hopping, len(block.sites)
    hop = np.append(np.diagonal(hopping, 1), 0.0)
    if n > 2:  # a ring of two has its bond twice, in one matrix element
        hop[-1] = hopping[-1, 0]
    levels = np.array([np.diagonal(hopping), -np.diagonal(hopping)])
    if shifts is not None:
        levels += shifts[:, block.sites]
    return hop, levels
