"""Task response of the exciton-bec system: M over momenta and frequencies.

Every docstring names a change of the code under which the test was seen to fail.
"""

from dataclasses import replace

import numpy as np
import pytest
from support.exciton_runs import run, wide

from hpcneq.systems.exciton_bec.physics import (
    determinant,
    response,
    steady_states,
)
from hpcneq.systems.exciton_bec.physics.gap_equations import Condensate, Drive


@pytest.mark.parallel
def test_pieces_of_the_grid_over_ranks_give_the_same_response(comm):
    """(q, w) points handed out to ranks, two decays: M as of each state alone, det and Im M^-1 as
    its own.

    Fails with w and q exchanged. To 3e-8: the task's state is polished, 1e-12 from the seed, which
    may cut one panel more where they are as long as here.
    """
    q, w = np.array([0.0, 0.1]), np.array([0.0, 0.3])
    result = run(
        "response",
        parameters={"ratios": [0.1, 0.3], "gamma_b": 0.02, "growth": 0.01},
        numerics={"panels": 0.4, "p_c": 30.0},
        sweep={"q": q.tolist(), "w": w.tolist()},
    )
    M = np.asarray(result.M)
    for i, ratio in enumerate((0.1, 0.3)):
        s = steady_states.solve(Drive(0.0, ratio, 0.02, 30.0))
        for j, k in enumerate(q):
            wanted = response.matrices(s, float(k), w + 0.01j, fine=0.4)
            assert M[i, j] == pytest.approx(wanted, abs=3e-8)
            assert np.asarray(result.ImMinv)[i, j] == pytest.approx(
                np.linalg.inv(M[i, j]).imag, rel=1e-9
            )
    assert np.asarray(result.det) == pytest.approx(np.linalg.det(M), rel=1e-9)


def test_the_lowest_sign_change_is_interpolated():
    """By linear interpolation, only at w > 0, nan where there is none.

    Fails if the last one is taken.
    """
    w = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.array([[1.0, 1.0, -3.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    assert determinant.crossing(w, values) == pytest.approx(np.array([1.25, np.nan]), nan_ok=True)
    assert np.isnan(determinant.crossing(w[:1], values[:, :1])).all()


def test_a_cool_bath_responds_as_one_at_zero_temperature():
    """At T_b -> 0 the digamma forms go over into the logarithms, M at T_b = 1e-5 is that at 0 to
    2e-6.

    Fails with log |x| for the smeared logarithm.
    """
    s = wide()
    warm = Condensate(s.delta, s.mu, s.mt, replace(s.drive, T=1e-5))
    for q, w in ((0.3, [0.02 - 0.01j, 0.4, 0.05j]), (0.0, [0.1])):
        assert response.matrices(warm, q, w, fine=0.6) == pytest.approx(
            response.matrices(s, q, w, fine=0.6), abs=2e-6
        )
