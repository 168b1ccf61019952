"""Which modes a state of the Fermi gas has: every growing one, and the slow ones that decay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers.contours import Box
from ....solvers.modes import Mode, Spectrum, spectrum
from ..physics.response import Response

# (guide, floor in units of the depth to which M is analytic) of the search at any frequency
QUICK = ((0.25, 0.23), (0.5, 0.23), (1.0, 0.23), (0.25, 0.11), (1.0, 0.11))
# (guide, floor, top in units of the depth) of the search at low frequency, one after the other
SLOW = (
    (0.25, 0.95, 0.31),
    (0.25, 0.85, 0.31),
    (0.5, 0.85, 0.31),
    (1.0, 0.7, 0.31),
    (1.0, 0.4, 0.31),
    (0.5, 0.7, 0.43),
    (1.0, 0.4, 0.43),
)
# of the depth; with q above, the continuum of levels that pass each other is wide, and deep
# floors are never certain
WIDE = 0.2
WIDE_FLOOR = 0.7  # deepest floor there
LOW = 1.7  # of the gap, for low frequency; pairs break at 2
LOOSE = 50.0  # the bound on a mode's error knows no signs: it counts over this at least
ALIKE = 1e-9  # mu: rates so close count as equal
ZERO = 1e-7  # mu: |z| of the phase mode at q = 0, whose exact value is 0
VARIANT_NOTES = {
    "A": "variant A: the paper's equation without its gradient term; "
    "at q != 0 its verdicts may be wrong",
    "C": "variant C: quantum kinetic equation with the exact static response of N(H)",
    "D": "variant D: exact mean field with the memory of the reservoirs",
}


@dataclass(frozen=True)
class ModeCount:
    """The modes of a state, fastest growing first, without the phase mode z = 0 of q = 0.

    unstable : how many grow. samples : evaluations of M. floor : Re lambda above which no mode of
    a frequency below the gap is missing.
    """

    modes: tuple[Mode, ...]
    unstable: int
    samples: int
    floor: float

    @property
    def verdict(self) -> str:
        """stable or unstable."""
        return "unstable" if self.unstable else "stable"

    @property
    def doubtful(self) -> list[Mode]:
        """Modes whose sign is within three errors; none of them counts as growing."""
        return [mode for mode in self.modes if mode.neutral]


def modes_of(response: Response, comm: Communicator) -> ModeCount:
    """The modes of a steady state and a wave, given by its Response. **Collective.**

    Growing modes are counted in all of |Im lambda| < 1, Re lambda > -0.23 (depth to which M is
    analytic), or -0.11 where that is not certain; decaying ones below the gap edge down to 0.95 of
    that depth, or less, down to 0.4, where that is not certain. NotConverged if a count is not
    certain.
    """
    depth = response.analytic_below
    wide = _certain(response, comm, _wide_boxes(response))
    slow = _certain(response, comm, _slow_boxes(response))
    modes = list(wide.modes)
    for mode in slow.modes:
        apart = 1e-9 + 1e-5 * depth * (mode.multiplicity > 1)
        if all(abs(mode.z - other.z) > apart for other in modes):
            modes.append(mode)
    if response.q == 0:
        modes = [mode for mode in modes if abs(mode.z) > ZERO]
    modes = on_root(comm, lambda: [sharper(response, mode) for mode in modes])
    growing = sum(mode.multiplicity for mode in modes if mode.z.imag > 0 and not mode.neutral)
    return ModeCount(tuple(ordered(modes)), growing, wide.samples + slow.samples, slow.box.bottom)


def _wide_boxes(response: Response) -> list[tuple[float, Box]]:
    """(guide, box) of the searches at any frequency."""
    x, y = response.reach
    depth = response.analytic_below
    return [
        (guide, Box(-1.013 * x, 1.017 * x, -floor * depth, 1.011 * y)) for guide, floor in QUICK
    ]


def _slow_boxes(response: Response) -> list[tuple[float, Box]]:
    """(guide, box) of the searches at low frequency."""
    depth, D = response.analytic_below, response.D
    return [
        (guide, Box(-0.997 * LOW * D, LOW * D, -floor * depth, top * depth))
        for guide, floor, top in SLOW
        if response.q < WIDE * depth or floor <= WIDE_FLOOR
    ]


def ordered(modes: Iterable[Mode]) -> list[Mode]:
    """Fastest growing first; the higher frequency first among those that grow alike.

    Alike is within their errors, such as both waves +-q of a state at rest.
    """
    left, order = sorted(modes, key=lambda mode: -mode.z.imag), []
    while left:
        first = left[0]
        alike = [
            mode for mode in left if first.z.imag - mode.z.imag <= first.error + mode.error + ALIKE
        ]
        order += sorted(alike, key=lambda mode: mode.z.real)
        left = left[len(alike) :]
    return order


def sharper(response: Response, mode: Mode) -> Mode:
    """The mode with a sharper error where its bound is larger.

    It is twice the shift of its root on other panels and angles, |u^+ dM v| / |u^+ M' v|.
    """
    if mode.multiplicity > 1:
        return mode
    z, step = mode.z, 1e-3 * (mode.z.imag + response.analytic_below)
    M = response(z)
    u, v = np.linalg.svd(M)[0][:, -1].conj(), mode.vectors[0]
    slope = abs(u @ (response(z + step) - response(z - step)) @ v) / (2 * step)
    shift = abs(u @ (response.other(z) - M) @ v)
    return replace(
        mode, error=min(mode.error, max((2 * shift + 1e-13) / slope, mode.error / LOOSE))
    )


def _certain(response: Response, comm, trials: list[tuple[float, Box]]) -> Spectrum:
    """The first Spectrum whose count is certain, of trials (guide, box). **Collective.**

    NotConverged if none is.
    """
    for guide, box in trials[:-1]:
        response.guide = guide
        try:
            return spectrum(response, response.q, comm, box=box)
        except NotConverged:
            continue
    response.guide, box = trials[-1]
    return spectrum(response, response.q, comm, box=box)
