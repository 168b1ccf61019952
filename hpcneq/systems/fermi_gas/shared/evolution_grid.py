"""Time step and momentum grid of an evolution, and the coarser grid that tells its error."""

from __future__ import annotations

from dataclasses import replace

from .... import petsc
from ....errors import InputError
from ....tasks import Given
from .. import inputs
from .refusals import RESOLVED

STEP = 1.2  # default step times fastest rate
EXPONENTIAL = 1.45  # with the reservoirs' memory, where poles are exact, times the pairs' frequency
LONGEST = 1.57  # of the same, where it is given
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


def with_time_step(given: Given, fastest: float, exponential: bool = False) -> Given:
    """The input with its time step; InputError if that is not stable.

    fastest : largest rate or frequency of the equations, with ``exponential`` steps of the pairs.
    """
    dt = given.numerics.dt
    if exponential:
        return with_exponential_step(given, fastest)
    if dt is None:
        dt = STEP / fastest
    elif dt * fastest > RESOLVED:
        # the largest rate is known once the state and its grid are there
        raise InputError(
            f"[numerics] dt = {dt:g}: must be <= {RESOLVED / fastest:.3g}, "
            "so that twice the step is stable; a smaller p_c allows a larger one"
        )
    return replace(given, numerics=replace(given.numerics, dt=dt))


def with_exponential_step(given: Given, turning: float) -> Given:
    """The input with a time step in twice which no pair turns by pi; else InputError."""
    dt = given.numerics.dt
    if dt is None:
        dt = EXPONENTIAL / turning
    elif dt * turning > LONGEST:
        raise InputError(
            f"[numerics] dt = {dt:g}: must be <= {LONGEST / turning:.3g}, so that pairs "
            "at p_c turn by less than pi in twice the step; a smaller p_c allows a larger one"
        )
    return replace(given, numerics=replace(given.numerics, dt=dt))


def is_exponential(given: Given) -> bool:
    """Whether a run is done in exponential steps: with memory, unless PETSc's are asked for.

    **Collective**: it starts PETSc, whose options the command line may have given.
    """
    if given.numerics.model != "memory":
        return False
    with petsc.Options(given.petsc) as options:
        if not any(name.startswith("evolve_") for name in options.given()):
            return True
        return options.get("evolve_ts_type", "rk") == "exponential"


def seems_exponential(given: Given) -> bool:
    """The same from the input alone, for a cost."""
    asked = [name for name in given.petsc if name.startswith("evolve_")]
    if asked and given.petsc.get("evolve_ts_type", "rk") != "exponential":
        return False
    return bool(given.numerics.model == "memory")
