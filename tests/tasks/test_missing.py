"""Numbers that are not there are told by name and reason; a normal state is an answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hpcneq import parallel, systems
from hpcneq.errors import NormalState, NotConverged
from hpcneq.files.writer import ResultFile
from hpcneq.tasks import ERRORS, Outcome, Quantity, missing_where
from hpcneq.tasks.missing import with_words
from hpcneq.tasks.sweep import Sweep, run_sweep
from hpcneq.tasks.task import declared

BAD = [math.nan, math.inf, [1.0, math.nan], {"a": math.nan}, np.array([math.nan]), complex("nanj")]
KNOWN = {
    "x": Quantity("x", "1", "always there", kind="summary", error="counted"),
    "y": Quantity("y", "1", "seldom", kind="both", error="y_error", missing="it is too cold"),
    "z": Quantity("z", "1", "seldom", kind="both", error="y_error", missing="it is too cold"),
}


def told(summary, status="complete", data=None, **more):
    """(status, warnings) after the words."""
    outcome = with_words(Outcome(status, summary, **more), KNOWN, data or {})
    return outcome.status, outcome.warnings


@pytest.mark.parametrize("bad", BAD)
def test_a_number_that_is_not_finite_is_never_complete_without_a_word(bad):
    """Declared to be there always: not converged. Else its reason is told."""
    status, warnings = told({"x": bad})
    assert status == "not-converged" and warnings[-1].startswith("x: ")
    assert told({"y": bad, "z": None}) == ("complete", ["y, z: no number: it is too cold"])
    assert told({"y": bad}, warnings=["y is left out"]) == ("complete", ["y is left out"])
    assert told({"y": bad}, "stopped") == ("stopped", [])
    assert told({"x": 1.0, "y": [2.0]}) == ("complete", [])


def test_null_and_errors_are_told_too():
    assert told({"x": None})[1] == ["x: no number: there is none"]
    assert told({"x": 1.0}, errors={"x": math.inf})[1] == ["x: its error is not finite"]
    # the last warning of a result that did not converge says why
    assert told({"y": None}, "not-converged", warnings=["lost"])[1][-1] == "lost"


def test_a_number_that_is_not_there_has_no_error():
    summary = {"y": math.nan, "z": [1.0, None], "x": 2.0}
    given = Outcome("complete", summary, {"y": 0.0, "z": [0.1, 0.0], "x": 0.2})
    assert with_words(given, KNOWN, {}).errors == {"z": [0.1, None], "x": 0.2}


def test_a_number_without_its_error_is_told():
    known = {"e": Quantity("e", "1", "estimated", kind="summary", error=ERRORS)}
    outcome = with_words(Outcome("complete", {"e": np.float64(1.0)}), known, {})
    assert outcome.warnings == ["e: no error is known"]
    switched_off = ["no error estimates: [numerics] error_estimate = false"]
    for more in ({"errors": {"e": 0.1}}, {"warnings": switched_off}):
        outcome = with_words(Outcome("complete", {"e": 1.0}, **more), known, {})
        assert outcome.warnings == more.get("warnings", [])


def test_holes_of_data_sets_are_told_unless_declared():
    data = {"y": (2, 9), "free": (3, 9), "free_error": (3, 9)}
    assert told({}, data=data) == ("complete", ["values that are not finite: free (3 of 9)"])


def test_a_reason_must_be_of_a_quantity_that_there_is():
    given = missing_where(tuple(KNOWN.values()), "gone", "x")
    assert [quantity.missing for quantity in given] == ["gone", "it is too cold", "it is too cold"]
    with pytest.raises(ValueError, match="no quantities"):
        missing_where(given, "gone", "w")


def test_the_members_of_a_family_share_the_reason():
    family = Quantity("{a}_x", "1", "of {a}", over={"a": ("one", "two")}, missing="no {a}")
    assert [member.missing for member in family.expanded()] == ["no one", "no two"]


def test_every_number_of_a_summary_says_what_its_error_is():
    """Fails if a quantity is declared without its error, or why there is none."""
    for system in systems.built_in():
        for task in systems.get(system).tasks.values():
            assert [q.name for q in declared(task).values() if not q.error] == []


@pytest.mark.parallel
def test_a_file_counts_what_is_not_finite(comm, shared_tmp):
    """Of blocks of all ranks together. Fails if each rank counts the whole, or rank 0 its part."""
    quantities = {
        "x": Quantity("x", "1", "place"),
        "even": Quantity("even", "1", "replicated", ("x",)),
        "odd": Quantity("odd", "1", "distributed", ("x",)),
        "whole": Quantity("whole", "1", "all there", ("x",)),
    }
    values = np.arange(20.0)
    values[::4] = np.nan
    layout = parallel.Layout.over(20, comm)
    path = shared_tmp / "out.h5"
    with ResultFile.create(comm, path, {}, quantities=quantities) as file:
        file.axis("x", np.arange(20.0))
        file.fixed("even", values)
        file.fixed("odd", values[layout.start : layout.stop], layout=layout)
        file.fixed("whole", np.ones(20))
        assert file.not_finite() == {"even": (5, 20), "odd": (5, 20)}


class Unkept:
    """The files of a sweep that keeps nothing."""

    def points(self):
        """No keeper."""


@pytest.mark.parallel
def test_a_point_without_a_condensate_is_no_lost_point(comm):
    def point(at, previous):
        if at["x"] > 2:
            raise NotConverged("lost")
        if at["x"] > 0:
            raise NormalState("normal at x = 1")
        return {"y": 1.0}

    for values, status in (([0.0, 1.0, 2.0], "complete"), ([0.0, 1.0, 2.0, 3.0], "not-converged")):
        sweep = run_sweep({"x": values}, point, comm, lambda text: None, Unkept(), "test")
        outcome = sweep.outcome({}, {}, ["first"])
        words = f"at 2 of {len(values)} points: normal at x = 1"
        assert outcome.status == status and outcome.warnings[:2] == ["first", words]
    assert Sweep({}, [{"normal": "no condensate"}], None).normal == ["no condensate"]
