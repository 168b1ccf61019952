"""Every task draws its result, what it lacks left out; and tells its cost."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.lattices import chain

import hpcneq
from hpcneq import systems
from hpcneq.figures import style

TASKS = dict(systems.get("lattice").tasks)


@pytest.mark.parametrize("name", TASKS)
def test_examples_run_draw_and_cost(name, tmp_path):
    """The example that ``hpcneq new`` writes; with a superconductor's phase swept too."""
    tree = {"system": "lattice", "task": name, **copy.deepcopy(dict(TASKS[name].example))}
    text = hpcneq.check(tree)
    assert "memory" in text and "time" in text
    result = hpcneq.run(tree, tmp_path / "out.h5")
    assert result.status == "complete"
    for key in ("form", "continuity", "redundancy", "growth_A"):
        assert key in result.summary
    if name != "transport":
        assert set(result.summary["poles"]) == {"left", "right"}
    result.plot(tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_a_phase_is_drawn(tmp_path):
    lead = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "dynes": 1e-2, "T": 0.1}
    tree = {
        "system": "lattice",
        "task": "transport",
        "model": {
            "cell": {"vectors": [[1.0]], "orbitals": [{"name": "d", "at": [0.0]}], "size": [1]}
        },
        "leads": {"a": lead, "b": {**lead, "turn": 1.0}},
        "sweep": {"phase": [0.5, 1.0]},
        "numerics": {"fit_error": 1e-2},
    }
    hpcneq.run(tree, tmp_path / "out.h5").plot(tmp_path / "out.png")
    assert style.COLOURS and (tmp_path / "out.png").exists()


def test_the_frequency_of_a_condensate_is_drawn():
    """Unlike leads: a panel of mu_c, which like leads do not have; states whose stability was not
    computed are no unstable ones.
    """
    labels = []
    for gamma in (0.3, 0.1):
        metal = {"kind": "wide", "sites": [0], "T": 0.1}
        tree = {
            "system": "lattice",
            "task": "steady",
            "model": chain(1),
            "interaction": {"U": 3.0},
            "leads": {
                "a": {**metal, "gamma": gamma, "bias": 0.5},
                "b": {**metal, "gamma": 0.1, "bias": -0.5},
            },
            "sweep": {"eV": [0.2, 0.4]},
            "numerics": {"seeds": 0, "fit_error": 1e-2, "stability": False},
        }
        result = hpcneq.run(tree)
        canvas = Figure()
        result.plot(canvas=canvas)
        labels.append([axes.get_ylabel() for axes in canvas.axes])
        assert [t.get_text() for t in canvas.axes[0].get_legend().get_texts()] == [
            "stability not computed"
        ]
        assert np.asarray(result.mu_c_of).shape == np.asarray(result.delta_max_of).shape
    assert labels[0][2:] == [r"$\mu_c$"] and len(labels[1]) == 2
