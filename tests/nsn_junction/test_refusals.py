"""Inputs of evolutions, ensembles and patterns that are refused before anything is computed.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from hpcneq import driver
from hpcneq.config.load import load
from hpcneq.errors import InputError

SMALL = {
    "evolve": {"numerics": {"Lx": 6, "Ly": 3}, "initial": {"state": "bcs"}, "run": {"t_max": 1.0}},
    "ensemble": {
        "numerics": {"Lx": 6, "Ly": 3},
        "initial": {"state": "bcs"},
        "sweep": {"seed": [1, 2]},
        "run": {"t_max": 1.0},
    },
    "pattern": {"numerics": {"Lx": 4, "Ly": 4}, "initial": {"state": "bcs"}},
}
FULL = {"symmetry": "full"}
UNEQUAL = {"left": {"gamma": 0.02}, "right": {"gamma": 0.05}}
WARMER = {"left": {"T": 0.06}}
MOVED = {"left": {"mu": 0.1}}
BIASED = {"parameters": {"eV": 0.3}}
FFLO = {"initial": {"state": "fflo"}}


def refused(task, begun=False, **changes):
    """The InputError of a small input with entries of its tables changed."""
    tables = {name: dict(entries) for name, entries in SMALL[task].items()}
    for name, entries in changes.items():
        tables[name] = {**tables.get(name, {}), **entries}
    source = {"system": "nsn-junction", "task": task, **tables}
    with pytest.raises(InputError) as caught:
        load(source, driver.catalogue(), begun=begun)
    return str(caught.value)


@pytest.mark.parametrize(
    "task, changes, words",
    [
        ("evolve", {"parameters": {"T": 0.0}}, "[parameters] T = 0.0: must be > 0"),
        ("evolve", {"parameters": {"gamma": 0.0}}, "gamma = 0.0: must be > 0"),
        ("evolve", {"numerics": {"Lx": 100000, "Ly": 100000}}, "hopping matrix alone need"),
        ("evolve", {"parameters": {"eV": {"to": 1.0, "kind": "ramp"}}}, "needs duration"),
        ("evolve", {"parameters": {"eV": "none.txt"}}, "cannot read the file"),
        ("evolve", {"initial": {"state": "auto"}, "parameters": {"eV": 0.2}}, "zero bias"),
        ("evolve", {"leads": UNEQUAL, **BIASED, **FFLO}, "the phase of a condensate turns"),
        ("evolve", {"leads": WARMER, "initial": {"state": "auto"}}, "leads of one temperature"),
        ("evolve", {"initial": {"state": "fflo", "wave_number": 4}}, "must be <= Lx // 2 = 3"),
        ("evolve", {"initial": {"state": "crossed"}}, 'goes with [numerics] symmetry = "full"'),
        ("evolve", {"sites": {"disorder": 0.1}}, "[sites]: goes with"),
        ("evolve", {"run": {"t_max": 1e300}}, "steps of dt = 0.25"),
        ("evolve", {"numerics": FULL, "sites": {"A_x": {"to": "a"}}}, "[sites] A_x: to"),
        (
            "evolve",
            {"numerics": FULL, "sites": {"A_x": 0.1}, "initial": {"state": "auto"}},
            "with a vector potential before",
        ),
        ("evolve", {"numerics": FULL, "sites": {"disorder": 0.1}, "leads": MOVED}, "turns"),
        ("ensemble", {"numerics": FULL}, 'tasks with "full": evolve, pattern'),
        ("ensemble", {"sweep": {"seed": [0.5]}}, "must be whole numbers"),
        ("ensemble", {"sweep": {"dt": [-0.5]}}, "[sweep] dt: must be > 0"),
        ("ensemble", {"initial": {"state": "crossed"}}, 'symmetry = "full" only'),
        ("pattern", {"numerics": {"Lx": 1001}}, "must be <= 1000"),
        ("pattern", {"numerics": {"Lx": 1}, "initial": {"state": "crossed"}}, "Lx >= 2"),
        ("pattern", {"sites": {"file": "none.h5"}}, "cannot read"),
    ],
)
def test_what_cannot_be_computed_is_refused_in_one_line(task, changes, words):
    """Each names the key or the file. Fails for a task whose declaration has no ``refuse``."""
    message = refused(task, **changes)
    assert words in message and "\n" not in message


def test_a_run_that_has_begun_does_not_need_its_files():
    """The drive of a stopped run is remembered. Fails if refusals read files of runs that go on."""
    source = {
        "system": "nsn-junction",
        "task": "evolve",
        "parameters": {"eV": "gone.txt"},
        **SMALL["evolve"],
    }
    assert load(source, driver.catalogue(), begun=True).parameters.eV == "gone.txt"


def test_checking_an_input_loads_no_solver():
    """Refusals import neither MPI, PETSc, HDF5, numba, matplotlib nor scipy.

    Fails if the poles of the leads are imported where a junction is declared.
    """
    code = (
        "import sys; from hpcneq import systems; from hpcneq.config.load import load; "
        "load({'system': 'nsn-junction', 'task': 'evolve', 'run': {'t_max': 1.0}}, "
        "systems.Catalogue()); "
        "print([name for name in ('mpi4py', 'petsc4py', 'h5py', 'numba', 'matplotlib', 'scipy') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
