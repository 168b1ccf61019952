"""Islands with pairs of their own: Josephson currents, phase slips, rotating condensates, spin."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import HOP, chain, wide

import hpcneq


def run(task, **tables):
    """The result of a run in this process."""
    return hpcneq.run({"system": "lattice", "task": task, **tables})


def pair(gamma, **more):
    """A superconducting lead of site 0 with the gap 1."""
    return {"kind": "bcs", "sites": [0], "gamma": gamma, "delta": 1.0, "T": 0.1, **more}


def josephson(g, U, T, phi, dynes):
    """(D, dN/dt) of a level with attraction between leads at the phases 0 and phi, by Matsubara
    sums: F = P/(w~^2 + P^2), P = D + 2g cos(phi/2)/S, D = 2 U T sum F,
    I = 8 g T sin(phi/2) sum F/S.
    """
    w = np.pi * T * (2 * np.arange(200000) + 1)
    S = np.hypot(1, w + dynes)
    level = w + 2 * g * (w + dynes) / S
    D = 1.0
    for _ in range(200):
        P = D + 2 * g * np.cos(phi / 2) / S
        F = P / (level**2 + P**2)
        D = 2 * U * T * np.sum(F) + U * D / (np.pi * w[-1])
    return D, 8 * g * T * np.sin(phi / 2) * np.sum(F / S)


def test_dc_josephson_current_of_an_island():
    """Its own pairing and the current at a phase of 2 pi/3, to 1e-4: the leads' fits."""
    leads = {"a": pair(0.25, dynes=0.02), "b": pair(0.25, dynes=0.02, phase=2 * np.pi / 3)}
    numerics = {"seeds": 0, "fit_error": 1e-4, "stability": False}
    tables = {"model": chain(1), "interaction": {"U": 1.5}, "leads": leads, "numerics": numerics}
    state = run("steady", **tables).summary["states"][0]
    D, current = josephson(0.25, 1.5, 0.1, 2 * np.pi / 3, 0.02)
    assert state["delta_max"] == pytest.approx(D, abs=1e-4)
    assert state["current"]["a"] == pytest.approx(current, abs=1e-4)
    assert state["current"]["b"] == pytest.approx(-current, abs=1e-4)


@pytest.mark.nightly
def test_a_phase_slip():
    """The phase of one lead turns by 2 pi: the island's, half way between, would end opposite to
    both; its pairing shrinks, slips by pi, and is what it was before.
    """
    ramp = {"from": 0.0, "to": 2 * np.pi, "duration": 20.0, "kind": "ramp"}
    result = run(
        "evolve",
        model=chain(1),
        interaction={"U": 1.2},
        leads={"a": pair(0.4, dynes=0.2), "b": pair(0.4, dynes=0.2, phase=ramp)},
        numerics={"dt": 0.2, "fit_error": 1e-2, "tail": 60.0, "error_estimate": False, "seeds": 0},
        run={"t_max": 40.0, "output_every": 0.4},
    )
    delta = np.asarray(result.delta)[:, 0]
    assert abs(delta[-1] / delta[0] - 1) < 0.06
    assert np.abs(delta).min() < 0.6 * abs(delta[0])
    turned = np.unwrap(np.angle(delta))
    assert abs(turned[-1] - turned[0]) % (2 * np.pi) < 0.1 and np.ptp(turned) > 0.5


def test_a_condensate_rotates_with_its_own_frequency():
    """Unlike leads: mu_c is neither potential; an evolution turns D by e^{-2i mu_c t}."""
    leads = {"a": wide([0], 1.0, 0.3, 0.1), "b": wide([0], 0.0, 0.1, 0.1)}
    tables = {"model": chain(1, onsite=[{"on": "s", "value": 0.2}]), "leads": leads}
    tables |= {"interaction": {"U": 3.0}, "parameters": {"eV": 0.4}}
    few = {"seeds": 0, "fit_error": 1e-4}
    state = run("steady", **tables, numerics={**few, "stability": False}).summary["states"][0]
    evolved = run(
        "evolve",
        **tables,
        numerics={**few, "dt": 0.1, "error_estimate": False},
        run={"t_max": 4.0, "output_every": 1.0},
    )
    delta = np.asarray(evolved.delta)[:, 0]
    np.testing.assert_allclose(np.abs(delta), state["delta_max"], atol=3e-5)
    turned = np.unwrap(np.angle(delta)) / np.asarray(evolved.t).clip(1e-9)
    np.testing.assert_allclose(turned[1:], -2 * state["mu_c"], atol=2e-4)
    assert 0.05 < state["mu_c"] < 0.39


def test_bond_pairs_under_bias():
    """Three sites with attraction between neighbours: the bias changes the pairs; what goes
    in comes out, without sources, and the state stays in an evolution.
    """
    bond = [{"from": "s", "to": "s", "shift": [1], "V": 4.0}]
    leads = {"a": wide([0], 0.5, 0.2, 0.1), "b": wide([2], -0.5, 0.2, 0.1)}
    tables = {"model": chain(3), "interaction": {"bond": bond}, "leads": leads}
    few = {"seeds": 0, "fit_error": 1e-4}
    sizes = []
    for eV in (0.0, 0.8):
        tables["parameters"] = {"eV": eV}
        result = run("steady", **tables, numerics={**few, "stability": False})
        state = result.summary["states"][0]
        sizes.append(state["delta_max"])
        assert abs(sum(state["current"].values())) < 1e-8
        assert result.summary["continuity"] < 1e-8 and result.summary["pair_source"] < 1e-8
    assert abs(sizes[0] - sizes[1]) > 1e-3 and min(sizes) > 0.5
    evolved = run(
        "evolve",
        **tables,
        numerics={**few, "dt": 0.1, "error_estimate": False},
        run={"t_max": 1.0, "output_every": 1.0},
    )
    bonds = np.abs(np.asarray(evolved.delta_bond))
    np.testing.assert_allclose(bonds[-1], bonds[0], atol=1e-7)


@pytest.mark.nightly
def test_spin_orbit_coupling_of_an_open_wire_is_a_rotation():
    """Self-consistent, form 4n: -t + i a sigma_y/2 is a hop of sqrt(t^2 + a^2/4) in turned spins,
    which on-site pairs do not see; a field does.
    """
    a = 0.8
    hop = {**HOP, "value": [[-1.0, 0.5 * a], [-0.5 * a, -1.0]]}
    leads = {"a": wide([0], 0.5, 0.4, 0.1), "b": wide([2], -0.5, 0.4, 0.1)}
    tables = {"interaction": {"U": 3.5}, "leads": leads, "parameters": {"eV": 0.5}}
    tables["numerics"] = {"seeds": 0, "stability": False, "window": 60.0}
    wire = chain(3, spin="full") | {"hop": [hop]}
    plain = chain(3) | {"hop": [{**HOP, "value": -np.hypot(1.0, 0.5 * a)}]}
    one, other = (run("steady", **tables, model=m).summary["states"][0] for m in (wire, plain))
    assert one["delta_max"] == pytest.approx(other["delta_max"], abs=1e-7) and one["delta_max"] > 1
    assert one["current"]["a"] == pytest.approx(other["current"]["a"], abs=1e-7)
    wire["onsite"] = [{"on": "s", "value": [[0.8, 0.0], [0.0, -0.8]]}]
    field = run("steady", **tables, model=wire).summary["states"][0]
    assert field["delta_max"] < one["delta_max"] - 0.01
