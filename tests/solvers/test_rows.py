"""Output times of long evolutions with a fixed step."""

import numpy as np
import pytest

from hpcneq import petsc
from hpcneq.parallel import solo
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.mean_field import FieldState


class Turning:
    """du/dt = -iu."""

    items, fields = 1, {"u": ()}

    def start(self, part):
        return {"u": np.ones(len(part))}

    def partials(self, t, local, part):
        return np.zeros((len(part), 1), complex)

    def close(self, sums):
        return sums

    def breakpoints(self, t_max):
        return []

    def rhs(self, t, side, local, c, out, part):
        out["u"][:] = -1j * local["u"]


@pytest.mark.parametrize("step", [0.1156, 0.1523])
def test_rows_of_many_steps_are_those_of_the_steps(step):
    """Sums of ten thousand steps drift from their multiples: rows are still the state at the steps'
    ends, each once.

    With these steps TS was asked to interpolate beyond the last step, and failed.
    """
    petsc.start()
    options, rows = petsc.Options({}), []
    with options:
        evolution = Evolution(
            FieldState(Turning(), solo()),
            9500 * step,
            step,
            options,
            defaults={"ts_rk_type": "4", "ts_adapt_type": "none"},
        )
        evolution.run(lambda row: rows.append((row.t, complex(row.array[0]))), every=5 * step)
        evolution.destroy()
    t, u = (np.array(x) for x in zip(*rows))
    z = -1j * step
    factor = 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24
    assert len(t) == 1901 and np.abs(t - 5 * step * np.arange(1901)).max() < 1e-6
    assert np.abs(u - factor ** (5 * np.arange(1901))).max() < 1e-9
