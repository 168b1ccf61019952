"""What is told of a stationary pattern, for every system that has them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import NotConverged
from ..maths.arrays import ComplexArray, FloatArray
from ..parallel import Communicator, Layout, ordered_sum
from ..solvers import modes
from ..solvers.contours import Box
from ..solvers.supercell.linear import PatternResponse
from ..solvers.supercell.medium import Medium, even_part
from .recorder import Entries
from .supercell import POINTS, amplitude_over

SAME = 1e-4  # of the uniform order parameter: patterns that differ by less are one
FLOOR = 0.02  # of the levels' width: modes that grow slower are not told from those that rest
LISTED = 6  # modes


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


def distinct(states: Iterable[ComplexArray], delta: float) -> list[ComplexArray]:
    """Patterns that differ, none of them uniform, those with the largest |Delta_1| first.

    Half a period of shift, Delta_m -> (-1)^m Delta_m, makes no other pattern, nor does the sign.
    """
    kept: list[ComplexArray] = []
    for c in states:
        h = len(c) // 2
        turned = c * (-1.0) ** np.arange(-h, h + 1)
        others = [sign * x for x in (c, turned) for sign in (1, -1)]
        uniform = np.abs(np.delete(c, h)).max() < SAME * delta
        again = any(np.abs(x - y).max() < SAME * delta for x in others for y in kept)
        if not uniform and not again:
            kept.append(c)
    return sorted(kept, key=lambda c: -float(np.abs(c[len(c) // 2 + 1])))


def stability(response: PatternResponse, comm: Communicator) -> Entries:
    """{"stability", "growth_rate", "growth_frequency", "modes_found"} of a state. **Collective.**

    Modes are counted by winding and located, whose growth is above 2% of the levels' width.
    """
    x, y = response.reach
    floor = FLOOR * response.analytic_below
    box = Box(-1.013 * x, 1.017 * x, floor, 1.011 * y)
    none: Entries = {"growth_rate": None, "growth_frequency": None, "modes_found": []}
    try:
        spectrum = modes.spectrum(response, 0.0, comm, box=box)
    except NotConverged:
        return {"stability": "unknown", **none}
    if spectrum.count == 0:
        return {"stability": "stable", **none}
    roots = [mode.z for mode in spectrum.modes]
    return {
        "stability": "unstable",
        "growth_rate": float(roots[0].imag),
        "growth_frequency": float(abs(roots[0].real)),
        "modes_found": [[float(z.imag), float(z.real)] for z in roots[:LISTED]],
    }


def words_of(verdict: Entries, looked: bool, even: bool) -> list[str]:
    """What a reader has to know of a verdict of `stability`.

    looked : whether modes were sought. even : whether the cell is.
    """
    if not looked:
        return ["stability: not looked at ([numerics] stability = false)"]
    changes = "changes with the cell's period"
    if even:
        changes = f"even {changes}"
    words = {
        "stable": f"stability: of {changes}, that grow by more than {FLOOR:g} of the levels' "
        "width; others may grow",
        "unstable": "pattern: the state is unstable in its own cell",
        "unknown": "stability: unknown, the modes that grow could not be counted",
    }
    return [words[str(verdict["stability"])]]


def as_pairs(c: ComplexArray) -> list[list[float]]:
    """[[re, im], ...] of m = 0, 1, ..."""
    return [[float(z.real), float(z.imag)] for z in c[len(c) // 2 :]]
