"""Task effective: populations at t_max against two bands at rest with interband pairing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .... import petsc
from ....parallel import Communicator, on_root
from ....solvers.evolution import Evolution
from ....solvers.mean_field import FieldState
from ....tasks import Given, Outcome, Output
from ..physics import effective_bands
from ..physics.collisions import Semiconductor
from ..shared import positivity
from ..shared.batches import FIELDS
from ..shared.grid_errors import GRID_FACTOR
from ..shared.model import moved_speeds, refined, semiconductor
from ..shared.momentum_fields import FIXED_STEP, MomentumFields

FIT = ("C", "delta_tilde", "rms")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Porta et al. 2019, Sec. III B and Fig. 3. **Collective.**

    Two bands at rest, paired between each other, that look like the driven state.
    """
    p, n = given.parameters, given.numerics
    model = semiconductor(p, n, n.drive)
    (before, *_), (last, n11, n22, ends) = fits(given, comm, model)
    errors: dict[str, object] = {}
    warnings = positivity.remarks(model, *ends) + moved_speeds(given)
    if n.error_estimate:
        fine, *_ = fits(given, comm, semiconductor(*refined(p, n), n.drive))[-1]
        for name, value in last.items():
            settling, change = abs(before[name] - value), abs(fine[name] - value)
            errors[name] = settling + GRID_FACTOR * change + 1e-9
        errors["fit"] = [errors[name] for name in FIT]
    else:
        warnings.append("no error estimates: [numerics] error_estimate = false")
    k = model.bands.k
    out = output()
    out.axis("k", k)
    out.fixed("n11", n11)
    out.fixed("n22", n22)
    out.fixed("n_eff", effective_bands.population(k, p.A1, p.A2, last["C"], last["delta_tilde"]))
    summary = {"fit": [last[name] for name in FIT]} | last
    summary |= dict(zip(("min_eigenvalue", "max_eigenvalue"), ends))
    return Outcome("complete", summary, errors, warnings)


def fits(
    given: Given, comm: Communicator, model: Semiconductor
) -> list[tuple[dict[str, float], np.ndarray, np.ndarray, tuple[float, float]]]:
    """[(numbers of the fit, n11, n22, ends)] at nine tenths of t_max and at t_max. **Collective.**

    n11, n22 : populations, (n,). ends : the extreme eigenvalues of the one-body matrix.
    """
    rows, p = [], given.parameters
    with petsc.Options(given.petsc) as options:
        state = FieldState(MomentumFields(model, given.initial.seed), comm)
        evolution = Evolution(
            state, given.run.t_max, given.numerics.dt, options, defaults=FIXED_STEP
        )

        def keep(row):
            whole = state.seen(row.array)
            fields = [whole[name].copy() for name in FIELDS]
            rows.append((fields, float(abs(row.c[0]))))

        try:
            evolution.run(keep, every=given.run.t_max / 10)
        finally:
            evolution.destroy()
    fitted = []
    for (first, second, n21, s), size in rows[-2:]:
        n11 = first.real
        n22 = second.real
        ends = on_root(comm, model.eigenvalues, n11, n22, n21, s)
        fit = on_root(comm, effective_bands.fit, model.bands.k, n11, n22, p.A1, p.A2)
        fitted.append((dict(zip(FIT, fit)) | {"delta_final": size}, n11, n22, ends))
    return fitted
