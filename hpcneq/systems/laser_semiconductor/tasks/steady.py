"""Task steady: order parameter and threshold beside the paper's formulas, at a point or a curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....maths.bands import Bands
from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import material, published_formulas
from ..physics.material import Material
from ..shared import linear_stability
from ..shared.curve import curve
from ..shared.grid_errors import ROUNDING, grid_errors, refined_points
from ..shared.model import material_at
from ..shared.remarks import remarks
from ..shared.steady_state import order_parameter, threshold, turning_order

if TYPE_CHECKING:
    from ....files.writer import ResultFile


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Goldstein, Aron and Chamon 2015, Eqs. (10)-(33), (36)-(46), (A13). **Collective.**"""
    if given.sweep:
        return curve(given, comm, log, output, lambda m, n: numbers(m, n) | formulas(m)[0])
    m, points = material_at(given.parameters), given.numerics.points
    found, finer = on_root(comm, lambda: (numbers(m, points), numbers(m, refined_points(given))))
    turned = m.at(turning=found["turning"])
    write_fields(output(), turned, m.on(m.graded(points)), found["delta"])
    table, used = formulas(m)
    errors = grid_errors(found, finer, [name for name in found if not name.endswith("stable")])
    errors |= {name: ROUNDING * (1 + abs(value)) for name, value in table.items()}
    log(
        f"steady: |Delta| = {found['delta']:.8g} (formula {found['delta_analytic']:.6g}), "
        f"V_c = {found['V_c']:.6g} (formula {found['V_c_analytic']:.6g})"
    )
    summary = linear_stability.named(found) | {"formulas_used": used} | table
    warnings = linear_stability.remarks_of_point(found) + remarks(given.parameters)
    return Outcome("complete", summary, errors, warnings)


def numbers(m: Material, points: int) -> dict[str, complex]:
    """Order parameter, threshold, particle source and stability, the paper's formulas for two.

    points : momenta of positive k. Raises NotConverged if SNES is lost.
    """
    delta, band = order_parameter(m, points), m.on(m.graded(points))
    turning = 0.0
    if delta == 0:
        delta, turning = turning_order(m, points)
    turned = m.at(turning=turning)
    V_c, turning_c = threshold(m, points)
    table, first, second = published_formulas.at_resonance(m)
    analytic = table[second] if second and m.projected else 0.0
    return {
        "delta": delta,
        "V_c": float(V_c),
        "delta_analytic": float(analytic),
        "V_c_analytic": float(table[first]),
        "particle_source": float(material.source(turned, band, delta)),
        "turning": turning,
        "turning_c": turning_c,
        **linear_stability.verdicts(turned, delta, points),
    }


def formulas(m: Material) -> tuple[dict[str, float], str]:
    """({"V_c_22": value, ...} of all formulas of the paper, the two that hold at this point)."""
    table, first, second = published_formulas.at_resonance(m)
    named = {name.replace(" ", "_"): float(value) for name, value in table.items()}
    return named, f"{first}, {second or 'none'}"


def write_fields(out: ResultFile, m: Material, band: Bands, delta: float) -> None:
    """Populations and pair amplitudes of the steady state over k. **Collective.**"""
    order = np.argsort(band.k)
    out.axis("k", band.k[order])
    n11, n22 = material.populations(m, band, delta**2)
    out.fixed("n11", n11[order])
    out.fixed("n22", n22[order])
    out.fixed("n", (n11 + n22)[order])
    out.fixed("s", material.pair_amplitude(m, band, delta)[order])
