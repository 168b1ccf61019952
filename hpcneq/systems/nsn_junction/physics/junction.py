"""The junction's model: lattice blocks, leads, bath modes, and the mean field that closes them.

Nambu spinor (c_up, c_dn^+) per site, energies in units of the hopping. A block of the Hamiltonian
is H = [[h, -D], [-D*, -h]] with the hopping matrix h (real symmetric, chemical potential included)
and the order parameter D on its diagonal (Kawamura & Ohashi 2025, Eqs. (3), (20), (24)). The Zeeman
field enters as -h tau_0 only; it is left out of H and carried by the bath modes, z -> z + h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .operating_point import Lead

if TYPE_CHECKING:
    from hpcneq.maths.drives import Drive

    from ....maths.poles import Poles


@dataclass(frozen=True)
class Block:
    """A symmetry block.

    hopping : (n, n) real. sites : (n,) indices into the order parameter. weight : (n,) of its
    diagonal in site averages; the weights of a site over all blocks add up to 1.
    """

    hopping: np.ndarray
    sites: np.ndarray
    weight: np.ndarray
    label: str

    @property
    def size(self) -> int:
        """Levels of the block, 2n: electrons and holes."""
        return 2 * len(self.sites)

    def hamiltonian(self, delta: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """H for the order parameter ``delta`` (n_delta,): (2n, 2n), real if delta is.

        shifts : (2, n_delta) of the levels of electrons and of holes.
        """
        n, d = len(self.sites), delta[self.sites]
        matrix = np.zeros((2 * n, 2 * n), np.result_type(d, float))
        matrix[:n, :n], matrix[n:, n:] = self.hopping, -self.hopping
        if shifts is not None:
            matrix[range(2 * n), range(2 * n)] += shifts[:, self.sites].ravel()
        matrix[range(n), range(n, 2 * n)] = -d
        matrix[range(n, 2 * n), range(n)] = -d.conj()
        return matrix


@dataclass(frozen=True)
class Lattice:
    """Lx x Ly sites with an order parameter that depends on x only, in blocks of k_y (and parity).

    expand : (Lx,) independent order parameter of each x. count : how many x each stands for.
    """

    Lx: int
    Ly: int
    blocks: tuple[Block, ...]
    expand: np.ndarray
    count: np.ndarray


def ring(L: int) -> np.ndarray:
    """Hopping matrix -1 between neighbours of a periodic chain, (L, L).

    L = 2 has its bond twice, L = 1 none but -2.
    """
    matrix = np.zeros((L, L))
    for x in range(L):
        matrix[x, (x + 1) % L] -= 1
        matrix[(x + 1) % L, x] -= 1
    return matrix


def stripe(Lx: int, Ly: int, mu: float, parity: bool = False) -> Lattice:
    """The lattice of an order parameter that depends on x: one block per |k_y|.

    With ``parity`` the order parameter is also even about x = 0 and each block splits into even and
    odd functions of x; the order parameter then has Lx // 2 + 1 independent values.
    """
    kx = ring(Lx)
    if parity:
        images = np.array([(-x) % Lx for x in range(Lx)])
        expand = np.minimum(np.arange(Lx), images)
        count = np.bincount(expand, minlength=Lx // 2 + 1)
        bases = _parities(Lx, images)
    else:
        expand, count = np.arange(Lx), np.ones(Lx, int)
        bases = [("", np.eye(Lx), np.arange(Lx))]
    blocks = []
    for m in range(Ly // 2 + 1):
        times = 1 if m == 0 or 2 * m == Ly else 2
        shift = -2 * np.cos(2 * np.pi * m / Ly) - mu
        for name, basis, sites in bases:
            hopping = basis.T @ kx @ basis + shift * np.eye(len(sites))
            weight = np.full(len(sites), times / Ly) / count[sites]
            blocks.append(Block(hopping, sites, weight, f"ky={m}{name}"))
    return Lattice(Lx, Ly, tuple(blocks), expand, count)


def _parities(Lx: int, images: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(label, basis (Lx, n), x of its functions) of the even and of the odd functions of x."""
    even, odd, fixed = [], [], []
    for x in range(Lx // 2 + 1):
        a, b = np.eye(Lx)[x], np.eye(Lx)[images[x]]
        if images[x] == x:
            even.append(a)
            fixed.append(x)
        else:
            even.append((a + b) / np.sqrt(2))
            odd.append((a - b) / np.sqrt(2))
    pairs = [x for x in range(Lx // 2 + 1) if x not in fixed]
    bases = [(" even", np.array(even).T, np.arange(Lx // 2 + 1))]
    if odd:
        bases.append((" odd", np.array(odd).T, np.array(pairs)))
    return bases


@dataclass(frozen=True)
class Group:
    """Bath modes of one rate: a pole of one lead for the up columns and, where a lead is mirrored,
    for the hole columns too.

    w, r : the pole and its residue. leads : the lead of the (up, hole) columns, or None.
    """

    w: float
    r: float
    leads: tuple[int | None, int | None]

    def rate(self, junction: Junction, eV: float) -> complex:
        """lambda = -Gamma - w + i (shift + h), the rate in dPi/dt = (-i H + lambda) Pi + source."""
        up, hole = self.leads
        shift = (
            junction.leads[up].shift(eV, junction.mu)
            if up is not None
            else -junction.leads[hole].shift(eV, junction.mu)
        )
        return -junction.width - self.w + 1j * (shift + junction.h)

    def sources(self, junction: Junction) -> tuple[complex, ...]:
        """Source strengths -2 i gamma r of the (up, hole) columns, 0 where the group has none."""
        return tuple(
            0.0 if k is None else -2j * junction.leads[k].gamma * self.r for k in self.leads
        )


@dataclass(frozen=True)
class Junction:
    """The model of an evolution.

    U : attraction. mu : chemical potential. h : Zeeman field. drive : the bias eV(t).
    poles : one fit per lead; equal leads share it. hartree : whether densities shift the levels;
    the mean field then holds, behind the order parameter, U times the mean number of holes and of
    electrons, (3 n_delta,): levels of electrons shift by the former less U/2, those of holes by the
    latter less U/2.
    """

    U: float
    mu: float
    h: float
    leads: tuple[Lead, Lead]
    lattice: Lattice
    drive: Drive
    poles: tuple[Poles, ...]
    hartree: bool = False

    def field(self, delta: np.ndarray) -> np.ndarray:
        """The mean field of an order parameter (n_delta,) at density 1; one already is itself."""
        if not self.hartree or len(delta) == 3 * len(self.lattice.count):
            return delta
        return np.concatenate([delta, np.full(2 * len(delta), 0.5 * self.U)])

    def parts(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """(order parameter (n_delta,), shifts of levels (2, n_delta) or None) of a mean field."""
        if not self.hartree:
            return field, None
        n = len(self.lattice.count)
        return field[:n], field[n:].real.reshape(2, n) - 0.5 * self.U

    def order(self, field: np.ndarray) -> np.ndarray:
        """The order parameter (n_delta,) of a mean field."""
        return self.parts(field)[0]

    @property
    def width(self) -> float:
        """Gamma = sum of the leads' gamma: half-width of every level (Sigma^R = -i Gamma)."""
        return sum(lead.gamma for lead in self.leads)

    @property
    def symmetric(self) -> bool:
        """Whether each lead's hole columns can use the other's up modes, see `mirrored`."""
        return mirrored(self.leads, self.mu)

    @property
    def balanced(self) -> bool:
        """Whether condensates are stationary at fixed phase, see `balanced`."""
        return balanced(self.leads, self.mu)

    def at_rest(self, eV: float) -> bool:
        """Whether condensates are stationary at fixed phase under this bias, see `at_rest`."""
        return at_rest(self.leads, self.mu, eV)

    def groups(self) -> tuple[Group, ...]:
        """The mode groups, pole by pole, so that the rates of a chunk are close to each other."""
        first, second = self.poles
        if self.symmetric:
            return tuple(
                Group(w, r, pair) for w, r in zip(first.w, first.r) for pair in ((0, 1), (1, 0))
            )
        groups = [
            Group(w, r, side)
            for k, fit in enumerate(self.poles)
            for w, r in zip(fit.w, fit.r)
            for side in ((k, None), (None, k))
        ]
        return tuple(sorted(groups, key=lambda group: group.w))


def mirrored(leads: Sequence[Lead], mu: float) -> bool:
    """Whether two leads lie at opposite distance from mu, at one temperature, as the paper's do."""
    first, second = leads
    return first.T == second.T and abs(first.mu + second.mu - 2 * mu) < 1e-14


def balanced(leads: Sequence[Lead], mu: float) -> bool:
    """Whether a condensate between them is stationary at fixed phase: mirrored, of equal gamma."""
    return mirrored(leads, mu) and leads[0].gamma == leads[1].gamma


def at_rest(leads: Sequence[Lead], mu: float, eV: float) -> bool:
    """Whether a condensate between two leads is stationary at fixed phase under this bias.

    Electrons and holes then see the same distribution: leads of equal coupling and temperature at
    opposite distance from mu, or leads of any coupling and temperature at mu.
    """
    excess: dict[tuple[float, float], float] = {}
    for lead in leads:
        shift = round(lead.shift(eV, mu), 12)
        place = (lead.T, abs(shift))
        excess[place] = excess.get(place, 0.0) + lead.gamma * float(np.sign(shift))
    return all(abs(gamma) <= 1e-12 * leads[0].gamma for gamma in excess.values())


def equilibrium(leads: Sequence[Lead], mu: float, eV: float) -> bool:
    """Whether both leads are at mu and at one temperature: free energies exist."""
    first, second = leads
    return first.T == second.T and all(lead.shift(eV, mu) == 0 for lead in leads)


def fit_poles(
    leads: Sequence[Lead],
    width: float,
    window: float,
    error: float,
    method: str = "aaa",
    jump: float = 1.0,
) -> tuple[Poles, ...]:
    """One fit of the Fermi function per lead, made once for equal temperatures.

    Stationary states see the broadened Fermi function inside ``window`` only. A state in motion
    also sees its Hilbert transform, whose band edge costs ``memory_error`` per unit change of the
    levels or the bias (``jump``); the window grows until that is below ``error`` too, or tenfold:
    the fit's ``memory_error`` tells what was reached.
    """
    from ....maths import poles  # scipy, which a check of an input does not need

    fits = []
    for lead in leads:
        for stretch in (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0):
            fit = poles.fit(method, lead.T, width, stretch * window, error)
            if fit.memory_error * jump <= error:
                break
        fits.append(fit)
    return tuple(fits)


def window(
    leads: Sequence[Lead],
    mu: float,
    h: float,
    drive: Drive,
    t_max: float | None,
    delta_max: float = 1.5,
) -> float:
    """Largest |e - shift - h| a level can have up to t_max: what the pole fit must cover."""
    shift = max(abs(lead.mu - mu) for lead in leads) + 0.5 * drive.extremes(t_max)
    return float(4 + abs(mu) + delta_max + abs(h) + shift)
