"""What is told of a stationary pattern, for every system that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from .. import petsc
from ..errors import NotConverged
from ..maths.arrays import ComplexArray, FloatArray
from ..parallel import Communicator, Layout, on_root, ordered_sum
from ..solvers import modes, newton
from ..solvers.contours import Box
from ..solvers.supercell import jacobian
from ..solvers.supercell.linear import PatternResponse
from ..solvers.supercell.medium import Medium, even_part, harmonic_numbers
from ..solvers.supercell.patterns import BranchingPattern, RealPattern, TurningPattern
from .recorder import Entries
from .supercell import varied
from .supercell_records import POINTS, VARIANTS, amplitude_over, box_factor
from .task import Given

if TYPE_CHECKING:
    from ..files.writer import ResultFile

SAME = 1e-4  # of the uniform order parameter: patterns that differ by less are one
FLOOR = 0.02  # of the levels' width: modes that grow slower are not told from those that rest
LISTED = 6  # modes
TOLERANCE = {"snes_atol": 1e-11}


def solved(
    given: Given,
    problem: TurningPattern | RealPattern | BranchingPattern,
    x: FloatArray,
    comm: Communicator,
) -> newton.Solution:
    """The root that SNES finds from ``x``. **Collective.**"""
    with petsc.Options(given.petsc):
        return newton.solve(problem, comm, x, TOLERANCE, prefix="steady_", fix=False)


def places(medium: Medium, h: int) -> FloatArray:
    """(n,) places along the cell, both ends of a wave among them."""
    return np.asarray(np.arange(2 * POINTS * h) / (2 * POINTS * h) * medium.box.length)


def extremes(medium: Medium, c: ComplexArray) -> tuple[float, float]:
    """(largest, least) |Delta(x)|."""
    wave = amplitude_over(places(medium, len(c) // 2), c, medium.box.wave_number)
    size = np.abs(wave)
    return float(size.max()), float(size.min())


def density(medium: Medium, c: ComplexArray, comm: Communicator) -> ComplexArray:
    """(2 h + 1,) harmonics of the density of one species at rest. **Collective.**"""
    layout = Layout.over(medium.box.blocks, comm)
    pairing, h = medium.pairing(c), len(c) // 2
    rows = [np.zeros((0, 2 * h + 1), complex)]
    for blocks in medium.batches(range(layout.start, layout.stop)):
        n = medium.stationary(blocks, pairing)[2]
        rows.append(medium.density_sums(blocks, n, h)[:, 0])
    return even_part(ordered_sum(comm, layout, np.concatenate(rows)))


def distinct(states: Iterable[ComplexArray], delta: float, periods: int = 1) -> list[ComplexArray]:
    """Patterns that differ, none of them uniform, those with the strongest wave first.

    periods : of the wave in the cell. Half a period of shift makes no other pattern, nor does the
    sign.
    """
    kept: list[ComplexArray] = []
    for c in states:
        h = len(c) // 2
        turned = c * np.exp(1j * np.pi * np.arange(-h, h + 1) / periods)
        others = [sign * x for x in (c, turned) for sign in (1, -1)]
        uniform = np.abs(np.delete(c, h)).max() < SAME * delta
        again = any(np.abs(x - y).max() < SAME * delta for x in others for y in kept)
        if not uniform and not again:
            kept.append(c)
    return sorted(kept, key=lambda c: -float(np.abs(c[len(c) // 2 + periods])))


def stability(
    given: Given, response_of: Callable[[], PatternResponse], comm: Communicator
) -> Entries:
    """{"stability", "growth_rate", "growth_frequency", "modes_found"} of a state. **Collective.**

    Of modes whose growth is above 2% of the levels' width: counted by winding and located, or
    eigenvalues of the Jacobian, as [numerics] modes says; unknown if stability does not ask for
    them.
    """
    none: Entries = {"growth_rate": None, "growth_frequency": None, "modes_found": []}
    if not given.numerics.stability:
        return {"stability": "unknown", **none}
    try:
        roots = SEARCHES[given.numerics.modes](response_of(), comm)
    except NotConverged:
        return {"stability": "unknown", **none}
    if not roots:
        return {"stability": "stable", **none}
    return {
        "stability": "unstable",
        "growth_rate": float(roots[0].imag),
        "growth_frequency": float(abs(roots[0].real)),
        "modes_found": [[float(z.imag), float(z.real)] for z in roots[:LISTED]],
    }


def growing(response: PatternResponse, comm: Communicator) -> list[complex]:
    """Frequencies of the modes that grow by more than 2% of the levels' width. **Collective.**

    Raises NotConverged where they cannot be counted.
    """
    x, y = response.reach
    floor = FLOOR * response.analytic_below
    box = Box(-1.013 * x, 1.017 * x, floor, 1.011 * y)
    return [mode.z for mode in modes.spectrum(response, 0.0, comm, box=box).modes]


def nearest(response: PatternResponse, comm: Communicator) -> list[complex]:
    """The same as eigenvalues of the Jacobian that are near to shifts, by SLEPc. **Collective.**"""
    return on_root(comm, jacobian.growing, response, FLOOR * response.analytic_below)


SEARCHES = {"winding": growing, "jacobian": nearest}


def words_of(given: Given, verdict: Entries) -> list[str]:
    """What a reader has to know of a verdict of `stability`."""
    numerics = given.numerics
    if not numerics.stability:
        return ["stability: not looked at ([numerics] stability = false)"]
    changes = "changes with the cell's period"
    if numerics.supercell.even:
        changes = f"even {changes}"
    words = {
        "stable": f"stability: of {changes}, that grow by more than {FLOOR:g} of the levels' "
        "width; others may grow",
        "unstable": "pattern: the state is unstable in its own cell",
        "unknown": "stability: unknown, the modes that grow could not be counted",
    }
    return [words[str(verdict["stability"])]]


def errors_of(
    given: Given, numbers: dict[str, float], again: Callable[[Given], dict[str, float] | None]
) -> tuple[dict[str, float], list[str]]:
    """({name: error}, what could not be told): the pattern in a smaller box, on another grid.

    again : the numbers of the pattern of an input, None where it is not found. **Collective.**
    """
    if not given.numerics.error_estimate:
        return {}, ["no error estimates: [numerics] error_estimate = false"]
    errors = {name: abs(value) * 1e-9 + 1e-9 for name, value in numbers.items()}
    for variant in VARIANTS[1:]:  # there are no steps
        values = again(varied(given, variant))
        if values is None:
            return {}, [f"no errors: there is no such pattern for the {variant}"]
        for name, value in numbers.items():
            errors[name] += box_factor(name) * abs(values[name] - value)
    return errors, []


def told(given: Given, medium: Medium, chosen: ComplexArray, states: list[ComplexArray]) -> Entries:
    """What the summary says of the patterns found and of the grid."""
    box = medium.box
    return {
        "harmonics": as_pairs(chosen),
        "patterns": [as_pairs(c) for c in states],
        "wave_number": given.numerics.wave_number,
        "length": box.length,
        "waves": box.waves,
        "blocks": box.blocks,
    }


def write(out: ResultFile, medium: Medium, c: ComplexArray, comm: Communicator) -> None:
    """The pattern over the cell. **Collective.**"""
    number, h = density(medium, c, comm), len(c) // 2
    along = places(medium, h)
    out.axis("harmonic", harmonic_numbers(h))
    out.axis("x", along)
    out.fixed("harmonics", c)
    out.fixed("delta_x", amplitude_over(along, c, medium.box.wave_number))
    out.fixed("density", amplitude_over(along, number, medium.box.wave_number).real)


def as_pairs(c: ComplexArray) -> list[list[float]]:
    """[[re, im], ...] of m = 0, 1, ..."""
    return [[float(z.real), float(z.imag)] for z in c[len(c) // 2 :]]
