"""Task ``pattern`` of the nsn-junction: a stationary order parameter, free on every site."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....solvers.newton import Solution
from ....tasks import Given, Outcome, Output
from ..physics import patterns
from ..physics.junction import Junction
from ..physics.site_lattice import Sites
from ..shared.input_junction import build_junction, loosen_poles
from ..shared.input_sites import build_sites
from ..shared.site_patterns import (
    accelerated,
    gap_equations,
    noise_seed,
    order_parameter,
    polish,
    seed_of,
    self_consistent,
)

FINE = 1e-10  # residual of the pattern with looser poles
CAUTION = 10.0  # factor of what the residuals may change


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Delta_j = -i U_j G^<_{j up, j hole}, nothing assumed of the pattern. **Collective.**

    Kawamura & Ohashi 2025, Eq. (21). Self-consistency accelerated, then Newton. Errors: what ten
    times the pole error changes, and the residual times the largest step that Newton took per
    residual. Not every pattern is stable: evolve it.
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
    root, reach = polish(gap_equations(junction, sites), comm, rough, log)
    delta = order_parameter(root, sites)
    _write(output(), sites, delta)
    summary = patterns.describe_sites(delta)
    errors = {}
    if given.numerics.error_estimate:
        loose = loosen_poles(given, comm, junction, output.recall)
        errors = _errors(comm, loose, sites, root, reach)
    summary |= {
        "residual": root.residual,
        "iterations": root.iterations,
        "pole_error": max(fit.error for fit in junction.poles),
    }
    return Outcome("complete", summary, errors, [])


def _errors(comm, loose: Junction, sites: Sites, root: Solution, reach: float) -> dict[str, float]:
    """Errors of a pattern from that with looser poles. **Collective.**

    reach : change of the order parameter per residual.
    """
    other = accelerated(gap_equations(loose, sites), comm, root.x, FINE)
    fine, coarse = (patterns.describe_sites(order_parameter(x, sites)) for x in (root, other))
    residuals = CAUTION * max(reach, 1.0) * (root.residual + other.residual)
    numbers = ("delta_max", "delta_rms", "stripe_fraction")
    return {key: abs(coarse[key] - fine[key]) + residuals for key in numbers}


def _write(out, sites: Sites, delta: np.ndarray) -> None:
    """Data sets over (x, y). **Collective.**"""
    out.axis("x", np.arange(sites.Lx))
    out.axis("y", np.arange(sites.Ly))
    out.fixed("delta", delta)
    out.fixed("potential", sites.potential.reshape(delta.shape))
    out.fixed("pairing", sites.pairing.reshape(delta.shape))
