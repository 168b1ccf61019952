"""Time step and momentum grid of an evolution, and the coarser grid that tells its error."""

from __future__ import annotations

from dataclasses import replace

from ....errors import InputError
from ....tasks import Given
from .. import inputs
from .refusals import RESOLVED

STEP = 1.2  # default step times fastest rate
FORGOTTEN = 9.0  # e-folds
PAST = 1.5  # ends: a panel for a time is off by much at that time
MANY_RAYS = 3.0  # where there are many rays, levels along each must dephase for a third of the time
COARSER_PANELS = 1.4
COARSER_ANGLES = 0.7
COARSER_CUTOFF = 0.85
SOONER = 0.8  # end of the time for which levels dephase like a continuum on the coarser grid


def coarser(numerics: inputs.EvolveNumerics) -> inputs.EvolveNumerics:
    """[numerics] of the coarser grid that tells the error of the grid."""
    return replace(
        numerics,
        fine=numerics.fine * COARSER_ANGLES,
        dp=numerics.dp * COARSER_PANELS,
        angles=int(numerics.angles * COARSER_ANGLES),
        p_c=numerics.p_c * COARSER_CUTOFF,
    )


def dephasing_time(given: Given, gamma: float) -> float:
    """How long levels along a ray must dephase like a continuum, in 1/mu.

    Until they have decayed, or past the end; where there are many rays, a third of that.
    """
    p = given.parameters
    time = min(PAST * given.run.t_max, FORGOTTEN / max(4 * gamma, 1e-12))
    turned = p.branch.startswith("NFF") and given.initial.start == "branch"
    if p.q or p.free_Q or turned:
        return time / MANY_RAYS
    return time


def with_time_step(given: Given, fastest: float) -> Given:
    """The input with its time step; InputError if that is not stable.

    fastest : largest rate or frequency of the equations.
    """
    dt = given.numerics.dt
    if dt is None:
        dt = STEP / fastest
    elif dt * fastest > RESOLVED:
        # the largest rate is known once the state and its grid are there
        raise InputError(
            f"[numerics] dt = {dt:g}: must be <= {RESOLVED / fastest:.3g}, "
            "so that twice the step is stable; a smaller p_c allows a larger one"
        )
    return replace(given, numerics=replace(given.numerics, dt=dt))
