"""Tasks on the collective modes of the driven electron-hole condensate: response, modes, boundary.

Every docstring names a change of the code under which the test was seen to fail.
"""
import numpy as np
import pytest

import hpcneq
from hpcneq.errors import InputError
from hpcneq.systems.exciton_bec import response as theory
from hpcneq.systems.exciton_bec import states
from hpcneq.systems.exciton_bec.states import Drive
from hpcneq.tasks import exciton_response

pytestmark = pytest.mark.exciton


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "exciton-bec", "task": task, **tables})


@pytest.mark.parallel
def test_pieces_of_the_grid_over_ranks_give_the_same_response(comm):
    """(q, w) points handed out to ranks, two decays: M as on one rank, to 1e-11, det and Im M^-1 as its own. Fails with w and q exchanged."""
    q, w = np.array([0.0, 0.1]), np.array([0.0, 0.3])
    found = run("response", parameters={"ratios": [0.1, 0.3], "gamma_b": 0.02, "growth": 0.01}, numerics={"panels": 0.4, "p_c": 30.0},
                sweep={"q": q.tolist(), "w": w.tolist()})
    M = np.asarray(found.M)
    for i, ratio in enumerate((0.1, 0.3)):
        s = states.solve(Drive(0.0, ratio, 0.02, 30.0))
        for j, k in enumerate(q):
            wanted = theory.matrices(s, float(k), w + 0.01j, fine=0.4)
            assert M[i, j] == pytest.approx(wanted, abs=1e-10)
            assert np.asarray(found.ImMinv)[i, j] == pytest.approx(np.linalg.inv(M[i, j]).imag, rel=1e-9)
    assert np.asarray(found.det) == pytest.approx(np.linalg.det(M), rel=1e-9)


def test_the_lowest_sign_change_is_interpolated():
    """By linear interpolation, only at w > 0, nan where there is none. Fails if the last one is taken."""
    w = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.array([[1.0, 1.0, -3.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    assert exciton_response.crossing(w, values) == pytest.approx(np.array([1.25, np.nan]), nan_ok=True)
    assert np.isnan(exciton_response.crossing(w[:1], values[:, :1])).all()


def test_bad_response_input_is_named():
    """Below the analytic half plane nothing is computed; a negative momentum is not one. Fails if either is let through."""
    with pytest.raises(InputError, match="growth"):
        run("response", parameters={"ratio": 0.1, "growth": -0.5})
    with pytest.raises(InputError, match="q = -0.1"):
        run("response", parameters={"ratio": 0.1}, sweep={"q": [-0.1, 0.1]})
