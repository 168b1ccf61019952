"""Output times of long evolutions with a fixed step."""

import numpy as np
import pytest

from hpcneq import petsc
from hpcneq.parallel import solo
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.mean_field import FieldState
from hpcneq.solvers.output_times import aligned, row_times


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


@pytest.mark.parametrize(
    "breakpoints, step, every, expected",
    [
        ([2.5], 0.25, 1.0, [0, 1, 2, 2.5, 3, 4, 5, 6]),
        ([2.6], 0.25, 1.0, [0, 1, 2, 2.6, 3.1, 4.1, 5.1, 6]),
        ([], 0.4, 1.0, [0, 0.8, 1.6, 2.4, 3.2, 4, 4.8, 5.6, 6]),
        (0.01 * np.arange(1, 600), 0.25, 3.0, [0, 3, 6]),
        (0.01 * np.arange(1, 600), 0.25, 2.5, [0, 2.5, 5, 6]),
        ([6 * (1 - 1e-12), 1e-12, 2, 2 + 1e-12], 0.25, 3.0, [0, 2, 3, 6]),
    ],
)
def test_rows_stay_on_multiples_of_the_output_interval(breakpoints, step, every, expected):
    """Behind a breakpoint rows are the steps next to the multiples, not the breakpoint plus them;
    many breakpoints get no rows of their own, and those that are one, 0 or t_max are no others.
    """
    assert row_times(6.0, breakpoints, step, every) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("breakpoints", [[2.25], [2.5, 7.25], [1.1, 4.4], [2.6, 3.3]])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_rows_of_twice_the_step_are_rows(breakpoints, stride):
    """Errors in time compare a run with that of twice the step: every row of the latter, but those
    of the half steps put between, is one of the former, whatever the breakpoints.
    """
    rows = row_times(20.0, breakpoints, 0.25, 0.25 * stride)
    edges = aligned(20.0, breakpoints, 0.5)
    coarse = row_times(20.0, edges, 0.5, 0.5 * stride)
    missing = [t for t in coarse if np.abs(rows - t).min() > 1e-9]
    assert set(missing) <= set(edges) - set(breakpoints)
    assert len(coarse) > 0.4 * len(rows)
