"""Limits of the input that several tasks of the nsn-junction share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .....errors import InputError
from .....tasks import Given
from ...inputs import Leads

MOST_MOMENTA = 2 * 10**7  # of a finite lattice whose momenta are all held in memory


def leads_values(given: Given, key: str) -> Iterator[tuple[str, float]]:
    """(table, value) of gamma, T or mu of each lead: its own, else that of [parameters]."""
    leads = given.tables.get("leads") or Leads()
    for name, lead in (("left", leads.left), ("right", leads.right)):
        own = vars(lead)[key]
        if own is not None:
            yield f"[leads.{name}]", own
        else:
            yield "[parameters]", vars(given.parameters)[key]


def require_coupling(given: Given, reason: str) -> None:
    """Refuse a lead with gamma = 0."""
    for table, gamma in leads_values(given, "gamma"):
        if gamma == 0:
            raise InputError(f"{table} gamma = 0.0: must be > 0: {reason}")


def require_temperature(given: Given) -> None:
    """Refuse a lead at T = 0, whose Fermi function has no expansion in poles."""
    for table, T in leads_values(given, "T"):
        if T == 0:
            raise InputError(
                f"{table} T = 0.0: must be > 0: the Fermi function is expanded in poles, "
                "which lie apart by about T"
            )


def require_baths(given: Given) -> None:
    """Refuse leads that cannot be represented by bath modes."""
    require_coupling(given, "the levels decay into the leads by bath modes")
    require_temperature(given)


def require_few_momenta(given: Given) -> None:
    """Refuse a finite lattice whose momenta do not fit into memory."""
    numerics = given.numerics
    if numerics.lattice == "finite" and numerics.Lx * numerics.Ly > MOST_MOMENTA:
        raise InputError(
            f"[numerics] Lx = {numerics.Lx}, Ly = {numerics.Ly}: Lx x Ly must be "
            f'<= {MOST_MOMENTA}: every momentum is held in memory; use lattice = "infinite"'
        )


def require_static_sums(given: Given) -> None:
    """Refuse momentum sums that cannot be confirmed by more accurate ones."""
    require_few_momenta(given)
    error = given.numerics.error
    if not 1e-12 <= error <= 1e-2:
        raise InputError(
            f"[numerics] error = {error!r}: must be >= 1e-12 and <= 0.01: each result is confirmed "
            "with error^1.5, which must be small and above rounding"
        )


def require_not_negative(given: Given, key: str, reason: str) -> None:
    """Refuse a parameter, swept or not, that is negative."""
    if key in given.sweep:
        table, smallest = "[sweep]", float(np.min(given.sweep[key]))
    else:
        table, smallest = "[parameters]", vars(given.parameters)[key]
    if smallest < 0:
        raise InputError(f"{table} {key} = {smallest!r}: must be >= 0: {reason}")


def refuse_hartree(given: Given, reason: str) -> None:
    """Refuse Hartree shifts where they cannot be had."""
    if given.parameters.hartree:
        raise InputError(f"[parameters] hartree = true: {reason}")
