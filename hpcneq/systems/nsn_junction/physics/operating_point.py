"""The parameters of a steady state: attraction, field, bias, and the two leads.

Kawamura and Ohashi (2025), Sec. II. Units: hopping = 1, hbar = k_B = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....errors import InputError


@dataclass(frozen=True)
class Lead:
    """One wide-band lead.

    gamma : coupling. T : temperature. mu : chemical potential. sign : its share of the bias, +-1/2.
    """

    name: str
    gamma: float
    T: float
    mu: float
    sign: int

    def shift(self, eV: float, mu_system: float) -> float:
        """Fermi energy of the lead seen by an up electron; a hole sees its negative."""
        return self.mu - mu_system + 0.5 * self.sign * eV


@dataclass(frozen=True)
class Point:
    """One set of parameters.

    U : attraction > 0. mu : chemical potential of the superconductor. gamma : coupling of each
    lead. h : Zeeman field. T : temperature. eV : voltage; the leads sit at v_l = mu_l - mu +-
    eV/2. leads : two Lead (own gamma, T, mu), or None for two of coupling gamma at T and mu. gamma
    and T are not used where leads are given. hartree : whether density and magnetization shift the
    levels, see :mod:`.hartree`. Raises InputError for parameters without a steady state.
    """

    U: float = 3.0
    mu: float = 0.0
    gamma: float = 0.01
    h: float = 0.0
    T: float = 0.0
    eV: float = 0.0
    leads: tuple[Lead, Lead] | None = None
    hartree: bool = False

    def __post_init__(self) -> None:
        if not self.U > 0:
            raise InputError(f"U = {self.U:g}: must be > 0 (attraction)")
        if not (self.width >= 0 and all(lead.gamma >= 0 and lead.T >= 0 for lead in self.baths)):
            raise InputError("leads: gamma and T must be >= 0")
        if self.width == 0 and any(lead.T == 0 for lead in self.baths):
            raise InputError(
                "gamma = 0 and T = 0: nothing smooths the levels; give one of them a small value"
            )

    @property
    def baths(self) -> tuple[Lead, Lead]:
        """The two leads."""
        if self.leads:
            return self.leads
        return (
            Lead("left", self.gamma, self.T, self.mu, +1),
            Lead("right", self.gamma, self.T, self.mu, -1),
        )

    @property
    def width(self) -> float:
        """G, the half-width of every level."""
        return sum(lead.gamma for lead in self.baths)

    def terms(self) -> list[tuple[float, float, float]]:
        """The distribution as a list of (share g_l, temperature, shift v_l), one per lead.

        An up electron sees f(w) = sum_l g_l f_l(w - v_l), a hole f(w) = sum_l g_l f_l(w + v_l).
        InputError without coupling out of equilibrium.
        """
        total = self.width
        states = {(lead.T, lead.shift(self.eV, self.mu)) for lead in self.baths}
        if not total > 0 and len(states) > 1:
            raise InputError(
                "gamma = 0: without coupling to the leads there is no distribution "
                "out of equilibrium"
            )
        if total > 0:
            share = [lead.gamma / total for lead in self.baths]
        else:
            share = [1 / len(self.baths)] * len(self.baths)
        return [(g, lead.T, lead.shift(self.eV, self.mu)) for g, lead in zip(share, self.baths)]

    @property
    def mirrored(self) -> bool:
        """True if electrons and holes see the same distribution.

        Two equal leads at +-eV/2, or any two at v = 0.
        """
        balance: dict[tuple[float, float], float] = {}
        for g, T, v in self.terms():
            v = round(v, 12)
            balance[T, abs(v)] = balance.get((T, abs(v)), 0.0) + g * np.sign(v)
        return all(abs(excess) < 1e-12 for excess in balance.values())

    @property
    def equilibrium(self) -> bool:
        """True if both leads have the same temperature and the superconductor's Fermi level."""
        terms = self.terms()
        return all(v == 0 for _, _, v in terms) and len({T for _, T, _ in terms}) == 1

    def at(self, **changes: float | tuple) -> Point:
        """The same point with some parameters changed."""
        return replace(self, **changes)


def require_mirrored(point: Point, what: str) -> None:
    """Refuse leads that electrons and holes see differently."""
    if not point.mirrored:
        raise InputError(
            f"{what}: needs leads that mirror each other (equal gamma and T at v_L = -v_R, or all "
            "at v = 0); with others the order parameter rotates: use the normal state's growth "
            "rate, or evolve"
        )
