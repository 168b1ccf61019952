"""Stationary order parameters that are free on every site, self-consistent from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers import newton
from ....solvers.newton import Solution
from ....solvers.site_columns.mirrored import MirroredStationary, mirrored
from ....solvers.site_columns.stationary import Stationary
from ....tasks import Given
from ....tasks.start_progress import StartProgress
from ..physics import patterns
from ..physics.junction import Junction, stripe
from ..physics.lattice_dynamics import SiteQuench
from ..physics.site_lattice import Sites
from ..physics.vortices import imprint
from .initial_state import Start, start_of
from .input_junction import nearly_exact
from .input_sites import pattern_in_file

ANDERSON = {"snes_type": "anderson", "snes_anderson_m": 12, "snes_max_it": 300}
MIXED = {"snes_anderson_beta": 0.3}  # where shifts of levels go to and fro
TOLERANCE = 1e-9  # residual at which self-consistent iterations end
NORMAL_TOLERANCE = 1e-11  # the same of the normal state
ACCEPTED = 1e3  # residuals up to this many tolerances count as converged
WAVE_SEED = 0.2  # order parameters from which patterns are sought, over U
LARGEST_SECTOR = 6000  # levels of what mirrors turn alike that are found together
ROUNDING = 1e-13  # of residuals


def site_start(
    given: Given, comm: Communicator, junction: Junction, sites: Sites, log: Callable
) -> Start:
    """The stationary start over sites, (N,). **Collective.** Raises NotConverged."""
    state, sites = given.initial.state, of_start(given, sites)
    if has_stripe_start(given, sites):
        stripes = start_of(given, comm, junction, log)
        return stripes._replace(delta=np.repeat(stripes.delta, sites.Ly))
    root = self_consistent(given, comm, junction, sites, log, seed_of(given, comm, junction, state))
    pattern = order_parameter(root.x, sites)
    summary = {
        "initial_state": patterns.describe_sites(pattern)["state"],
        "initial_wave_number": None,
        "initial_residual": root.residual,
        "initial_delta_max": float(np.abs(pattern).max()),
    }
    return Start(pattern.ravel(), summary, [])


def of_start(given: Given, sites: Sites) -> Sites:
    """The sites on which the start is stationary."""
    return sites.clean(given.parameters.U) if given.initial.clean else sites


def has_stripe_start(given: Given, sites: Sites) -> bool:
    """Whether the start depends on x alone, so that it can be sought as a stripe."""
    state, still = given.initial.state, not any(drive.start for drive in sites.vector)
    nominal = sites.nominal(given.parameters.U)
    return state == "normal" or (nominal and still and state not in ("crossed", "pattern"))


def noisy(given: Given, sites: Sites, delta: np.ndarray) -> np.ndarray:
    """``delta`` (N,) with the vortices and the noise of [initial]: of every site, or of every x."""
    initial, seed = given.initial, noise_seed(given)
    if initial.vortices:
        shape = (sites.Lx, sites.Ly)
        delta = delta * imprint(shape, initial.vortices, not sites.open_x).ravel()
    if initial.noise_sites:
        return delta + patterns.site_noise(sites.count, initial.noise, seed)
    chain = stripe(sites.Lx, 1, 0.0)
    return delta + np.repeat(patterns.noise(chain, initial.noise, seed), sites.Ly)


def noise_seed(given: Given) -> int:
    """The key of the noise: [initial] seed, else [run] seed."""
    return given.run.seed if given.initial.seed is None else given.initial.seed


# ---- self-consistency --------------------------------------------------------------------------


def seed_of(
    given: Given, comm: Communicator, junction: Junction, state: str
) -> tuple[np.ndarray, int | None]:
    """(order parameter (N,) from which a pattern is sought, its wave number). **Collective.**

    Without a wave number that of the largest pair susceptibility is taken.
    """
    if state == "pattern":
        return on_root(comm, pattern_in_file, given), None
    Lx, Ly, bias = given.numerics.Lx, given.numerics.Ly, junction.drive.start
    wave_number = given.initial.wave_number
    if wave_number is None and state != "bcs":
        waves = range(1, Lx // 2 + 1)
        strength = on_root(comm, patterns.pair_susceptibilities, junction, bias, waves)
        wave_number = 1 + int(np.argmax(strength))
    size = WAVE_SEED * given.parameters.U
    seed = patterns.site_seed(Lx, Ly, state, wave_number, size)
    return seed.ravel() + 0j, wave_number


def self_consistent(
    given: Given,
    comm: Communicator,
    junction: Junction,
    sites: Sites,
    log: Callable,
    seed: tuple[np.ndarray, int | None],
) -> Solution:
    """A stationary pattern from a seed by accelerated self-consistency. **Collective.**

    seed : as of `seed_of`. Raises NotConverged.
    """
    delta, wave_number = seed
    problem = gap_equations(junction, sites)
    even = even_equations(problem, sites, delta)
    if even is None:
        root = accelerated(problem, comm, problem.unknowns(delta), log=log)
    else:
        root = accelerated(even, comm, even.unknowns(delta), log=log)
        root = replace(root, x=problem.unknowns(even.whole(root.x)))
    periods = f" with {wave_number} periods" if wave_number else ""
    log(
        f"initial: {given.initial.state} seed{periods}: "
        f"residual {root.residual:.1e} after {root.iterations} iterations"
    )
    if not root.residual < ACCEPTED * TOLERANCE:
        raise NotConverged(
            f"initial: SNES stopped with residual {root.residual:.1e} ({root.reason}); "
            "try another state or wave_number, or [petsc] initial_relax.snes_max_it"
        )
    return root


def even_equations(
    problem: Stationary, sites: Sites, delta: np.ndarray
) -> MirroredStationary | None:
    """The same for patterns as even as ``delta`` (N,); None where it is not even, or not real."""
    if problem.system.level_coupling is not None or not problem.system.commuting:
        return None
    mirrors, diagonal = sites.mirrors
    return mirrored(problem.system, mirrors, diagonal, delta + 0j, LARGEST_SECTOR)


def gap_equations(junction: Junction, sites: Sites) -> Stationary:
    """The gap equation of every site, a problem for `newton`."""
    return Stationary(SiteQuench(junction, sites, np.zeros(sites.count)))


def normal_levels(problem: Stationary, comm: Communicator) -> np.ndarray | None:
    """Shifts (2, N) of the normal state's levels, sought from none. **Collective.**

    None where levels do not shift. Raises NotConverged.
    """
    if problem.system.level_coupling is None:
        return None
    start = problem.unknowns(np.zeros(len(problem.system.onsite), complex))
    root = accelerated(problem, comm, start, NORMAL_TOLERANCE)
    if not root.residual < ACCEPTED * TOLERANCE:
        raise NotConverged(
            f"normal state: SNES stopped with residual {root.residual:.1e} ({root.reason})"
        )
    return problem.fields(root.x)[1]


def accelerated(
    problem: Stationary | MirroredStationary,
    comm: Communicator,
    x: np.ndarray,
    tolerance: float = TOLERANCE,
    log: Callable | None = None,
) -> Solution:
    """Anderson-accelerated self-consistency from x. **Collective.**

    With shifts of levels, which may go to and fro, a second time in smaller steps where needed.
    """
    options = {**ANDERSON, "snes_atol": tolerance}

    def iterate(more: dict) -> Solution:
        watch = None if log is None else StartProgress(log, tolerance, "initial").image
        return newton.relax(problem, comm, x, options | more, watch=watch)

    root = iterate({})
    if problem.system.level_coupling is None or root.residual < ACCEPTED * tolerance:
        return root
    return min(root, iterate(MIXED), key=lambda r: r.residual)


def polish(problem: Stationary, comm: Communicator, rough: Solution, log: Callable) -> Solution:
    """A root by Newton with phase and position fixed, or the rough one. **Collective.**"""
    options = {"ksp_rtol": 1e-2, "snes_max_it": 3, "snes_atol": 1e-12}
    progress = StartProgress(log, name="pattern: Newton")
    root = newton.solve(problem, comm, rough.x, options, watch=progress.image)
    if not root.residual < rough.residual:
        return rough
    log(f"pattern: Newton: residual {root.residual:.1e} ({root.reason})")
    return root


class Shifted(Stationary):
    """The gap equation of every site with a constant added to its residual."""

    def __init__(self, system: SiteQuench, constant: np.ndarray) -> None:
        """constant : (unknowns,), as the residual."""
        super().__init__(system)
        self.constant = constant

    def residual(self, x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """What is left of the mean field's equation and the constant, (unknowns,)."""
        return super().residual(x, sums) + self.constant


