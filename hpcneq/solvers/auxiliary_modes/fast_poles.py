"""Bath modes whose memory is short against a time step: functions of H, without matrices.

A mode of rate lambda is Pi = int_0^infinity U(t, t - s) e^{lambda s} ds on its source. Where its
memory decays by more than e^-SHORT within a step, H is taken as linear in time, as in the last
step, for all s: Pi at the end of a step is then

    Pi = -(1/A) (1 + dt^2 kappa A1) source,     A = -i H_eff + lambda,    A1 = -i Hdot + lambda',

with kappa = -(z + 2)/(2 z^2), z = lambda dt, what the sources of carried modes have in the limit of
fast ones. All such modes together are two functions of H on the sources, for the sum of the modes
and for that of the modes times their rates. The error, of order dt^3 e^{lambda dt}, is a thousandth
of that of the step in motions that a step resolves, and nothing in stationary states. Behind a jump
of the drive the modes are carried until what they remember of it has decayed by e^-FORGOTTEN.
"""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np

from ...maths.arrays import ComplexArray
from .polynomials import RateMoments

SHORT = 3.0
FORGOTTEN = 18.0
ACCURACY = {8: 1e-13, 4: 1e-7}  # of their Chebyshev series, by the bytes of a real number


def carried(rates: ComplexArray, step: float, elapsed: float) -> int:
    """How many groups, from the first one on, are carried in a step; those behind it are fast.

    rates (groups,) are means over the step, ``elapsed`` is its start since the drive's last jump.
    """
    decay = -rates.real
    slow = np.flatnonzero((decay * step <= SHORT) | (decay * elapsed <= FORGOTTEN))
    return int(slow[-1]) + 1 if len(slow) else 0


def fast_moments(step: float, mean: ComplexArray, slope: ComplexArray) -> RateMoments:
    """`RateMoments` of fast groups, which keep nothing of what they were."""
    z = step * mean
    bend = -(step**2) * (z + 2) / (2 * z**2)
    own = 1 + bend * slope
    return RateMoments(mean, np.zeros_like(mean), own, -1j * bend / own)


def terms(rates: ComplexArray, step: float, reach: float, itemsize: int) -> int:
    """Chebyshev terms of 1/(lambda - i x) for step x on [-reach, reach]."""
    nearest = float(-rates.real.max()) * step / reach
    return 1 + ceil(-log(ACCURACY[itemsize]) / log(nearest + sqrt(1 + nearest**2)))
