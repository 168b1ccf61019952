"""PETSc options that no solver of a task would ask for, found before anything is computed.

A misspelt option would silently leave the default in force. PETSc knows which options were asked
for; so a solver of each kind that the task has, with the same prefix, is made for a trivial problem
and takes its options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import petsc
from ..parallel import solo
from . import evolution, newton

RELAX = "initial_relax_"  # the plain iterations before Newton's


def refuse_unused(
    table: Mapping[str, object], prefixes: Sequence[str], ts_types: Sequence[str]
) -> None:
    """InputError for the first option that no solver asks for, or for a value PETSc cannot take.

    table : the options of [petsc], {"evolve_ts_type": "rk"}; those of the command line count too.
    prefixes : of the task's solvers; "evolve" is a time integration, every other a system of
    equations. ts_types : types of time integration that the task has, the usual one first.
    """
    with petsc.Options(table) as options:
        if not options.given():
            return
        for prefix in prefixes:
            name = f"{prefix.rstrip('_')}_"
            if name == evolution.PREFIX:
                _integrate(options, tuple(ts_types))
            else:
                newton.solve_equations(lambda x: x, [0.5], prefix=name)
            if RELAX.startswith(name):
                newton.relax(Zero(), solo(), np.array([0.5]), prefix=RELAX)
        options.refuse_unused()


def _integrate(options: petsc.Options, ts_types: tuple[str, ...]) -> None:
    """Let a time integration take its options."""
    kind = options.get(f"{evolution.PREFIX}ts_type", ts_types[0])
    if kind == "exponential" and kind in ts_types:
        _integrate_exponentially(options)
        return
    bases = [RestWithModes if "exponential" in ts_types else Rest]
    if "arkimex" in ts_types:
        bases.insert(0, RestWithStiffPart)
    state = type("State", tuple(bases), {"ts_types": ts_types})()
    evolution.Evolution(state, 1.0, 0.5, options).destroy()


def _integrate_exponentially(options: petsc.Options) -> None:
    """The same for a TS of type python, whose name PETSc must not see."""
    PETSc, name = petsc.start(), f"{evolution.PREFIX}ts_type"
    given = options.base.hasName(name)
    options.base.delValue(name)
    ts = PETSc.TS().create(solo())
    ts.setOptionsPrefix(evolution.PREFIX)
    ts.setType("python")
    ts.setPythonContext(Rest())
    ts.setSolution(PETSc.Vec().createSeq(1, comm=solo()))
    petsc.configure(ts)
    ts.setType("euler")
    ts.destroy()
    if given:
        options.base.setValue(name, "exponential")
        options.get(name, "exponential")


class Zero:
    """The equation x = 0, as a problem of one item."""

    items = 1

    def prepare(self, x: np.ndarray, part: range) -> range:
        """Nothing but the items."""
        return part

    def partials(self, prepared: range) -> np.ndarray:
        """Rows of zeros."""
        return np.zeros((len(prepared), 1))

    def residual(self, x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """x (1,)."""
        return x


class Rest:
    """A state of one number that never changes."""

    nbytes = 16
    dtype = complex

    def __init__(self) -> None:
        self.comm, self.system, self.flat = solo(), self, np.zeros(1, complex)

    def breakpoints(self, t_max: float) -> list[float]:
        """None."""
        return []

    def placed(self) -> dict:
        """Nothing to store."""
        return {}

    def field(self, array: np.ndarray, t: float = 0.0) -> np.ndarray:
        """The number."""
        return array

    def rhs(
        self, t: float, side: int, array: np.ndarray, out: np.ndarray, explicit: bool = True
    ) -> None:
        """Zero."""
        out[:] = 0


class RestWithModes(Rest):
    """Such a state with bath modes."""

    modes = green_count = 1

    def view_green(self, flat: np.ndarray) -> np.ndarray:
        """The number."""
        return flat

    def view_modes(self, flat: np.ndarray) -> np.ndarray:
        """No modes."""
        return flat


class RestWithStiffPart(Rest):
    """Such a state whose rate has a diagonal stiff part."""

    def stiff(self, t: float, side: int) -> np.ndarray:
        """Zero, (1,)."""
        return np.zeros(1, complex)
