"""A sweep's records are on rank 0, which reports them; the others only take part in writing."""

import ast
from pathlib import Path

import numpy as np
import pytest

import hpcneq
from hpcneq.errors import NotConverged
from hpcneq.solvers.farm import Unkept
from hpcneq.tasks import run_sweep

SYSTEMS = Path(hpcneq.__file__).parent / "systems"


class Output:
    """The result file of a run, which notes what it is given."""

    def __init__(self):
        self.given = []

    def __call__(self):
        return self

    def points(self):
        return Unkept()

    def axis(self, name, values):
        self.given.append((name, values, "axis"))

    def fixed(self, name, values, axes=None):
        self.given.append((name, values, axes))


def swept(comm, output):
    axes = {"T": np.arange(3.0), "V": np.arange(2.0)}
    return run_sweep(
        axes,
        lambda at, previous: {"n": at["T"] + at["V"], "big": np.ones(1000)},
        comm,
        lambda text: None,
        output,
        "map",
        everywhere=False,
    )


@pytest.mark.parallel
def test_rank_0_reports_and_all_write_the_same_in_the_same_order(comm):
    """Data sets with values on rank 0 alone; the Outcome is that of rank 0 everywhere.

    Fails if a rank without records asks for them.
    """
    output = Output()
    sweep = swept(comm, output)

    def report(out):
        sweep.write(out, ("n",))
        out.fixed("mean", np.mean(sweep.values("n")), ())
        return sweep.outcome({"n_max": max(sweep.values("n"))})

    assert sweep.report(output, report).summary == {"n_max": 3.0}
    forms = [(name, axes) for name, _, axes in output.given]
    assert forms == [("T", "axis"), ("V", "axis"), ("n", ("T", "V")), ("mean", ())]
    assert [values is None for _, values, _ in output.given] == [comm.rank > 0] * 4
    if comm.rank == 0:
        assert np.array_equal(output.given[2][1], [[0, 1], [1, 2], [2, 3]])


@pytest.mark.parallel
def test_what_the_report_raises_all_ranks_raise(comm):
    """Such as that no point converged."""

    def report(out):
        raise NotConverged("no point")

    output = Output()
    sweep = swept(comm, output)
    with pytest.raises(NotConverged, match="no point"):
        sweep.report(output, report)
    assert output.given == []


def test_no_task_sends_its_records_to_all_ranks():
    """At 1e5 points of 1 kB on 1024 ranks these would be 100 GB. Refined lines, of some hundred
    interactions, choose their next points from all that are known.
    """
    calls = [
        (path.name, {word.arg: ast.unparse(word.value) for word in node.keywords})
        for path in SYSTEMS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "run_sweep"
    ]
    assert len(calls) > 20
    others = [(name, words.get("everywhere")) for name, words in calls]
    others = [(name, value) for name, value in others if value != "False"]
    assert others == [("phase_diagram.py", "everywhere")]
