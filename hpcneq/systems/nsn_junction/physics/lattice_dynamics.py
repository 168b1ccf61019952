"""The junction on lattice sites with nothing assumed of the pattern: boundaries, disorder, Peierls phases, columns of modes.

The same equations as :mod:`.stripe_dynamics` (Kawamura & Ohashi 2025, Eqs. (20)-(25)) for an order parameter that depends on x and y. A uniform
vector potential A (in 1/lattice constant) enters the hopping only, -exp(i A (r_j - r_k)) from k to j for up electrons.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .drive import Drive
from .junction import Junction
from .stripe_dynamics import Biased

STILL = (Drive(0.0), Drive(0.0))


@dataclass(frozen=True)
class Sites:
    """Lx x Ly sites, numbered x Ly + y. potential, pairing : (N,) energy and attraction U of every site; vector : A_x(t), A_y(t)."""

    Lx: int
    Ly: int
    potential: np.ndarray
    pairing: np.ndarray
    open_x: bool = False
    open_y: bool = False
    vector: tuple = field(default=STILL)

    @property
    def count(self):
        return self.Lx * self.Ly

    @property
    def uniform(self):
        """True if every site is like every other one: then patterns along x exist."""
        return not (self.open_x or self.open_y or np.ptp(self.potential) or np.ptp(self.pairing))

    @property
    def moving(self):
        """Does the vector potential depend on time?"""
        return any(drive.kind != "constant" for drive in self.vector)

    @property
    def plain(self):
        """True if every hop is -1 at all times."""
        return not (
            self.open_x or self.open_y or self.moving or any(drive.start for drive in self.vector)
        )

    @property
    def near(self):
        """(N, 4) int32: the neighbours at +x, -x, +y, -y."""
        x, y = np.divmod(np.arange(self.count), self.Ly)
        steps = ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1))
        return np.stack([(a % self.Lx) * self.Ly + b % self.Ly for a, b in steps], axis=1).astype(
            np.int32
        )

    def hops(self, A):
        """(N, 4) complex amplitudes from the neighbours, 0 across an open boundary, for A = (A_x, A_y)."""
        x, y = np.divmod(np.arange(self.count), self.Ly)
        inside = np.ones((self.count, 4), bool)
        if self.open_x:
            inside[:, 0], inside[:, 1] = x < self.Lx - 1, x > 0
        if self.open_y:
            inside[:, 2], inside[:, 3] = y < self.Ly - 1, y > 0
        phases = np.exp(1j * np.array([-A[0], A[0], -A[1], A[1]]))
        return np.where(inside, -phases, 0.0)


def disorder(count, strength, seed):
    """Numbers uniform in [-strength/2, strength/2], one for each site, Philox keyed by (seed, site)."""
    return strength * np.array(
        [
            np.random.Generator(np.random.Philox(key=[seed, site])).random() - 0.5
            for site in range(count)
        ]
    )


class SiteQuench(Biased):
    """Time evolution from the stationary state of an order parameter ``delta`` (N,) (protocol ``SiteModes`` of solvers.columns)."""

    def __init__(self, junction: Junction, sites: Sites, delta):
        self.junction, self.sites, self.pattern = junction, sites, np.asarray(delta, complex)
        self.near, self.plain = sites.near, sites.plain
        self.onsite = np.asarray(sites.potential, float) - junction.mu
        self.field_bound = 4.0 + float(np.abs(self.onsite).max())
        self.coupling = -1j * np.asarray(sites.pairing)
        self.groups = junction.groups()
        self.damping, self.white = 2 * junction.width, junction.width
        pairs = [group.sources(junction) for group in self.groups]
        self.held = tuple([g for g, pair in enumerate(pairs) if pair[a] != 0.0] for a in (0, 1))
        self.strength = tuple(np.array([pairs[g][a] for g in self.held[a]]) for a in (0, 1))
        self._leads = np.array(
            [2 * self.groups[g].leads[a] + a for a in (0, 1) for g in self.held[a]]
        )

    def hop_at(self, t, side=+1):
        """Hops at time t, after (+1) or before (-1) a jump of the vector potential."""
        return self.sites.hops([drive(t, side) for drive in self.sites.vector])

    def hop_moments(self, t, step):
        """(mean, 12/step^2 <(s - step/2) hop>) over a step inside which the vector potential is smooth; no slope where it rests."""
        first = self.hop_at(t, +1)
        if not self.sites.moving or all(
            drive(t, +1) == drive(t + 0.5 * step) == drive(t + step, -1)
            for drive in self.sites.vector
        ):
            return first, None
        x, w = np.polynomial.legendre.leggauss(6)
        hops = [
            0.5
            * b
            * self.sites.hops([drive(t + 0.5 * step * (1 + a)) for drive in self.sites.vector])
            for a, b in zip(x, w)
        ]
        return sum(hops), 6 / step * sum(a * hop for a, hop in zip(x, hops))

    def breakpoints(self, t_max):
        """Times at which the bias, the vector potential or their slopes jump."""
        return sorted(
            {
                t
                for drive in (self.junction.drive, *self.sites.vector)
                for t in drive.breakpoints(t_max)
            }
        )

    def shifts(self, c):
        """Slopes of a pattern (N,) along the directions in which a uniform lattice lets it slide, those that are not 0."""
        if not self.sites.uniform:
            return []
        found = []
        for axis, L in enumerate((self.sites.Lx, self.sites.Ly)):
            k = 2j * np.pi * np.fft.fftfreq(L)
            k[np.abs(np.fft.fftfreq(L)) == 0.5] = 0
            waves = np.fft.fft(c.reshape(self.sites.Lx, self.sites.Ly), axis=axis)
            slope = np.fft.ifft(waves * (k if axis else k[:, None]), axis=axis).ravel()
            if np.abs(slope).max() > 1e-6 * np.abs(c).max():
                found.append(slope)
        return found

    def observe_modes(self, traces):
        """(n, 4) : 2 Re of the modes' own entries summed by (lead, component), from (n, modes of a site)."""
        found = np.zeros((len(traces), 4))
        for k in range(4):
            found[:, k] = 2 * traces[:, self._leads == k].real.sum(axis=1)
        return found

    def observables(self, t, side, modes, green, velocity):
        """Densities (N,) and the particle current per site from each lead; see `quench.Quench.observables`."""
        up, hole = (-1j * green[:, 0, 0]).real, (-1j * green[:, 1, 1]).real
        currents = {}
        for k, lead in enumerate(self.junction.leads):
            parts = [
                modes[:, 2 * k + a].mean() + lead.gamma * (1 - 2 * part.mean())
                for a, part in ((0, up), (1, hole))
            ]
            currents[lead.name] = float(parts[0] - parts[1])
        change = float((-1j * (velocity[:, 0, 0] - velocity[:, 1, 1])).real.mean())
        return {
            "eV": self.junction.drive(t, side),
            "density_up": up,
            "density_down": 1 - hole,
            "current": currents,
            "balance": abs(change - sum(currents.values())),
        }
