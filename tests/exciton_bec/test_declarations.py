"""What the system declares: keys, refusals, quantities, figures and costs belong together."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.examples import QUICKER
from support.exciton_runs import WIDE

import hpcneq
from hpcneq import systems
from hpcneq.config.load import load
from hpcneq.systems import Catalogue
from hpcneq.tasks.task import ERRORS, Cost, declared, resolve

SYSTEM = systems.get("exciton-bec")
HEAVY = ("mpi4py", "petsc4py", "h5py", "numba", "matplotlib", "scipy")
RATIOS = [0.0, 0.5, 1.05]
SMALL = {"panels": 1, "p_max": 1.2, "y_max": 2.0}
# inputs that together with the example write all that a task declares
FURTHER = {
    "steady": [
        {"parameters": {"ratio": 1.05}},
        {"parameters": WIDE, "numerics": {"p_c": 30.0}},
    ],
    "branches": [
        {
            "parameters": {"gamma_b": 0.02, "inv_kfas": 1.0},
            "numerics": {"p_c": 30.0, "stability": True},
            "sweep": {"ratio": [0.1]},
        },
        {"sweep": {"inv_kfas": [0.5], "ratio": RATIOS}},
        {"sweep": {"gamma_b": [2e-3], "ratio": RATIOS}},
        {"sweep": {"T_b": [0.01], "ratio": RATIOS}},
        {"sweep": {"p_c": [50.0], "ratio": RATIOS}},
    ],
    "phase-diagram": [{"sweep": {"inv_kfas": [1.0], "ratio": RATIOS}, "numerics": {"refine": 1}}],
    "response": [
        {
            "parameters": {"ratios": [0.0, 0.1], "q": 0.3, "w": 0.2},
            "numerics": {"panels": 0.4},
        },
        {"parameters": {"ratio": 0.1, "q": 0.3, "w": 0.2}, "numerics": {"panels": 0.4}},
    ],
    "boundary": [
        {"parameters": {"inv_kfas": 1.0}},
        {"parameters": {"inv_kfas": 1.0}, "sweep": {"gamma_b": [1e-3], "T_b": [0.0]}},
        {"parameters": {"inv_kfas": 1.0}, "sweep": {"p_c": [50.0]}},
        {"parameters": {"inv_kfas": 0.4, "kind": "gap"}},
    ],
    "modes": [
        {
            "parameters": {"inv_kfas": 1.0, "gamma_b": 0.02, "q": 0.2},
            "sweep": {"ratio": [0.1]},
            "numerics": {"p_c": 30.0, "panels": 0.4, "count": False},
        }
    ],
    "pattern": [
        {
            "parameters": {"inv_kfas": 0.5, "ratio": 0.2, "gamma_b": 0.02, "T_b": 0.05},
            "numerics": SYSTEM.tasks["pattern"].example["numerics"] | {"error_estimate": False},
            "initial": {"delta_0": 0.24, "delta_1": 0.2},
            "sweep": {key: values},
        }
        for key, values in (
            ("ratio", [0.2, 0.21]),
            ("inv_kfas", [0.5]),
            ("wave_number", [0.5]),
        )
    ]
    + [
        {
            "parameters": {"inv_kfas": 0.5, "ratio": 0.3, "gamma_b": 0.02},
            "numerics": {
                "p_c": 25.0,
                "wave_number": 0.5,
                "stability": False,
                "error_estimate": False,
                "supercell": SMALL | {"harmonics": 1, "bloch_points": 2},
            },
            "sweep": {"amplitude": [0.02]},
        }
    ],
    "evolve": [
        {
            "parameters": {"inv_kfas": 0.5, "ratio": 0.5, "gamma_b": 0.02},
            "numerics": {
                "p_c": 25.0,
                "wave_number": 0.6,
                "error_estimate": False,
                "supercell": SMALL
                | {"across": 0.6, "harmonics": 1, "harmonics_across": 1, "bloch_points": 1},
            },
            "run": {"t_max": 8.0, "output_every": 0.5},
        }
    ],
}
# of the boundaries B and C, which take minutes, and a place that need not be there
MODES = (
    *("B", "C", "C_end", "soft_from", "restored", "q_B", "q_C", "omega_C", "unstable"),
    *("gap", "gap_end"),
)
PLACES = ("inv", "ratio", "q", "omega")
ELSEWHERE = {
    *MODES,
    *(f"{name}_line" for name in MODES),
    *(f"{kind}_{name}" for kind in ("arc", "tip") for name in PLACES),
    *("rate", "q_fastest", "frequency", "max_growth", "inv_max", "switch_inv"),
}


def tree(task, tables):
    """The input of a task."""
    return {"system": "exciton-bec", "task": task, **tables}


def test_refusals_load_no_heavy_library():
    """An input is refused before MPI or PETSc start. Fails if refusals import a steady state."""
    code = (
        "import sys; from hpcneq.systems.exciton_bec.shared import refusals; "
        "from hpcneq import systems; systems.get('exciton-bec'); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", list(SYSTEM.tasks))
def test_a_task_writes_all_that_it_declares(name):
    """Data sets, summary and errors of a few runs. Fails if a quantity is declared in vain.

    Every result draws its figure, on a canvas and on a part of one. Fails if the figure reads a key
    that the result has not.
    """
    task = SYSTEM.tasks[name]
    data, summary, errors, missing = set(), set(), set(), set()
    example = task.example | QUICKER.get(("exciton-bec", name), {})
    for tables in (example, *FURTHER.get(name, [])):
        with hpcneq.run(tree(name, tables)) as result:
            assert result.status == "complete"
            data |= set(result)
            summary |= set(result.summary)
            errors |= set(result.errors)
            missing |= {key for key, value in result.summary.items() if value is None}
            canvas = Figure().subfigures(1, 2)[0]
            resolve(task.figure)(result, canvas)
            assert canvas.axes
    left_out = ELSEWHERE if name == "phase-diagram" else set()
    quantities = [q for q in declared(task).values() if q.name not in left_out]
    assert [q.name for q in quantities if q.kind != "summary" and q.name not in data] == []
    assert [q.name for q in quantities if q.kind != "data" and q.name not in summary] == []
    told = [q.name for q in quantities if q.error == ERRORS and q.name not in missing]
    assert [key for key in told if key not in errors] == []
    assert [q.name for q in quantities if q.error is None] == []


@pytest.mark.parametrize("name", list(SYSTEM.tasks))
def test_the_cost_of_a_task_is_known_before_it_is_run(name):
    """Seconds, bytes and ranks of each example, finite and positive. Fails with lines of text."""
    task = SYSTEM.tasks[name]
    cost = resolve(task.cost)(load(tree(name, task.example), Catalogue()), 2)
    words = {"evolve": "12 blocks of ", "pattern": "12 blocks of "}.get(name, "delta = ")
    assert isinstance(cost, Cost) and cost.most_ranks >= 1 and cost.notes[0].startswith(words)
    assert 0.1 < cost.core_seconds < 100 and np.isfinite(cost.core_seconds)
    assert 5e7 < cost.bytes_per_rank < 1e9


def test_a_normal_state_has_no_probe():
    """Beyond ratio_c the cost says so. Fails if NotConverged passes."""
    given = load(tree("steady", {"parameters": {"ratio": 1.05}}), Catalogue())
    cost = resolve(SYSTEM.tasks["steady"].cost)(given, 1)
    assert cost.notes == ("normal at ratio = 1.05: no probe",)
