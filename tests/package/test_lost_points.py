"""Points of a sweep that did not converge: every task that reads records ends with exit code 3."""

import pytest

from hpcneq import driver, parallel, systems
from hpcneq.errors import NotConverged
from hpcneq.results import Result
from hpcneq.tasks import sweep

SWEEPS = {
    "nsn-junction": {
        "ensemble": {},
        "onset": {"sweep": {"T": [0.1, 0.12]}, "parameters": {"h": 0.58}},
        "branches": {},
        "phase-diagram": {},
        "modes": {},
    },
    "exciton-bec": {
        name: {} for name in ("branches", "coefficients", "phase-diagram", "boundary", "modes")
    },
    "fermi-gas": {name: {} for name in ("branches", "phase-diagram", "stability")},
    "laser-semiconductor": {name: {} for name in ("steady", "growth", "map")},
    "phonon-semiconductor": {name: {} for name in ("threshold", "map")},
}  # system -> task -> tables in place of those of its example
CASES = [(system, task) for system, tasks in SWEEPS.items() for task in tasks]
FEW = [("nsn-junction", name) for name in ("onset", "branches", "phase-diagram", "modes")]


def run(system, task, path):
    """The exit code of a task's example."""
    example = systems.get(system).tasks[task].example
    source = {"system": system, "task": task, **example, **SWEEPS[system][task]}
    try:
        return driver.run(source, path, quiet=True, comm=parallel.world())
    except NotConverged as error:
        assert "\n" not in str(error)
        return error.exit_code


@pytest.mark.parametrize("system, task", CASES)
def test_all_points_lost(system, task, tmp_path, monkeypatch):
    """No number is there to read: a file that is marked, and no traceback."""

    def nothing(shape, *_):
        return [[{"why": "lost"}] * shape[1] for _ in range(shape[0])], None

    monkeypatch.setattr(sweep, "farm", nothing)
    assert run(system, task, tmp_path / "run.h5") == 3
    assert Result(tmp_path / "run.h5").status == "not-converged"


@pytest.mark.parametrize("system, task", FEW)
def test_the_first_point_lost(system, task, tmp_path, monkeypatch):
    """What the other points found is written beside it."""
    real = sweep.farm

    def without_first(*arguments):
        rows, stopped = real(*arguments)
        return [[{"why": "lost"}, *rows[0][1:]], *rows[1:]], stopped

    monkeypatch.setattr(sweep, "farm", without_first)
    assert run(system, task, tmp_path / "run.h5") == 3
    result = Result(tmp_path / "run.h5")
    assert result.status == "not-converged" and "lost" in result.warnings[-1]
