"""Evolutions through the task, against chains of many sites, a separate program, another system."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import chain, wide

import hpcneq
from hpcneq import cli
from hpcneq.errors import InputError

STEP = {"from": 0.0, "to": 1.0, "kind": "step"}
ISLAND = {
    "system": "lattice",
    "task": "evolve",
    "parameters": {"eV": STEP},
    "model": chain(12),
    "interaction": {"U": 3.0},
    "leads": {"left": wide({"x": "min"}, 0.5), "right": wide({"x": "max"}, -0.5)},
    "numerics": {"dt": 0.1, "error_estimate": False, "seeds": 0},
    "run": {"t_max": 2.0, "output_every": 1.0},
}


def test_island_after_a_step_of_the_bias():
    """|D_1|, |D_6| and the current at t = 2 of a separate program (its numbers: to 1e-5)."""
    result = hpcneq.run(ISLAND)
    assert list(np.asarray(result.t)) == [0.0, 1.0, 2.0]
    delta = np.abs(np.asarray(result.delta)[-1])
    assert delta[0] == pytest.approx(0.80448, abs=2e-5)
    assert delta[5] == pytest.approx(0.92896, abs=2e-5)
    assert np.asarray(result.current)[-1, 0] == pytest.approx(0.09569, abs=2e-5)
    assert result.summary["number"] == pytest.approx(12, abs=1e-8)
    assert result.summary["start"]["delta_max"] == pytest.approx(0.9290509, abs=5e-6)
    assert set(result.summary["current"]) == {"left", "right"}
    assert -1e-5 < result.summary["occupation_min"]
    np.testing.assert_allclose(np.asarray(result.pair_source_at), 0, atol=1e-8)


def test_a_stationary_state_stays():
    """Without a change nothing moves, whatever the step."""
    tree = {**ISLAND, "parameters": {"eV": 0.5}, "numerics": {"dt": 0.5, "error_estimate": False}}
    result = hpcneq.run(tree)
    delta = np.abs(np.asarray(result.delta))
    np.testing.assert_allclose(delta[-1], delta[0], atol=1e-9)


def test_transient_current_of_a_level():
    """(n, dN/dt) of one spin after a step of the bias on the coupled state: chains of 801 sites."""
    lead = {"kind": "chain", "sites": [0], "hopping": 1.0, "contact": 0.5, "T": 0.02}
    result = hpcneq.run(
        {
            "system": "lattice",
            "task": "evolve",
            "parameters": {"eV": STEP},
            "model": chain(1, onsite=[{"on": "s", "value": 0.3}]),
            "leads": {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}},
            "numerics": {"dt": 0.1, "fit_error": 1e-4, "floor": 1e-5, "error_estimate": False},
            "run": {"t_max": 5.0, "output_every": 1.0},
        }
    )
    n, current = np.asarray(result.density)[:, 0] / 2, np.asarray(result.current)[:, 0] / 2
    np.testing.assert_allclose(n[[0, 1, 2, 5]], [0.297579, 0.300445, 0.320519, 0.361332], atol=2e-4)
    np.testing.assert_allclose(current[[0, 1, 2, 5]], [0, 0.101792, 0.125288, 0.113403], atol=2e-4)


def ring(t_max):
    """The junction's ring of six sites between two leads, as a user's model."""
    sites = list(range(6))
    leads = {"T": 0.1, "gamma": 0.1, "sites": sites, "kind": "wide"}
    return {
        "system": "lattice",
        "task": "evolve",
        "parameters": {"eV": {"from": 0.0, "to": 1.5}},
        "model": chain(6, True, onsite=[{"on": "s", "value": [[-0.2, 0.0], [0.0, 0.2]]}]),
        "interaction": {"U": 3.0},
        "leads": {"left": {**leads, "bias": 0.5}, "right": {**leads, "bias": -0.5}},
        "numerics": {"dt": 0.1, "error_estimate": False, "seeds": 0},
        "run": {"t_max": t_max, "output_every": 2.0},
    }


def test_the_junction_as_a_users_model():
    """|D|(0) = .5479929, D(2) = .4599556, current .0280843 a site: the other system's numbers."""
    result = hpcneq.run(ring(2.0))
    delta = np.abs(np.asarray(result.delta))
    assert delta[0, 0] == pytest.approx(0.5479929, abs=2e-5)
    assert delta[1, 0] == pytest.approx(0.4599556, abs=5e-5)
    assert abs(np.asarray(result.current)[1, 0]) / 6 == pytest.approx(0.0280843, abs=2e-5)


