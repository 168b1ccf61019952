"""Refused inputs of the tasks that look for steady states, and of ``modes``."""

from __future__ import annotations

import itertools

import numpy as np

from .....errors import InputError
from .....tasks import Given
from ...physics.operating_point import Point, require_mirrored
from ..operating_point import branch_axes, own_values, point_of, sought_key
from .limits import (
    refuse_hartree,
    require_coupling,
    require_few_momenta,
    require_not_negative,
    require_static_sums,
)


def _require_mirrored_hartree(given: Given, point: Point) -> None:
    """Refuse Hartree shifts between leads under which a condensate turns."""
    if not point.mirrored:
        refuse_hartree(
            given,
            "needs leads that mirror each other in this task; with others the chemical potential "
            "of a condensate is an unknown besides its density and magnetization: use evolve",
        )


def steady(given: Given) -> None:
    """Refuse what the task ``steady`` cannot compute."""
    require_static_sums(given)
    point = point_of(given)
    point.terms()
    _require_mirrored_hartree(given, point)


def tmatrix(given: Given) -> None:
    """Refuse what the task ``tmatrix`` cannot compute."""
    require_static_sums(given)
    require_mirrored(point_of(given), "static pair susceptibility")
    numerics, Q = given.numerics, given.sweep.get("Q")
    if numerics.lattice == "finite" and Q is not None:
        own = 2 * np.pi * np.arange(numerics.Lx // 2 + 1) / numerics.Lx
        if not all(np.isclose(q, own, atol=1e-6).any() for q in Q):
            raise InputError(
                f"[sweep] Q: must be 2 pi n/Lx on a finite lattice (Lx = {numerics.Lx}); "
                "leave it out to get all"
            )


def onset(given: Given) -> None:
    """Refuse what the task ``onset`` cannot compute."""
    require_static_sums(given)
    along = _require_sought_key(given)
    if len(given.sweep) > 1:
        raise InputError("[sweep]: onset takes one key; phase-diagram makes maps")
    if along == "T" and own_values(given):
        raise InputError(
            "[leads]: a transition temperature is sought for two equal leads; leave the table out"
        )
    _require_common_temperature(given)
    points = [
        point_of(given, **{key: float(x)}) for key, axis in given.sweep.items() for x in axis
    ] or [point_of(given)]
    for point in points:
        _require_mirrored_hartree(given, point.at(eV=max(point.eV, 0.5)))
        point.terms()
    at_rest = along == "h" and given.parameters.eV == 0 and "eV" not in given.sweep
    infinite = given.numerics.lattice == "infinite"
    if given.numerics.fflo_line:
        refuse_hartree(
            given, "fflo_line compares free energies of patterns whose magnetization is uniform"
        )
    if given.numerics.fflo_line and not (
        at_rest and infinite and all(point.equilibrium for point in points)
    ):
        raise InputError(
            "[numerics] fflo_line: only for critical fields at rest (eV = 0, no h) "
            "on the infinite lattice"
        )


def branches(given: Given) -> None:
    """Refuse what the task ``branches`` cannot compute."""
    require_static_sums(given)
    along, slow = branch_axes(given)
    if along is None or len(given.sweep[along]) < 2:
        raise InputError(
            "[sweep]: branches are followed over eV or h; give one of them with at least two points"
        )
    _require_ascending_voltage(given, along)
    _require_common_temperature(given)
    end = {along: float(given.sweep[along][-1])}
    for values in given.sweep[slow[0]] if slow else [None]:
        at = {slow[0]: float(values)} if slow else {}
        point = point_of(given, **end, **at)
        point.terms()
        _require_mirrored_hartree(given, point.at(eV=max(point.eV, 0.5)))


def iv(given: Given) -> None:
    """Refuse what the task ``iv`` cannot compute."""
    require_static_sums(given)
    if "eV" not in given.sweep:
        raise InputError(
            "[sweep] eV: iv needs it, such as eV = {from = 0.0, to = 2.0, points = 101}"
        )
    _require_ascending_voltage(given, "eV")
    point = point_of(given, eV=float(given.sweep["eV"][-1]))
    point.terms()
    _require_mirrored_hartree(given, point)


def phase_diagram(given: Given) -> None:
    """Refuse what the task ``phase-diagram`` cannot compute."""
    require_few_momenta(given)
    if len(given.sweep) != 2:
        raise InputError(
            "[sweep]: a phase diagram needs two of eV, h, T, "
            f"got {', '.join(given.sweep) or 'none'}"
        )
    for key, values in given.sweep.items():
        if np.any(np.diff(values) <= 0):
            raise InputError(f"[sweep] {key}: must ascend")
    for key in ("h", "eV"):
        require_not_negative(given, key, f"the diagram is the same at -{key}")
    ends = [[(key, float(x)) for x in axis[[0, -1]]] for key, axis in given.sweep.items()]
    for corner in itertools.product(*ends):
        point_of(given, **dict(corner)).terms()


def modes(given: Given) -> None:
    """Refuse what the task ``modes`` cannot compute."""
    require_few_momenta(given)
    require_coupling(given, "modes are sought above the decay rate of isolated pairs")
    if given.parameters.q == []:
        raise InputError("[parameters] q = []: must hold at least one number")
    point = point_of(given)
    _require_mirrored_hartree(given, point)
    point.terms()


def _require_sought_key(given) -> str:
    """The one of eV, h and T in which onsets are sought; refuse other numbers of them."""
    along = sought_key(given)
    if along is not None:
        return along
    missing = [
        key
        for key in ("eV", "h", "T")
        if vars(given.parameters)[key] is None and key not in given.sweep
    ]
    if len(missing) == 3:
        raise InputError("[parameters] eV, h, T: onset seeks one of them; give the other two")
    if not missing:
        raise InputError("[parameters] eV, h, T: onset seeks one of them; leave it out")
    if missing == ["eV", "h"]:
        raise InputError(
            "[parameters] eV and h: onset seeks one of eV, h and T; give h for onsets in eV, "
            "or eV = 0 for critical fields"
        )
    raise InputError(
        f"[parameters] {' and '.join(missing)}: onset seeks one of eV, h and T; "
        "give the other two (T is the lead's, 0 allowed)"
    )


def _require_common_temperature(given) -> None:
    """Refuse leads with temperatures of their own where the temperature is swept."""
    if "T" in given.sweep and "T" in own_values(given):
        raise InputError(
            "[leads] T: the temperature is swept or sought here; leads cannot have their own"
        )


def _require_ascending_voltage(given, key: str) -> None:
    """Refuse a line that does not ascend from a value >= 0."""
    values = given.sweep[key]
    if np.any(np.diff(values) <= 0) or values[0] < 0:
        raise InputError(f"[sweep] {key}: must ascend from a value >= 0")
