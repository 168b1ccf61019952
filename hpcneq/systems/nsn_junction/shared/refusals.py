"""Inputs that the tables allow but a task cannot compute: one function a task, named after it.

Each raises InputError, in one line that names table, key and value, and computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....errors import InputError
from ..inputs import Leads

MOST_MOMENTA = 2 * 10**7  # of a finite lattice whose momenta are all held in memory


# ---- limits that several tasks share ------------------------------------------------------------


def leads_values(given, key: str) -> Iterator[tuple[str, float]]:
    """(table, value) of gamma, T or mu of each lead: its own, else that of [parameters]."""
    leads = given.tables.get("leads") or Leads()
    for name, lead in (("left", leads.left), ("right", leads.right)):
        own = vars(lead)[key]
        if own is not None:
            yield f"[leads.{name}]", own
        else:
            yield "[parameters]", vars(given.parameters)[key]


def require_coupling(given, reason: str) -> None:
    """Refuse a lead with gamma = 0."""
    for table, gamma in leads_values(given, "gamma"):
        if gamma == 0:
            raise InputError(f"{table} gamma = 0.0: must be > 0: {reason}")


def require_temperature(given) -> None:
    """Refuse a lead at T = 0, whose Fermi function has no expansion in poles."""
    for table, T in leads_values(given, "T"):
        if T == 0:
            raise InputError(
                f"{table} T = 0.0: must be > 0: the Fermi function is expanded in poles, "
                "which lie apart by about T"
            )


def require_baths(given) -> None:
    """Refuse leads that cannot be represented by bath modes."""
    require_coupling(given, "the levels decay into the leads by bath modes")
    require_temperature(given)


def require_few_momenta(given) -> None:
    """Refuse a finite lattice whose momenta do not fit into memory."""
    numerics = given.numerics
    if numerics.lattice == "finite" and numerics.Lx * numerics.Ly > MOST_MOMENTA:
        raise InputError(
            f"[numerics] Lx = {numerics.Lx}, Ly = {numerics.Ly}: Lx x Ly must be "
            f'<= {MOST_MOMENTA}: every momentum is held in memory; use lattice = "infinite"'
        )


def require_static_sums(given) -> None:
    """Refuse momentum sums that cannot be confirmed by more accurate ones."""
    require_few_momenta(given)
    error = given.numerics.error
    if not 1e-12 <= error <= 1e-2:
        raise InputError(
            f"[numerics] error = {error!r}: must be >= 1e-12 and <= 0.01: each result is confirmed "
            "with error^1.5, which must be small and above rounding"
        )


def _require_not_negative(given, key: str, reason: str) -> None:
    """Refuse a parameter, swept or not, that is negative."""
    if key in given.sweep:
        table, smallest = "[sweep]", float(np.min(given.sweep[key]))
    else:
        table, smallest = "[parameters]", vars(given.parameters)[key]
    if smallest < 0:
        raise InputError(f"{table} {key} = {smallest!r}: must be >= 0: {reason}")


# ---- static tasks -------------------------------------------------------------------------------


def steady(given) -> None:
    """Refuse what the task ``steady`` cannot compute."""
    require_static_sums(given)


def tmatrix(given) -> None:
    """Refuse what the task ``tmatrix`` cannot compute."""
    require_static_sums(given)


def onset(given) -> None:
    """Refuse what the task ``onset`` cannot compute."""
    require_static_sums(given)


def branches(given) -> None:
    """Refuse what the task ``branches`` cannot compute."""
    require_static_sums(given)


def iv(given) -> None:
    """Refuse what the task ``iv`` cannot compute."""
    require_static_sums(given)


def phase_diagram(given) -> None:
    """Refuse what the task ``phase-diagram`` cannot compute."""
    require_few_momenta(given)
    for key in ("h", "eV"):
        _require_not_negative(given, key, f"the diagram is the same at -{key}")


def modes(given) -> None:
    """Refuse what the task ``modes`` cannot compute."""
    require_few_momenta(given)
    require_coupling(given, "modes are sought above the decay rate of isolated pairs")


def spectrum(given) -> None:
    """Refuse what the task ``spectrum`` cannot compute."""
    require_baths(given)


# ---- dynamic tasks ------------------------------------------------------------------------------


def evolve(given) -> None:
    """Refuse what the task ``evolve`` cannot compute."""
    require_baths(given)


def ensemble(given) -> None:
    """Refuse what the task ``ensemble`` cannot compute."""
    require_baths(given)


def pattern(given) -> None:
    """Refuse what the task ``pattern`` cannot compute."""
    require_baths(given)
