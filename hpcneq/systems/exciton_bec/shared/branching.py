"""Where a wave of the cell begins to grow on the uniform condensate, and what branches off there.

At the onset a zero of det M(G, w) of the cell's own momenta crosses the real axis along the decay:
at w = 0 stripes at rest branch off (boundaries A and B), at w != 0 stripes that travel with v = w/G
(boundary C). The null vector of M tells how they begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from ....errors import NormalState, NotConverged
from ....parallel import Communicator, on_root
from ....solvers import modes
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.patterns import BranchingPattern, TurningPattern
from ....tasks import Given, patterns
from ..physics import steady_states
from ..physics.gap_equations import Condensate, Drive
from .condensate import condensate_at
from .stripes import equations, periods_of
from .supercell import resting

STEP = 0.2  # of the logarithm of the ratio, between two looks at the growth
HALVINGS = 5  # of a step where the mode is lost
LEAST = 1e-4  # ratio down to which an onset is sought
REST = 1e-4  # of the levels' width: frequency of a mode that does not oscillate
KEPT = 8  # ratios whose equations are kept


class WaveResponse(PatternResponse):
    """M(z) of the one wave cos(Gx) of the cell."""

    def __init__(self, periods: int, *arguments):
        self.periods = periods
        super().__init__(*arguments)

    def _directions(self, n):
        wave = np.zeros((1, n))
        wave[0, [n // 2 - self.periods, n // 2 + self.periods]] = 1
        return wave


@dataclass(frozen=True)
class Onset:
    """Ratio at which a wave begins to grow, its frequency, (a, b) of Delta and Delta^*."""

    ratio: float
    frequency: float
    vector: np.ndarray

    def harmonics(self, h: int, periods: int, delta: float, amplitude: float) -> np.ndarray:
        """(2 h + 1,) of the condensate with the wave: at rest, or travelling."""
        a, b = self.vector
        c = np.zeros(2 * h + 1, complex)
        c[h] = delta
        if self.frequency == 0:
            c[[h - periods, h + periods]] = amplitude * np.exp(0.5j * (np.angle(a) - np.angle(b)))
            return c
        size = amplitude / np.sqrt(0.5 * (abs(a) ** 2 + abs(b) ** 2))
        c[h + periods], c[h - periods] = size * a, size * np.conj(b)
        return c


def onset_of(given: Given, drive: Drive, comm: Communicator) -> Onset:
    """The onset next to the ratio of the input, of its ``[initial] mode``. **Collective.**

    Raises NotConverged where no such mode grows at this ratio, or none of its ends is found.
    """
    wave, mode = Wave(given, drive, comm), given.initial.mode
    roots = patterns.growing(wave.samples(drive.ratio).response, comm)
    if len(roots) < mode:
        raise NotConverged(
            f"pattern: {len(roots)} modes of this wave grow at ratio = {drive.ratio:g}, [initial] "
            f"mode = {mode}; give a ratio at which it grows"
        )
    step = {"lower": -STEP, "upper": STEP}[given.initial.onset]
    ends = wave.ends(float(np.log(drive.ratio)), roots[mode - 1], step)
    if ends is None:
        raise NotConverged(
            f"pattern: the mode grows from ratio = {drive.ratio:g} on to {LEAST:g}, or to the end "
            "of the condensate; try another [initial] onset or wave number"
        )
    ratio = float(np.exp(brentq(wave.growth, *ends, xtol=1e-10)))
    wave.growth(np.log(ratio))
    z = wave.roots[-1][1]
    frequency = 0.0
    if abs(z.real) > REST * given.parameters.gamma_b:
        frequency = float(z.real)
    vector = np.linalg.svd(wave.samples(ratio)(z))[2][-1].conj()
    return Onset(ratio, frequency, vector)


class Wave:
    """One wave of the uniform condensate while the ratio changes. Methods are **Collective**."""

    def __init__(self, given: Given, drive: Drive, comm: Communicator):
        cell = replace(given.numerics.supercell, even=True)  # of a wave on what is uniform
        self.given = replace(given, numerics=replace(given.numerics, supercell=cell))
        self.drive, self.comm = drive, comm
        self.state: Condensate | None = None
        self.roots: list[tuple[float, complex]] = []  # (ln ratio, frequency) that were found

    def samples(self, ratio: float) -> modes.Samples:
        """M(z) of the wave."""
        drive = replace(self.drive, ratio=float(ratio))
        self.state = on_root(self.comm, state_near, drive, self.state)
        rest = resting(self.given, self.state)
        lag, k = rest.medium.box.lag, periods_of(self.given)
        response = WaveResponse(k, rest.medium, rest.start, rest.coupling, lag)
        return modes.Samples(response, 0.0, self.comm)

    def growth(self, x: float) -> float:
        """Im w of the mode at ln ratio = x, next to where it was found."""
        (before, z0), (last, z) = (self.roots[:1] + self.roots)[-2:]
        if last != before:
            part = min(max((x - last) / (last - before), -2.0), 2.0)
            z = z + part * (z - z0)
        root = modes.secant(self.samples(np.exp(x)), z)
        if root is None:
            raise NotConverged(f"pattern: the mode was lost at ratio = {np.exp(x):.4g}")
        self.roots.append((x, root))
        return float(root.imag)

    def ends(self, x: float, z: complex, step: float) -> tuple[float, float] | None:
        """(low, high) of ln ratio between which the mode begins to grow, None where it does not."""
        self.roots = [(x, z)]
        halvings = 0
        while np.log(LEAST) < x + step:
            try:
                value = self.growth(x + step)
            except NormalState:
                return None
            except NotConverged:
                halvings += 1
                if halvings > HALVINGS:
                    raise
                step *= 0.5
                continue
            if value < 0:
                return min(x, x + step), max(x, x + step)
            x += step
        return None


def state_near(drive: Drive, last: Condensate | None) -> Condensate:
    """The uniform condensate of a drive, from one at another ratio where that is quick.

    Raises NormalState.
    """
    if last is not None and last.mt > 0:
        try:
            return steady_states.at_ratio(drive, (last.delta, last.mu, last.mt))
        except NotConverged:
            pass
    return condensate_at(drive)


def family_of(given: Given, drive: Drive) -> Callable[[float], tuple[Condensate, TurningPattern]]:
    """ratio -> (the uniform condensate, the equations of a pattern), the last few kept."""
    kept: dict[float, tuple[Condensate, TurningPattern]] = {}

    def at(ratio: float) -> tuple[Condensate, TurningPattern]:
        if ratio not in kept:
            near = min(kept, key=lambda r: abs(r - ratio), default=None)
            last = None if near is None else kept[near][0]
            if len(kept) >= KEPT:
                kept.pop(next(iter(kept)))
            try:
                state = state_near(replace(drive, ratio=ratio), last)
            except NormalState as end:
                raise NotConverged(f"pattern: beyond the condensate: {end}") from end
            kept[ratio] = state, equations(given, state)
        return kept[ratio]

    return at


def branching(given: Given, family: Callable, ratio: float, amplitude: float) -> BranchingPattern:
    """The equations of a pattern of this amplitude, the ratio unknown."""
    return BranchingPattern(lambda r: family(r)[1], ratio, amplitude, periods_of(given))


def start_of(onset: Onset, given: Given, family: Callable, amplitude: float) -> np.ndarray:
    """Unknowns of a small pattern next to its onset."""
    state, problem = family(onset.ratio)
    k = periods_of(given)
    c = onset.harmonics(problem.h, k, state.delta, amplitude)
    if onset.frequency == 0:
        x = problem.unknowns(c * np.exp(-1j * np.angle(c[problem.h])), 0.0)
    else:
        x = problem.unknowns(c, 0.0, onset.frequency / given.numerics.wave_number)
    return np.append(x, onset.ratio)
