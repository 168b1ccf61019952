"""Results of the tasks' own examples, each computed once in a session."""

from __future__ import annotations

from functools import cache

import hpcneq
from hpcneq import systems

SLOW = {  # seconds of their examples would fill a test
    ("exciton-bec", "coefficients"),
    ("exciton-bec", "phase-diagram"),
    ("phonon-semiconductor", "evolve"),
}

QUICKER = {("exciton-bec", "steady"): {"numerics": {"stability": False}}}  # seconds by default


def example_input(system, task):
    """The example of a task as an input."""
    tables = systems.get(system).tasks[task].example
    quicker = QUICKER.get((system, task), {})
    copied = {name: dict(t) for name, t in tables.items()}
    return {"system": system, "task": task, **copied, **quicker}


@cache
def example_result(system, task):
    """The result of a task's example; not to be changed."""
    return hpcneq.run(example_input(system, task))
