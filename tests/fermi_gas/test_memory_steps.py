"""Exponential steps of the gas between reservoirs with memory: against Runge-Kutta's, at rest, in
pieces and on ranks.
"""

import functools

import numpy as np
import pytest

import hpcneq
from hpcneq import petsc
from hpcneq.maths import poles
from hpcneq.parallel import solo
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.mean_field import FieldState
from hpcneq.solvers.propagated_fields import PropagatedState
from hpcneq.systems.fermi_gas.physics import ramp
from hpcneq.systems.fermi_gas.physics.memory_stepping import SteppedMemory
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from tests.support.pole_systems import Kept

BATHS = Baths(0.02, 0.0, 0.145)
D, Q = 0.12, 0.1
CALM = {"ts_rk_type": "4", "ts_adapt_type": "none"}


@functools.lru_cache
def system(kick=5e-3, free=True):
    """A few momenta with memory while dmu rises; Q free or held."""
    few = poles.fit("aaa", 0.0, BATHS.width, 3.0, 1e-2)
    rise = ramp.Ramp(0.145, 0.165, 1.0, 2.5, back=True)
    moved = Q + 0.01 if free else None
    return SteppedMemory(few, BATHS, -1.0, rise, D + kick, (D, Q), 1.4, 0.1, 0.1, 4, start_Q=moved)


def evolved(dt, t_max=6.0, kind=PropagatedState, comm=None, keeper=None, equations=None):
    """(t, Delta and Q at them, the state's fields at the end)."""
    petsc.start()
    state, rows = (
        kind(equations or system(), comm or solo(), keeper is None or not keeper.saved),
        [],
    )
    with petsc.Options({}) as given:
        evolution = Evolution(state, t_max, dt, given, keeper=keeper, defaults=CALM)
        evolution.run(lambda row: rows.append((row.t, *row.c[[0, 2]])), None, 1.0)
        evolution.destroy()
    t, delta, q = np.array(rows).T
    return t.real, np.array([delta, q]), state.view(state.flat)


def test_steps_agree_with_those_of_runge_kutta():
    """Delta and Q with closed ends while dmu rises and falls, to 3e-5 and 1e-6; the error of Delta
    falls by 6 where the step is halved.

    Fails without the drift of H in the propagator, in the modes' sources or in the push of g, with
    the rates of the start, without the bend of Q^2, and without dmu in the acceleration.
    """
    exact = evolved(0.1, kind=FieldState)[1]
    coarse, fine = (np.abs(evolved(dt)[1] - exact).max(axis=1) for dt in (0.25, 0.125))
    assert fine[0] < 3e-5 and fine[1] < 1e-6
    assert fine[0] < coarse[0] / 6


def test_a_state_at_rest_stays_for_any_step():
    """With Delta and Q that do not move every field is back after a step of 1 and of 30: 1e-12.

    Fails with a source that is not exact in the levels.
    """
    still = system(0.0, False)
    part = range(still.items)
    local = {name: np.array(values, complex) for name, values in still.start(part).items()}
    out = {name: np.full_like(values, np.nan) for name, values in local.items()}
    c = np.array([still.Delta, 0, still.Q, 0, 0, 1.0, 0])
    begun = still.begin(0.0, c, local, part)
    for step in (1.0, 30.0):
        still.propagate(5e3, step, (c, c), begun, (local, out), part)
        for name in ("g", "pi"):
            assert np.abs(out[name] - local[name]).max() < 1e-12, (name, step)


@pytest.mark.parallel
def test_ranks_and_pieces_give_the_same_steps(comm):
    """On any ranks what one gives, to 1e-12; taken up from its fourth step, in a rise of dmu, the
    same bits.

    Fails where the history, or what Delta moves velocities by, is not kept.
    """
    together, kept = evolved(0.4, comm=comm), Kept(4)
    alone = evolved(0.4)
    assert np.abs(together[1] - alone[1]).max() < 1e-12
    whole = evolved(0.4, comm=comm, keeper=kept)[2]
    rest = evolved(0.4, comm=comm, keeper=Kept(saved=kept))[2]
    for name, values in whole.items():
        assert values.tobytes() == rest[name].tobytes() == together[2][name].tobytes()


@pytest.mark.parallel
def test_the_task_takes_exponential_steps_on_ranks(shared_tmp):
    """From the input, on any ranks; with an option of PETSc its own steps, which agree to 1e-4.

    Fails where the cost, which one rank alone asks for, starts PETSc.
    """
    tree = {
        "system": "fermi-gas",
        "task": "evolve",
        "parameters": {"gamma": 0.04, "dmu": 0.05},
        "numerics": {"model": "memory", "fine": 0.25, "p_c": 1.5, "error_estimate": False},
        "run": {"t_max": 4.0, "output_every": 2.0},
    }
    new = hpcneq.run(tree, output=shared_tmp / "new.h5")
    old = hpcneq.run(tree | {"petsc": {"evolve": {"ts_type": "rk"}}}, shared_tmp / "old.h5")
    assert new.summary["steps"] < 0.5 * old.summary["steps"]
    assert abs(new.summary["delta_final"] - old.summary["delta_final"]) < 1e-4


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["NIG", "NFF'"])
def test_told_errors_bound_the_change_to_runge_kutta(name):
    """|Delta| from the task: PETSc's own steps differ by less than the largest error told.

    Fails with steps that neither resolve what turns fast nor let it die.
    """
    tree = {
        "system": "fermi-gas",
        "task": "evolve",
        "parameters": {"dmu": 0.145, "branch": name, "free_Q": name != "NIG"},
        "numerics": {"model": "memory", "p_c": 1.5, "fine": 0.2, "angles": 4, "dt": 0.5},
        "initial": {"kick": 1e-3},
        "run": {"t_max": 60.0, "output_every": 2.0},
    }
    new = hpcneq.run(tree)
    tree["numerics"] |= {"error_estimate": False, "dt": 0.125}
    old = hpcneq.run(tree | {"petsc": {"evolve": {"ts_type": "rk"}}})
    assert np.allclose(new.t[:], old.t[:])
    assert np.abs(new.size[:] - old.size[:]).max() < new.summary["size_error"]
