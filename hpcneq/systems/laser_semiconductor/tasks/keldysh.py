"""Task keldysh: the saddle point of the Keldysh action against the gap equation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import keldysh
from ..shared.grid_errors import ROUNDING
from ..shared.model import material_at
from ..shared.steady_state import order_parameter

START_POINTS = 64  # momenta from which the default order parameter is found


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Goldstein, Aron and Chamon 2015, Eq. (53), corrected, over the gap equation. **Collective.**

    The ratio is 1 to all orders in Delta.
    """
    m, n = material_at(given.parameters), given.numerics

    def compute():
        delta = given.parameters.delta or order_parameter(m, START_POINTS) or m.Gamma
        band = m.on(m.graded(n.points))
        values = [
            keldysh.functional(m, band, delta, count)
            for count in (n.frequencies, 7 * n.frequencies // 8)
        ]
        return delta, band, values, keldysh.gap_equation(m, band, delta)

    delta, band, (fine, coarse), wanted = on_root(comm, compute)
    ratio, coarse_ratio = (
        float(((band.weight * values).sum() / (band.weight * wanted).sum()).real)
        for values in (fine, coarse)
    )
    worst = float(np.abs(fine / wanted - 1).max())
    order = np.argsort(band.k)
    out = output()
    out.axis("k", band.k[order])
    out.fixed("functional", fine[order].imag)
    out.fixed("gap_equation", wanted[order].imag)
    log(f"keldysh: ratio {ratio:.10f} at Delta = {delta:.6g}, worst momentum {worst:.1e}")
    errors = {
        "ratio": 3 * abs(ratio - coarse_ratio) + ROUNDING,
        "delta": ROUNDING,
        "worst": worst + ROUNDING,
    }
    return Outcome("complete", {"ratio": ratio, "worst": worst, "delta": delta}, errors, [])
