"""What a physicist would ask about a valid input of the junction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ....errors import InputError
from ....tasks.task import Given
from .refusals.lattice_states import bias_of

HALF_BAND = 4.0  # largest |level| of the square lattice at mu = 0, in t_par
SITES = 4  # fewest of a period that show a wave
EVOLVING = ("evolve", "ensemble")
ON_A_LATTICE = (*EVOLVING, "pattern", "spectrum")


def doubts(given: Given) -> list[str]:
    """Sentences; nothing is computed."""
    if given.task not in ON_A_LATTICE:
        if given.numerics is None or vars(given.numerics).get("lattice") != "finite":
            return []
        return list(_spacing(given))
    return [*_step(given), *_window(given), *_spacing(given), *_waves(given), *_ranges(given)]


def _level(parameters: Any) -> float:
    """The largest |level| of the normal lattice."""
    return HALF_BAND + abs(parameters.mu) + abs(parameters.h)


def _bias(given: Given) -> float:
    """The largest |eV| at any time; 0 where the file that holds it is gone."""
    try:
        return bias_of(given).extremes(None)
    except InputError:
        return 0.0


def _step(given: Given) -> Iterator[str]:
    """A step in which the phase of the fastest level turns by more than pi."""
    if given.task not in EVOLVING:
        return
    fastest = _level(given.parameters) + 0.5 * _bias(given)
    longest = np.pi / fastest
    steps = given.sweep.get("dt", np.array([given.numerics.dt]))
    if np.max(steps) > longest:
        yield (
            f"[numerics] dt = {np.max(steps):g}: levels reach {fastest:.3g} t_par, whose phase "
            f"turns by more than pi in a step; dt <= {longest:.2g} resolves them"
        )


def _window(given: Given) -> Iterator[str]:
    """Poles that are accurate up to less than the bias."""
    window, bias = given.numerics.pole_window, _bias(given)
    if window is not None and window < bias:
        yield (
            f"[numerics] pole_window = {window:g}: is below the bias, which reaches {bias:g}: the "
            "leads are wrong where the current flows; leave it out, or give more than "
            f"{_level(given.parameters) + bias:.3g}"
        )


def _spacing(given: Given) -> Iterator[str]:
    """A temperature and a width of levels below their mean distance."""
    parameters, numerics = given.parameters, given.numerics
    spacing = 2 * HALF_BAND / (numerics.Lx * numerics.Ly)
    known = [T for T in (parameters.T, *given.sweep.get("T", [])) if T is not None]
    lowest, width = min(known, default=np.inf), 2 * parameters.gamma
    if max(lowest, width) < spacing:
        yield (
            f"[parameters] T = {lowest:g}, 2 gamma = {width:g}: both are below the mean level "
            f"spacing {spacing:.2g} t_par of {numerics.Lx} x {numerics.Ly} sites: results are "
            "those of this small lattice"
        )


def _waves(given: Given) -> Iterator[str]:
    """A lattice that does not hold, or does not resolve, the wave that is asked for."""
    initial, length = given.initial, given.numerics.Lx
    if initial is None or initial.state not in ("fflo", "crossed"):
        return
    number, field = initial.wave_number, abs(given.parameters.h)
    if number is not None and number * SITES > length:
        yield (
            f"[initial] wave_number = {number}: a period has {length / number:.2g} of the "
            f"{length} sites along x; {SITES} at least show a wave"
        )
    elif number is None and field > 0 and length * field < np.pi:
        yield (
            f"[numerics] Lx = {length}: its longest wave has q = {2 * np.pi / length:.2g}, that of "
            f"a field h = {field:g} is about 2 h / v_F = {field:.2g}; Lx >= "
            f"{int(np.ceil(2 * np.pi / field))} holds one period"
        )


def _ranges(given: Given) -> Iterator[str]:
    """Correlations that are cut while they spread, modes that are cut within their own length."""
    if given.task != "evolve" or given.numerics.range is None:
        return
    numerics = given.numerics
    green, half = numerics.green_range, max(numerics.Lx, numerics.Ly) // 2
    if green is not None and green < half:
        yield (
            f"[numerics] green_range = {green}: correlations spread over the whole lattice after a "
            f"quench, and cut below {half} sites cost per cents of Delta; leave it out"
        )
    if numerics.range < 1:
        yield (
            f"[numerics] range = {numerics.range:g}: modes are cut within their own decay length; "
            "errors of Delta are 0.01 to 0.06, and fall threefold with each unit of the range"
        )
