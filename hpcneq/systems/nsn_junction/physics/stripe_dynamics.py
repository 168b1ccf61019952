"""The junction as a mean field with bath modes: what an evolution solver asks of it (protocol ``BathModes``)."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .junction import Junction
from .stripe_states import modes_and_green


class Biased:
    """Rates of the bath modes of a ``junction``'s ``groups`` under its bias."""

    def rates_at(self, t, side=+1):
        """lambda_g (n_groups,) at time t, after (+1) or before (-1) a jump of the bias."""
        return self._rates(self.junction.drive(t, side))

    def rate_moments(self, t, step):
        """Mean and first moment of lambda_g over a step inside which the bias is smooth."""
        mean, slope = self.junction.drive.moments(t, step)
        return self._rates(mean), self._rates(slope) - self._rates(0.0)

    def _rates(self, eV):
        return np.array([group.rate(self.junction, eV) for group in self.groups])


class Quench(Biased):
    """Time evolution of G^< and the auxiliary modes from a stationary order parameter ``delta`` (n_delta,).

    Source: Kawamura & Ohashi 2025, Eqs. (21), (23), (24) with the memory integral (25) expanded in modes
    (Croy & Saalmann 2009). The mean field c is the order parameter, Delta_j = -i U G^<_{j up, j down}.
    """

    observables_of_modes = (
        2 * 2
    )  # per lead: particles per unit time carried by up and by down electrons

    def __init__(self, junction: Junction, delta):
        self.junction, self.delta = junction, np.asarray(delta, complex)
        self.lattice = junction.lattice
        self.groups = junction.groups()
        self.blocks = len(self.lattice.blocks)
        self.unknowns = len(self.lattice.count)
        self.damping, self.white = 2 * junction.width, junction.width
        self.mode_observables = self.observables_of_modes
        self._constant = [
            sparse.csr_matrix(b.hamiltonian(np.zeros(self.unknowns)), dtype=complex)
            for b in self.lattice.blocks
        ]

    # -- sizes and couplings ------------------------------------------------------------------------------
    def size(self, b):
        return self.lattice.blocks[b].size

    def columns(self, b, g):
        """The Nambu columns a group has."""
        n = self.size(b) // 2
        up, hole = self.groups[g].leads
        return slice(0 if up is not None else n, 2 * n if hole is not None else n)

    def sources(self, b, g):
        """Source strength of each column of a group, (n_columns,)."""
        n = self.size(b) // 2
        return np.concatenate(
            [
                np.full(n, s)
                for s, lead in zip(self.groups[g].sources(self.junction), self.groups[g].leads)
                if lead is not None
            ]
        )

    def breakpoints(self, t_max):
        """Times at which the bias or its slope jumps."""
        return self.junction.drive.breakpoints(t_max)

    # -- Hamiltonian and mean field -------------------------------------------------------------------------
    def hamiltonian(self, b, c):
        """H of a block for the mean field c, sparse (2n, 2n)."""
        return self._constant[b] + self.perturbation(b, c)

    def perturbation(self, b, c):
        """The part of H that is linear in c (real-linear: it holds c and its conjugate)."""
        d = c[self.lattice.blocks[b].sites]
        n = len(d)
        values = np.concatenate([-d, -d.conj()])
        columns = np.concatenate([np.arange(n, 2 * n), np.arange(n)])
        return sparse.csr_matrix((values, columns, np.arange(2 * n + 1)), shape=(2 * n, 2 * n))

    def probe(self, b):
        """Which entries of G the mean field reads: rows, columns, sites, weights."""
        block = self.lattice.blocks[b]
        n = len(block.sites)
        return np.arange(n), np.arange(n, 2 * n), block.sites, block.weight

    def close(self, sums):
        """Order parameter from the summed probes, Eq. (21)."""
        return -1j * self.junction.U * sums

    # -- start ------------------------------------------------------------------------------------------------
    def start(self, b):
        """Stationary modes and G^< of one block at the bias before t = 0."""
        return modes_and_green(
            self.junction,
            self.lattice.blocks[b],
            self.delta,
            self.junction.drive.start,
            self.groups,
        )

    # -- observables --------------------------------------------------------------------------------------------
    def observe_modes(self, b, g, mode):
        """2 Re Tr of the group's modes over up and hole columns, for each lead: (4,) = (lead, component)."""
        block, found = self.lattice.blocks[b], np.zeros(4)
        n, at = len(block.sites), 0
        weight = block.weight * self.lattice.count[block.sites]
        for component, lead in enumerate(self.groups[g].leads):
            if lead is not None:
                diagonal = mode[np.arange(at, at + n), component * n + np.arange(n)]
                found[2 * lead + component] = 2 * float(weight @ diagonal.real)
                at += n
        return found

    def observe_green(self, b, diagonal):
        """Rows (2, n_delta): this block's share of -i G_11 and -i G_22 per site, from the diagonal of G (or of dG/dt)."""
        block = self.lattice.blocks[b]
        n = len(block.sites)
        row = np.zeros((2, self.unknowns), complex)
        for a, half in enumerate((slice(0, n), slice(n, 2 * n))):
            np.add.at(row[a], block.sites, block.weight * (-1j * diagonal[half]))
        return row

    def observables(self, t, side, modes, green, velocity):
        """Densities (n_delta,) and the particle current per site from each lead, in units of the hopping.

        I_{l up} = <[Pi_l + Pi_l^+ + 2 i gamma_l G^<]_11>, I_{l down} = -<[...]_22>. A lead's hole component has
        its Fermi edge at minus the lead's shift, so that raising a lead injects both spins: with mirrored leads
        the hole columns of lead l are those of the other lead's up modes. The sum over leads is dn/dt exactly;
        ``balance`` is what is left of that between the modes' traces and dG/dt.
        """
        up, hole = green.real
        currents = {}
        mean = [float(self.lattice.count @ part) / self.lattice.Lx for part in (up, hole)]
        for k, lead in enumerate(self.junction.leads):
            parts = [
                modes[2 * k + a] / self.lattice.Lx + lead.gamma * (1 - 2 * mean[a]) for a in (0, 1)
            ]
            currents[lead.name] = parts[0] - parts[1]
        change = float(self.lattice.count @ (velocity[0] - velocity[1]).real) / self.lattice.Lx
        return {
            "eV": self.junction.drive(t, side),
            "density_up": up,
            "density_down": 1 - hole,
            "current": currents,
            "balance": abs(change - sum(currents.values())),
        }
