"""Inputs that a task cannot use, though each of their tables is in order; nothing is computed."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from ....errors import InputError
from ....tasks import Given
from ....tasks.supercell_tables import cell_of, refuse_flat, refuse_kinds, refuse_late_kick
from .. import inputs

CUTOFF = {field.name: field for field in fields(inputs.Numerics)}["p_c"].metadata


def branches(given: Given) -> None:
    """InputError unless the sweep holds ascending ratios, and cutoffs that can be used."""
    ratios = given.sweep.get("ratio")
    if ratios is None or np.any(np.diff(ratios) <= 0):
        raise InputError(
            "[sweep] ratio: branches are followed over it; give ascending values, "
            "such as {from = 0.0, to = 1.0, points = 51}"
        )
    _cutoffs(given)


def spectrum(given: Given) -> None:
    """InputError for negative momenta."""
    p = given.sweep.get("p", np.zeros(1))
    if np.any(p < 0):
        raise InputError(f"[sweep] p: momenta must be >= 0, got {p.min():g}")


def phase_diagram(given: Given) -> None:
    """InputError without both axes, and for growth rates without the boundaries they need."""
    if set(given.sweep) != {"inv_kfas", "ratio"}:
        raise InputError("[sweep]: a phase diagram needs inv_kfas and ratio")
    if not given.numerics.growth:
        return
    if given.numerics.boundaries != "modes":
        raise InputError('[numerics] growth = true: needs boundaries = "modes"')
    if np.any(np.diff(given.sweep["ratio"]) <= 0):
        raise InputError(
            "[sweep] ratio: growth rates are followed over it; give ascending values, "
            "or growth = false in [numerics]"
        )


def response(given: Given) -> None:
    """InputError for a family without members, and for frequencies where M is not analytic."""
    parameters = given.parameters
    ratios = [parameters.decay] if parameters.ratios is None else parameters.ratios
    if not ratios:
        raise InputError("[parameters] ratios = []: must hold at least one number")
    width = min(ratio * parameters.gamma_b + parameters.gamma_b for ratio in ratios)
    if parameters.growth <= -width:
        raise InputError(
            f"[parameters] growth = {parameters.growth:g}: M is analytic above "
            f"-(gamma_b + gamma_v) = -{width:g} only"
        )


def boundary(given: Given) -> None:
    """InputError for swept cutoffs that cannot be used."""
    _cutoffs(given)


def modes(given: Given) -> None:
    """InputError without momenta, and for q = 0, where det M(0, 0) = 0 by symmetry."""
    q = given.sweep.get("q", np.atleast_1d(given.parameters.q))
    if not q.size:
        raise InputError("[parameters] q = []: must hold at least one number")
    if q.min() <= 0:
        table = "sweep" if "q" in given.sweep else "parameters"
        raise InputError(
            f"[{table}] q: must be > 0, got {q.min():g}; "
            "at q = 0 det M vanishes at w = 0 by symmetry"
        )


def evolve(given: Given) -> None:
    """InputError for a cell that does not fit its waves, and for a kick that begins too late."""
    cell_of(given.numerics.wave_number, given.numerics.supercell)
    refuse_kinds(given.numerics.supercell)
    refuse_late_kick(given)
    if given.initial.start == "pattern":
        refuse_flat(given.numerics.supercell)
    elif given.initial.delta_0 is not None:
        raise InputError('[initial] delta_0: is for start = "pattern"')


def pattern(given: Given) -> None:
    """InputError for a cell that does not fit its waves, and for starts that contradict."""
    for wave_number in given.sweep.get("wave_number", [given.numerics.wave_number]):
        cell_of(float(wave_number), given.numerics.supercell)
    if len(given.sweep) > 1:
        raise InputError(
            f"[sweep] {', '.join(given.sweep)}: a pattern is followed along one key, not two"
        )
    refuse_flat(given.numerics.supercell)
    start = given.initial
    swept = start.amplitude is not None or "amplitude" in given.sweep
    if swept and start.delta_0 is not None:
        raise InputError("[initial] delta_0: not with amplitude, which has a start of its own")
    if swept and "ratio" in given.sweep:
        raise InputError("[sweep] ratio: is found where [initial] amplitude is given")


def _cutoffs(given):
    """InputError for a swept p_c outside the limits of the key p_c of [numerics]."""
    p_c = given.sweep.get("p_c")
    if p_c is None:
        return
    if p_c.min() < CUTOFF["min"]:
        raise InputError(f"[sweep] p_c: must be >= {CUTOFF['min']:g}, got {p_c.min():g}")
    if p_c.max() > CUTOFF["max"]:
        raise InputError(f"[sweep] p_c: must be <= {CUTOFF['max']:g}, got {p_c.max():g}")
