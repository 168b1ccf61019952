"""What the system declares: inputs, refusals, quantities, figures and costs belong together."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.examples import example_result

import hpcneq
from hpcneq import driver, systems
from hpcneq.config import load as config
from hpcneq.errors import InputError
from hpcneq.figures import style
from hpcneq.systems.nsn_junction.figures import phase_diagram
from hpcneq.systems.nsn_junction.physics.phase_lines import REGIONS
from hpcneq.systems.nsn_junction.quantities import PHASE_DIAGRAM
from hpcneq.tasks.task import Cost, declared, resolve

SYSTEM = systems.get("nsn-junction")
STATIC = [
    "steady",
    "tmatrix",
    "onset",
    "branches",
    "iv",
    "phase-diagram",
    "modes",
    "spectrum",
]
SHARED_KEYS = ("U", "mu", "gamma", "h", "T", "eV")
HEAVY = ("mpi4py", "petsc4py", "h5py", "numba", "matplotlib", "scipy")


def read(task, **tables):
    """The checked input of a task."""
    tree = {"system": "nsn-junction", "task": task, **tables}
    return config.load(tree, driver.catalogue())


def test_a_parameter_has_one_unit_one_description_and_one_limit():
    """U, mu, gamma, h, T and eV of all tasks. Fails if one task declares its own."""
    for key in SHARED_KEYS:
        declarations = []
        for task in SYSTEM.tasks.values():
            (field,) = (
                field
                for name, field in task.tables["parameters"].__dataclass_fields__.items()
                if name == key
            )
            declarations.append(dict(field.metadata))
        assert all(metadata == declarations[0] for metadata in declarations), key


def test_refusals_load_no_heavy_library():
    """An input is refused before MPI or PETSc start. Fails if refusals import momentum sums."""
    code = (
        "import sys; from hpcneq.systems.nsn_junction.shared import refusals; "
        "from hpcneq import systems; systems.get('nsn-junction'); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("task", "tables", "words"),
    [
        ("steady", {"numerics": {"error": 0.1}}, "confirmed with error^1.5"),
        ("steady", {"numerics": {"lattice": "finite", "Lx": 9999, "Ly": 9999}}, "in memory"),
        ("steady", {"parameters": {"gamma": 0.0, "eV": 0.1}}, "no distribution"),
        ("tmatrix", {"leads": {"left": {"gamma": 0.2}}, "parameters": {"eV": 0.3}}, "mirror"),
        ("onset", {}, "give the other two"),
        ("onset", {"parameters": {"eV": 0.1}}, "h and T"),
        ("onset", {"parameters": {"T": 0.1}}, "eV = 0 for critical fields"),
        (
            "onset",
            {
                "parameters": {"h": 0.1, "eV": 0.1},
                "leads": {"left": {"T": 0.1}, "right": {"T": 0.1}},
            },
            "leave the table out",
        ),
        ("onset", {"parameters": {"h": 0.1}, "sweep": {"T": [0.1], "U": [3.0]}}, "takes one key"),
        (
            "onset",
            {"parameters": {"h": 0.1}, "sweep": {"T": [0.1]}, "leads": {"left": {"T": 0.1}}},
            "cannot have their own",
        ),
        (
            "onset",
            {"parameters": {"h": 0.1, "T": 0.1}, "numerics": {"fflo_line": True}},
            "critical fields at rest",
        ),
        ("branches", {"sweep": {"eV": [0.1]}}, "at least two points"),
        ("iv", {"sweep": {"eV": [0.0, 0.1]}, "parameters": {"gamma": 0.0}}, "no distribution"),
        ("phase-diagram", {"sweep": {"T": [0.1, 0.2]}}, "needs two of"),
        ("phase-diagram", {"sweep": {"T": [0.2, 0.1], "h": [0.0, 0.1]}}, "must ascend"),
        ("phase-diagram", {"sweep": {"T": [0.1, 0.2], "h": [-0.1, 0.1]}}, "same at -h"),
        ("phase-diagram", {"parameters": {"eV": -0.1}, "sweep": {"T": [0.1], "h": [0.1]}}, "-eV"),
        ("modes", {"parameters": {"gamma": 0.0}}, "gamma = 0.0: must be > 0"),
        ("modes", {"leads": {"left": {"gamma": 0.0}}}, "[leads.left] gamma"),
        ("modes", {"parameters": {"q": []}}, "at least one number"),
        ("spectrum", {"parameters": {"T": 0.0}}, "T = 0.0: must be > 0"),
        ("spectrum", {"parameters": {"eV": 0.1}}, "free energy"),
        ("spectrum", {"initial": {"state": "fflo", "wave_number": 70}}, "Lx // 2"),
    ],
)
def test_what_needs_no_solution_is_refused_as_it_is_read(task, tables, words):
    """run and check give the same line: both read the input. Fails if a refusal waits for run."""
    with pytest.raises(InputError) as refused:
        read(task, **tables)
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("task", STATIC)
def test_an_example_gives_what_is_declared(task):
    """Examples run; data sets and summary are declared; the figure takes any canvas.

    Fails with a quantity that is declared in other units, or a figure that makes its own canvas.
    """
    result = example_result("nsn-junction", task)
    quantities = declared(SYSTEM.tasks[task])
    assert result.status == "complete"
    for name in result:
        assert result[name].units == quantities[name].units
    assert set(result.summary) | set(result.errors) <= set(quantities)
    whole = Figure(figsize=(9, 4))
    part = whole.subfigures(1, 2)[0]
    draw = resolve(SYSTEM.tasks[task].figure)
    draw(result, part)
    assert part.axes and np.allclose(whole.get_size_inches(), (9, 4))
    canvas = style.canvas()
    draw(result, canvas)
    assert canvas.axes


@pytest.mark.parametrize(
    ("task", "tables"),
    [
        *((task, SYSTEM.tasks[task].example) for task in STATIC),
        ("steady", {"leads": {"left": {"mu": 0.1}}}),
        ("tmatrix", {"sweep": {"Q": [0.0, 0.1]}}),
        ("onset", {"parameters": {"eV": 0.0, "T": 0.1}, "numerics": {"fflo_line": True}}),
        ("branches", {"sweep": {"h": [0.0, 0.1], "T": [0.1, 0.2]}}),
        ("modes", {"numerics": {"lattice": "infinite"}, "parameters": {"q": 0.1}}),
        ("spectrum", {"initial": {"state": "bcs"}}),
    ],
)
def test_a_cost_is_made_of_numbers(task, tables):
    """Seconds, bytes and ranks of all kinds of inputs. Fails if a cost needs a key they lack."""
    cost = resolve(SYSTEM.tasks[task].cost)(read(task, **tables), 2)
    assert isinstance(cost, Cost) and cost.most_ranks >= 1
    assert 0 < cost.core_seconds < 1e4 and 1e6 < cost.bytes_per_rank < 1e10
    assert all("\n" not in note for note in cost.notes)


def test_regions_have_one_order():
    """The codes of regions in the physics, in the declaration, and in the figure's colours.

    Fails if a region is added to one of them.
    """
    (region,) = (quantity for quantity in PHASE_DIAGRAM if quantity.name == "region")
    assert region.long_name == "; ".join(f"{k}: {name}" for k, name in enumerate(REGIONS))
    assert len(phase_diagram.REGIONS) == len(REGIONS)


def test_a_swept_coupling_reaches_leads_with_values_of_their_own():
    """Leads that only shift their levels take a swept gamma: the onset moves with it.

    Fails if the leads keep the first value of the sweep.
    """
    result = hpcneq.run(
        {
            "system": "nsn-junction",
            "task": "onset",
            "parameters": {"h": 0.0, "T": 0.1, "mu": 0.1},
            "numerics": {"lattice": "finite", "Lx": 9, "Ly": 5, "scan_step": 0.2},
            "sweep": {"gamma": [0.01, 0.1]},
            "leads": {"left": {"mu": 0.1}},
        }
    )
    weak, strong = result.summary["bcs_onsets"]
    assert weak and strong and abs(weak[0] - strong[0]) > 1e-3
