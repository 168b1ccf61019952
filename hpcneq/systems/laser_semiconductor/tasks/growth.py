"""Task growth: how an infinitesimal order parameter grows in the driven normal state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import material
from ..physics.material import Material
from ..shared.curve import curve
from ..shared.grid_errors import beside_continuum, grid_errors, refined_points
from ..shared.model import material_at
from ..shared.remarks import remarks
from ..shared.steady_state import growth_rate


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Growth of Delta^* ~ exp(lambda t): eigenvalue and root of the condition. **Collective.**"""
    if given.sweep:
        return curve(given, comm, log, output, numbers)
    m, points = material_at(given.parameters), given.numerics.points
    found, finer = on_root(comm, lambda: (numbers(m, points), numbers(m, refined_points(given))))
    band = m.on(m.graded(points))
    order = np.argsort(band.k)
    out = output()
    out.axis("k", band.k[order])
    out.fixed("imbalance", material.imbalance(m, band)[order])
    warnings = remarks(given.parameters)
    if found["growth_rate"] <= -0.99 * m.Gamma12:
        warnings.insert(0, "no mode leaves the continuum: everything decays with Gamma12")
    log(f"growth: {found['growth_rate']:.8g} + {found['frequency']:.8g} i")
    errors = beside_continuum(m, found, grid_errors(found, finer, found))
    return Outcome("complete", found, errors, warnings)


def numbers(m: Material, points: int) -> dict[str, float]:
    """Growth rate and frequency with the input's self-consistency, and with the other one.

    points : momenta of positive k. Raises NotConverged if SNES is lost.
    """
    value, eigenvalue = growth_rate(m, points)
    other, _ = growth_rate(m.at(projected=not m.projected), points)
    name = "full" if m.projected else "projected"
    return {
        "growth_rate": value.real,
        "frequency": value.imag,
        "eigenvalue_rate": eigenvalue.real,
        f"{name}_rate": other.real,
        f"{name}_frequency": other.imag,
    }
