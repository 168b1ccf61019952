"""What the system declares: inputs, refusals, quantities, figures and costs belong together."""

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.examples import example_result

import hpcneq
from hpcneq import driver, systems
from hpcneq.config import load as config
from hpcneq.errors import InputError
from hpcneq.figures import style
from hpcneq.systems.fermi_gas.figures import evolve
from hpcneq.tasks.task import Cost, declared, resolve

HOME = Path(__file__).resolve().parents[2]
SYSTEM = systems.get("fermi-gas")
HEAVY = ("mpi4py", "petsc4py", "h5py", "numba", "matplotlib", "scipy")


def example(name):
    """The example of a task as an input."""
    return {"system": "fermi-gas", "task": name, **SYSTEM.tasks[name].example}


def test_every_published_input_is_accepted():
    """All of inputs/fermi-gas passes the tables and refusals. Fails if a limit is narrowed."""
    paths = sorted((HOME / "inputs" / "fermi-gas").glob("*.toml"))
    assert len(paths) > 50
    for path in paths:
        config.load(tomllib.loads(path.read_text()), driver.catalogue())


def test_refusals_load_no_heavy_library():
    """An input is refused before MPI or PETSc start. Fails if refusals import the physics."""
    code = (
        "import sys; from hpcneq.systems.fermi_gas.shared import refusals; "
        "from hpcneq import systems; systems.get('fermi-gas'); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    "task, tables, words",
    [
        ("branches", {"sweep": {"gamma": [0.01, 0.02]}}, "needs dmu"),
        ("branches", {"sweep": {"dmu": [0.1, 0.2], "T": [0.0, 0.1]}}, "needs dmu"),
        ("phase-diagram", {"sweep": {"gamma": [0.01, 0.02]}}, "a phase diagram needs"),
        ("phase-diagram", {"sweep": {"gamma": [0.02, 0.01], "T": [0.0, 0.1]}}, "must ascend"),
        ("current", {"sweep": {"Q": [-0.1, 0.1]}}, "Q >= 0"),
        ("stability", {"numerics": {"fine": 0.2}}, "fine = 0.2"),
        ("stability", {"sweep": {"gamma": [0.0, 0.1]}}, "gamma = 0"),
        ("evolve", {"initial": {"kick": 0.0}}, "needs a disturbance"),
        ("evolve", {"numerics": {"dt": 1e-10}}, "steps of dt"),
        ("evolve", {"sweep": {"q": [0.0, 0.1], "angle": [0.0, 1.0]}}, "one key at most"),
        ("evolve", {"sweep": {"gamma": [0.1, 0.0]}}, "need one of them > 0"),
        ("evolve", {"parameters": {"gamma": 0.0, "T": 0.0}}, "need one of them > 0"),
        (
            "evolve",
            {"parameters": {"gamma": 0.0, "T": 0.1}, "numerics": {"model": "memory"}},
            "needs gamma > 0",
        ),
    ],
)
def test_what_needs_no_solution_is_refused_as_it_is_read(task, tables, words):
    """run and check give the same line: both read the input. Fails if a refusal waits for run."""
    if task == "evolve":
        tables = {"run": {"t_max": 1.0}, **tables}
    with pytest.raises(InputError) as error:
        config.load({"system": "fermi-gas", "task": task, **tables}, driver.catalogue())
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("task", SYSTEM.tasks)
def test_an_example_gives_what_is_declared(task):
    """Examples run; data sets and summary have the declared units; the figure takes any canvas.

    Fails with a quantity that is declared in other units, or a figure that makes its own canvas.
    """
    result = example_result("fermi-gas", task)
    quantities = declared(SYSTEM.tasks[task])
    assert result.status == "complete"
    for name in result:
        assert result[name].units == quantities[name].units
    assert set(result.summary) | set(result.errors) <= set(quantities)
    whole = Figure(figsize=(9, 4))
    part = whole.subfigures(1, 2)[0]
    resolve(SYSTEM.tasks[task].figure)(result, part)
    assert part.axes and np.allclose(whole.get_size_inches(), (9, 4))
    canvas = style.canvas()
    resolve(SYSTEM.tasks[task].figure)(result, canvas)
    assert canvas.axes