class ExactRoot(NamedTuple):
    """A root of exact leads, what bounds its own error, and its gap equation."""

    x: np.ndarray
    bound: float
    equations: Stationary


def exact_root(
    junction: Junction, sites: Sites, comm: Communicator, x: np.ndarray, log: Callable
) -> ExactRoot:
    """The root that exact leads have next to x. **Collective.**

    The residual of x with poles that are exact for this purpose goes through the
    linearised equations; with it goes the residual that x was left with.
    """
    problem = gap_equations(junction, sites)
    delta, shifts = problem.fields(x)
    level = problem.system.field_bound + float(np.abs(delta).max())
    if shifts is not None:
        level += float(np.abs(shifts).max())
    exact = nearly_exact(junction, comm, level)
    pair = [problem, gap_equations(exact, sites)]
    own, missed = (newton.Work(each, comm).residual(x) for each in pair)
    options = {"ksp_rtol": 1e-2, "snes_max_it": 2, "snes_atol": 1e-13}
    shifted = Shifted(problem.system, missed - own)
    watch = StartProgress(log, name="pattern: error").image
    root = newton.solve(shifted, comm, x, options, prefix="initial_error_", watch=watch)
    gain = max(1.0, float(np.abs(root.x - x).max() / max(np.abs(missed).max(), ROUNDING)))
    rest = max(fit.error for fit in exact.poles) * float(np.abs(sites.pairing).max())
    return ExactRoot(root.x, gain * (2 * root.residual + rest + ROUNDING), pair[1])


def order_parameter(x: np.ndarray, sites: Sites) -> np.ndarray:
    """The pattern of a root x (2N or 4N,), (Lx, Ly) complex."""
    pattern = x[: sites.count] + 1j * x[sites.count : 2 * sites.count]
    return pattern.reshape(sites.Lx, sites.Ly)
