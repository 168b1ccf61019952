"""Task ``pattern`` of the nsn-junction: a stationary order parameter, free on every site."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output
from ..physics import patterns
from ..physics.junction import Junction
from ..physics.site_lattice import Sites
from ..shared.input_junction import build_junction
from ..shared.input_sites import build_sites
from ..shared.site_patterns import (
    exact_root,
    gap_equations,
    noise_seed,
    order_parameter,
    polish,
    seed_of,
    self_consistent,
)

CAUTION = 2.0  # factor of what the exact leads change


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Delta_j = -i U_j G^<_{j up, j hole}, nothing assumed of the pattern. **Collective.**

    Kawamura & Ohashi 2025, Eq. (21). Self-consistency accelerated, then Newton. Errors: what exact
    leads change, by the linearised equations. Not every pattern is stable: evolve it.
    """
    junction = build_junction(given, comm, output.recall)
    sites = build_sites(given, comm, output.recall)
    seed, wave_number = seed_of(given, comm, junction, given.initial.state)
    if given.initial.noise:
        seed = seed + patterns.site_noise(sites.count, given.initial.noise, noise_seed(given))
    try:
        rough = self_consistent(given, comm, junction, sites, log, (seed, wave_number))
    except NotConverged as error:
        return Outcome("not-converged", {}, {}, [str(error)])
    root = polish(gap_equations(junction, sites), comm, rough, log)
    delta = order_parameter(root.x, sites)
    _write(output(), sites, delta)
    summary = patterns.describe_sites(delta)
    errors = {}
    if given.numerics.error_estimate:
        errors, delta_error = _errors(comm, junction, sites, root.x)
        output().fixed("delta_error", delta_error)
    summary |= {
        "residual": root.residual,
        "iterations": root.iterations,
        "pole_error": max(fit.error for fit in junction.poles),
    }
    return Outcome("complete", summary, errors, [])


def _errors(
    comm: Communicator, junction: Junction, sites: Sites, x: np.ndarray
) -> tuple[dict[str, float], np.ndarray]:
    """(errors of the numbers of a pattern, that of the pattern (Lx, Ly)). **Collective.**"""
    exact, bound = exact_root(junction, sites, comm, x)
    pair = [order_parameter(root, sites) for root in (x, exact)]
    ours, theirs = (patterns.describe_sites(delta) for delta in pair)
    numbers = ("delta_max", "delta_rms", "stripe_fraction")
    errors = {key: CAUTION * abs(theirs[key] - ours[key]) + bound for key in numbers}
    return errors, CAUTION * np.abs(pair[1] - pair[0]) + bound


def _write(out, sites: Sites, delta: np.ndarray) -> None:
    """Data sets over (x, y). **Collective.**"""
    out.axis("x", np.arange(sites.Lx))
    out.axis("y", np.arange(sites.Ly))
    out.fixed("delta", delta)
    out.fixed("potential", sites.potential.reshape(delta.shape))
    out.fixed("pairing", sites.pairing.reshape(delta.shape))
