"""Every task draws its result, what it lacks left out; and tells its cost."""

from __future__ import annotations

import copy

import pytest

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
