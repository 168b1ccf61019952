"""Which modes a state of the Fermi gas has: every growing one, and the slow ones that decay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....errors import NotConverged
from ....parallel import on_root
from ....solvers.contours import Box
from ....solvers.modes import spectrum

BELOW = 0.23  # of the depth to which M is analytic: floor of the search at any frequency
SLOW = (
    (0.25, 0.95),
    (0.25, 0.85),
    (0.5, 0.85),
    (1.0, 0.7),
    (1.0, 0.4),
)  # (guide, floor in units of it) of the search at low frequency, one after the other
WIDE = 0.2  # of it: with q above, the continuum of levels that pass each other is wide, and deep floors are never certain
LOW = 1.7  # of the gap, for low frequency; pairs break at 2
LOOSE = 50.0  # the bound on a mode's error knows no signs: it counts over this at least
ALIKE = 1e-9  # mu: rates so close count as equal
ZERO = 1e-7  # mu: |z| of the phase mode at q = 0, whose exact value is 0


@dataclass(frozen=True)
class Found:
    """Modes, fastest growing first, without the phase mode z = 0 of q = 0; how many grow; evaluations of M; Re lambda above which none below the gap is missing."""

    modes: tuple
    unstable: int
    samples: int
    floor: float

    @property
    def verdict(self):
        """stable or unstable."""
        return "unstable" if self.unstable else "stable"

    @property
    def doubtful(self):
        """Modes whose sign is within three errors; none of them counts as growing."""
        return [mode for mode in self.modes if mode.neutral]


def modes_of(response, comm):
    """``Found`` of a steady state and a wave, given by its Response; NotConverged if a count is not certain. **Collective.**

    Growing modes are counted in all of |Im lambda| < 1, Re lambda > -0.23 (depth to which M is analytic); decaying ones below the
    gap edge down to 0.95 of that depth, or less, down to 0.4, where that is not certain.
    """
    depth, (x, y) = response.analytic_below, response.reach
    wide = _certain(
        response,
        comm,
        [
            (guide, Box(-1.013 * x, 1.017 * x, -BELOW * depth, 1.011 * y))
            for guide in (0.25, 0.5, 1.0)
        ],
    )
    slow = _certain(
        response,
        comm,
        [
            (guide, Box(-0.997 * LOW * response.D, LOW * response.D, -floor * depth, 0.31 * depth))
            for guide, floor in SLOW
            if response.q < WIDE * depth or floor <= 0.7
        ],
    )
    modes = list(wide.modes)
    for mode in slow.modes:
        if all(
            abs(mode.z - other.z) > 1e-9 + 1e-5 * depth * (mode.multiplicity > 1) for other in modes
        ):
            modes.append(mode)
    if response.q == 0:
        modes = [mode for mode in modes if abs(mode.z) > ZERO]
    modes = on_root(comm, lambda: [sharper(response, mode) for mode in modes])
    growing = sum(mode.multiplicity for mode in modes if mode.z.imag > 0 and not mode.neutral)
    return Found(tuple(ordered(modes)), growing, wide.samples + slow.samples, slow.box.bottom)


def ordered(modes):
    """Fastest growing first; of those that grow alike within their errors, such as both waves +-q of a state at rest, the higher frequency first."""
    left, found = sorted(modes, key=lambda mode: -mode.z.imag), []
    while left:
        alike = [
            mode
            for mode in left
            if left[0].z.imag - mode.z.imag <= left[0].error + mode.error + ALIKE
        ]
        found += sorted(alike, key=lambda mode: mode.z.real)
        left = left[len(alike) :]
    return found


def sharper(response, mode):
    """The mode with twice the shift of its root on other panels and angles as its error, |u^+ dM v| / |u^+ M' v|, where the bound is larger."""
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


def _certain(response, comm, trials):
    """The first Spectrum whose count is certain, of trials (guide, box); NotConverged if none is. **Collective.**"""
    for k, (guide, box) in enumerate(trials):
        response.guide = guide
        try:
            return spectrum(response, response.q, comm, box=box)
        except NotConverged:
            if k == len(trials) - 1:
                raise
