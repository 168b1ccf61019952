"""What the tasks that look at responses of a state cost."""

from __future__ import annotations

import numpy as np

from ....tasks import Cost, Given
from . import cost
from .setup import setup_of

COUNTED = 4000  # evaluations of the mean field's answer at a state
KRYLOV = 3000  # products
RATE = 4e9  # flops of complex matrix products a second, with what is around them


def modes(given: Given, ranks: int) -> Cost:
    """The cost of the states, and of the evaluations of the mean field's answer."""
    setup = setup_of(given)
    states = cost.steady(given, ranks)
    core = cost.core_levels(setup.form, setup.reservoirs)
    fields = 2 * setup.field.fields
    biases = len(given.sweep.get("eV", np.zeros(1)))
    counted = COUNTED * (2.0 * core * fields * (core**2 + core * fields) * 8 / RATE + 5e-4)
    krylov = KRYLOV * (given.numerics.count + 1) * 64.0 * core**3 / RATE
    seconds = {"det": counted, "krylov": krylov}
    method = given.numerics.method
    if method == "auto":
        method = "det" if fields <= 160 and core <= 400 else "krylov"
    most = min(core, 16) if method == "det" else 1
    return Cost(
        states.core_seconds + seconds[method] * biases,
        states.bytes_per_rank + 16.0 * 40 * core**2,
        max(1, most),
        (f"{fields} entries of the mean field, by {method}", *states.notes),
    )