def test_one_swept_value_is_drawn_as_one_run():
    """[sweep] with a single value: numbers, no lists, in the summary. Fails if indexed."""
    given = example("evolve")
    given["parameters"] = {**given.get("parameters", {}), "branch": "NBCS", "dmu": 0.05}
    given["numerics"] = {"model": "linear", "fine": 0.25, "p_c": 1.7, "error_estimate": False}
    result = hpcneq.run(given | {"sweep": {"q": [0.01]}, "run": {"t_max": 20.0}})
    canvas = style.canvas()
    resolve(SYSTEM.tasks["evolve"].figure)(result, canvas)
    assert canvas.axes


@pytest.mark.parametrize(
    "task, tables",
    [
        *((task, SYSTEM.tasks[task].example) for task in SYSTEM.tasks),
        ("steady", {"parameters": {"gamma_left": 0.05, "gamma_right": 0.04}}),
        ("branches", {"sweep": {"gamma": [0.04, 0.05], "dmu": [0.1, 0.2]}}),
        ("phase-diagram", {"sweep": {"gamma": [0.04, 0.05], "T": [0.0, 0.1]}}),
        ("momentum", {"parameters": {"gamma": 0.04}}),
        ("current", {"parameters": {"gamma": 0.04}, "sweep": {"Q": [0.1, 0.2]}}),
        ("stability", {"parameters": {"gamma": 0.05, "branch": "NFF"}}),
        ("stability", {"sweep": {"gamma": [0.05], "q": [0.0, 0.01]}}),
        ("evolve", {"numerics": {"model": "kinetic"}, "run": {"t_max": 5.0}}),
    ],
)
def test_a_cost_is_made_of_numbers(task, tables):
    """Seconds, bytes and ranks of all kinds of inputs. Fails if a cost needs a key they lack."""
    checked = config.load({"system": "fermi-gas", "task": task, **tables}, driver.catalogue())
    cost = resolve(SYSTEM.tasks[task].cost)(checked, 2)
    assert isinstance(cost, Cost) and cost.most_ranks >= 1
    assert 0 < cost.core_seconds < 1000 and 1e6 < cost.bytes_per_rank < 1e10
    assert all("\n" not in note for note in cost.notes)


def test_names_of_states_at_the_end_are_stored():
    """state_name names the axis of delta_states, the normal gas first. Fails if they are sorted."""
    result = hpcneq.run(
        {
            "system": "fermi-gas",
            "task": "evolve",
            "parameters": {"gamma": 0.02, "dmu": 0.05},
            "numerics": {
                "model": "kinetic",
                "fine": 0.25,
                "p_c": 1.5,
                "error_estimate": False,
            },
            "run": {"t_max": 2.0, "output_every": 1.0},
        }
    )
    assert np.asarray(result.state_name).tolist() == ["normal", "NBCS"]
    assert result.delta_states[0] == 0 < result.delta_states[1]


@pytest.mark.parametrize("root", [0.02, -0.03])
def test_guides_start_on_a_crest_of_their_curve(root):
    """The exponential of the root begins where the trace is, on its envelope, past half the time.

    Fails if the guide is shifted off the curve.
    """
    t = np.linspace(0, 300, 601)
    size = np.exp(root * t) * (1 + 0.5 * np.cos(0.9 * t))
    begin = evolve.guide_start(t, size, root)
    assert 0.55 < t[begin] / t[-1] < 0.7
    assert size[begin] * np.exp(-root * t[begin]) == pytest.approx(1.5, abs=0.02)
    axes = Figure().add_subplot()
    evolve.draw_root(axes, t, size, root)
    (line,) = axes.lines
    assert line.get_ydata()[0] == size[begin]