def test_closed_quench_swings_about_a_smaller_value(monkeypatch):
    """A constant density of states, attraction raised: D_inf/D_f < 1, number conserved."""
    monkeypatch.chdir(f"{hpcneq.__path__[0]}/../inputs/lattice")
    result = hpcneq.run(
        {
            "system": "lattice",
            "task": "evolve",
            "model": {"python": "flat_band.py:build", "arguments": {"N": 24, "width": 8.0}},
            "interaction": {"U": {"from": 3.2, "to": 4.0}},
            "initial": {"T": 0.01},
            "numerics": {"dt": 0.1, "error_estimate": False},
            "run": {"t_max": 6.0, "output_every": 0.1},
        }
    )
    delta = np.abs(np.asarray(result.delta))
    assert np.ptp(delta, axis=1).max() < 1e-8  # uniform
    np.testing.assert_allclose(np.asarray(result.density).sum(1), 24, atol=1e-8)
    assert delta[0, 0] == pytest.approx(4.0 / 3.2 * result.summary["start"]["delta_max"], rel=1e-6)
    assert 0.9 < delta[20:, 0].mean() < 1.14
    assert "current" not in result


def test_vector_potential_drives_a_current_round_a_ring():
    """A step of A on a ring of free electrons: the bond current of h e^{iA} at once."""
    tree = ring(0.2)
    tree["model"] = chain(6, True)
    tree["interaction"] = {"U": 0.0}
    tree["parameters"] = {"eV": 0.0}
    tree["vector_potential"] = {"A": [{"from": 0.0, "to": 0.3}]}
    tree["run"] = {"t_max": 0.2, "output_every": 0.2}
    result = hpcneq.run(tree)
    flows, links = np.asarray(result.bond_current), np.asarray(result.links)
    forward = np.where((links[:, 1] - links[:, 0]) == 1, 1.0, -1.0)
    np.testing.assert_allclose(flows[0] * forward, flows[0, 0], atol=1e-9)
    assert abs(flows[0, 0]) > 0.05  # -2 sin(A) sum over occupied cos k
    np.testing.assert_allclose(np.asarray(result.density)[1], 1.0, atol=1e-6)


# ---- ranks, checkpoints, code ------------------------------------------------------------------


@pytest.mark.parallel
def test_ranks_agree(shared_tmp, comm):
    """The state is spread over ranks by columns; its numbers are those of one rank."""
    tree = {**ISLAND, "model": chain(4), "run": {"t_max": 0.5, "output_every": 0.5}}
    result = hpcneq.run(tree, shared_tmp / "out.h5")
    delta, current = np.abs(np.asarray(result.delta))[-1], np.asarray(result.current)[-1]
    np.testing.assert_allclose(delta, delta[::-1], atol=1e-10)
    np.testing.assert_allclose([delta[0], delta[1], current[0]], ONE_RANK, atol=1e-10)


ONE_RANK = [0.7774929458962708, 0.7999678836324241, 0.11268547596381573]

MINE = """
from hpcneq.lattice import Model

def build(n):
    h = [[-1.0 * (abs(i - j) == 1) for i in range(n)] for j in range(n)]
    return Model(h, U=2.0, groups={"ends": [0, n - 1]})
"""


def test_code_of_a_checkpoint_waits_for_a_word(tmp_path, monkeypatch):
    """``resume`` executes the model that a checkpoint keeps with --trust-model only; then it needs
    the file no more, and ends with the bits of a run that was not stopped."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    tree = {
        "system": "lattice",
        "task": "evolve",
        "parameters": {"eV": STEP},
        "model": {"python": "mine.py:build", "arguments": {"n": 3}},
        "leads": {"all": wide("ends", 1.0)},
        "numerics": {"dt": 0.25, "error_estimate": False, "seeds": 0},
        "run": {"t_max": 1.0},
    }
    hpcneq.run(tree, tmp_path / "short.h5")
    whole = hpcneq.run(tree, tmp_path / "long.h5", ["run.t_max=2.0"])
    assert "def build" in str(np.asarray(whole.model_source).astype(str))
    (tmp_path / "mine.py").write_text("raise SystemExit('was executed')")
    with pytest.raises(InputError, match="--trust-model"):
        hpcneq.resume(tmp_path / "short.h5", ["run.t_max=2.0"])
    (tmp_path / "mine.py").unlink()
    longer = hpcneq.resume(tmp_path / "short.h5", ["run.t_max=2.0"], trust_model=True)
    for name in ("t", "delta", "current"):
        assert np.array_equal(np.asarray(longer[name]), np.asarray(whole[name])), name
    hpcneq.open(tmp_path / "short.h5")  # shows without the file
    assert hpcneq.describe("lattice", "evolve")["name"] == "evolve"


def test_the_command_line_has_the_word(tmp_path, monkeypatch, capsys):
    """Exit code 2 and one line without --trust-model, 0 with it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "mine.toml").write_text(
        'system = "lattice"\ntask = "evolve"\n'
        'model = {python = "mine.py:build", arguments = {n = 2}}\n'
        '[leads]\nall = {sites = "ends", gamma = 0.5}\n'
        "[numerics]\ndt = 0.25\nerror_estimate = false\nseeds = 0\n[run]\nt_max = 0.5\n"
    )
    assert cli.main(["run", "mine.toml", "--quiet"]) == 0
    more = ["resume", "mine.h5", "--quiet", "--set", "run.t_max=1.0"]
    assert cli.main(more) == 2
    assert "--trust-model" in capsys.readouterr().err
    assert cli.main([*more, "--trust-model"]) == 0
    assert np.asarray(hpcneq.open("mine.h5").t)[-1] == 1.0
