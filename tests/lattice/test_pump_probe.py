"""Conductivities after a pulse: kicks in time, linear equations, whole evolutions."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import chain, wide

import hpcneq
from hpcneq.errors import InputError

LEADS = {"a": wide([0], 0.5, T=0.2), "b": wide([1], -0.5, T=0.2)}
NUMERICS = {"seeds": 0, "dt": 0.2, "length": 8.0, "width": 0.8, "points": 4, "energy_max": 4.0}


def run(task="pump-probe", **tables):
    """The result of a run in this process; two sites with pairs between metals."""
    tree = {
        "parameters": {"eV": 0.3},
        "model": chain(2),
        "interaction": {"U": 4.0},
        "leads": LEADS,
        "numerics": NUMERICS,
    }
    return hpcneq.run({"system": "lattice", "task": task, **tree, **tables})


def test_a_state_that_rests_answers_with_its_conductivity():
    """Kicks in time give what the linear equations do, to the error told, which is not idle."""
    result = run()
    miss = np.abs(np.asarray(result.sigma)[0] - np.asarray(result.sigma_still))
    error = np.asarray(result.sigma_error)[0]
    assert np.all(miss < error) and error.max() < 0.05 * np.abs(result.sigma_still).max()
    assert result.summary["delta_max"] > 0.5
    assert np.asarray(result.delta_max_at)[0] == pytest.approx(
        result.summary["delta_max"], abs=1e-6
    )


@pytest.mark.nightly
def test_the_answer_after_a_step_is_a_difference_of_evolutions():
    """A kick of 1e-3 at t = 2 after a step of the bias: two whole evolutions, with it and without,
    to what its square and the straight lines between rows leave.
    """
    step = {"from": 0.3, "to": 1.5, "kind": "step"}
    numerics = {**NUMERICS, "dt": 0.05}
    result = run(parameters={"eV": step, "delay": 2.0}, numerics=numerics)
    kick = {"from": 0.0, "to": 1e-3, "at": 2.0, "kind": "step"}
    few = {"seeds": 0, "dt": 0.05, "error_estimate": False}
    tables = {"parameters": {"eV": step}, "numerics": few}
    tables["run"] = {"t_max": 10.0, "output_every": 0.05}
    still = run("evolve", **tables)
    moved = run("evolve", **tables, vector_potential={"A": [kick]})
    rows = slice(40, None)  # from t = 2 on; the row there is from before the kick
    current = [np.asarray(part.bond_current)[rows, 0] / 2 for part in (still, moved)]
    change, s = current[1] - current[0], np.asarray(still.t)[rows] - 2.0
    change[0] = 3 * change[1] - 3 * change[2] + change[3]
    weights = np.full(len(s), 0.05)
    weights[[0, -1]] *= 0.5
    for w, sigma in zip(np.asarray(result.energy), np.asarray(result.sigma)[0]):
        known = -(weights * change) @ np.exp(1j * (w + 0.8j) * s) / 1e-3
        assert abs(sigma - known) < 5e-3 * np.abs(np.asarray(result.sigma)).max()
    assert result.summary["change_max"] > 0.02


def test_what_pump_probe_cannot_do():
    with pytest.raises(InputError, match="direction"):
        run(parameters={"eV": 0.3, "direction": "y"})
    with pytest.raises(InputError, match="resolve frequencies"):
        run(numerics={**NUMERICS, "dt": 1.0})
    pair = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "T": 0.1}
    with pytest.raises(InputError, match="different bias"):
        run(leads={"a": {**pair, "bias": 0.5}, "b": {**pair, "bias": -0.5}})


@pytest.mark.parallel
def test_ranks_agree_on_delays(comm):
    """Ranks take delays: the numbers of one rank."""
    numerics = {**NUMERICS, "length": 1.6, "error_estimate": False, "fit_error": 1e-2}
    lead = {"a": wide([0], 1.0, T=0.2)}
    step = {"from": 0.0, "to": 1.0, "kind": "step"}
    result = run(
        leads=lead,
        interaction={},
        parameters={"eV": step},
        sweep={"delay": [0.0, 0.4, 0.8]},
        numerics=numerics,
    )
    np.testing.assert_allclose(np.asarray(result.sigma)[:, 1], KNOWN, atol=1e-11)


KNOWN = [
    (0.3173852859156643 + 0.017003168149578633j),
    (0.31092888555648646 + 0.013611408939950166j),
    (0.2976173490320749 + 0.009931113914312908j),
]  # of one rank
