"""The last state of a finished evolution, from which another run starts or whose spectrum is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .... import petsc
from ....errors import InputError
from ....files import checkpoint
from ....files import writer as store
from ....parallel import on_root
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.evolution import Evolution
from ..physics.stripe_dynamics import Quench
from .initial_state import build


@dataclass
class Ended:
    """A finished run at its end: its input, its junction with the poles it was run with, its state, and the time."""

    run: object
    junction: object
    state: BlockState
    t: float
    fits: list
    eV: np.ndarray
    delta_max: np.ndarray


class _Kept:
    """A keeper that only gives a checkpoint back."""

    moved = False

    def __init__(self, saved):
        self.saved = saved

    def decide(self):
        return False, False

    def save(self, *state):
        """Nothing is written."""


class Source:
    """The run an evolution goes on from, read when it is needed: a continued evolution has its own checkpoints.

    facts : what the new run remembers of it, {"t", "fits", "eV", "delta_max"}.
    """

    def __init__(self, run, comm, output):
        """output : the new run's `LongRun`. **Collective.**"""
        self.run, self.comm, self.output, self._ended = run, comm, output, None
        self.facts = output.recall("before", self._facts)

    def ended(self):
        """The `Ended` run. **Collective.**"""
        if self._ended is None:
            self._ended = ended(self.run, self.comm, self.output)
        return self._ended

    def _facts(self):
        before = self.ended()
        return {"t": before.t, "fits": before.fits, "eV": before.eV, "delta_max": before.delta_max}

    def state(self, junction, dtype, noise, window):
        """A new state that begins where the other run ended. **Collective.**"""
        before = self.ended()
        refuse_other(before, junction, f"[initial] file = {self.run.initial.file!r}", window)
        if before.state.dtype != dtype:
            raise InputError(
                f"[initial] file = {self.run.initial.file!r}: was computed in "
                f'precision = "{before.run.numerics.precision}"; this run needs the same'
            )
        state = BlockState(
            Quench(junction, np.zeros(len(junction.lattice.count))), self.comm, dtype, start=False
        )
        carry_over(before, state, noise)
        return state


def ended(run, comm, output):
    """The run that [initial] file names, carried in memory over the last step that its checkpoint lacks. **Collective.**

    output : the new run's `LongRun`, which reads inputs. InputError in one line if it is not a finished evolution of this system.
    """
    name = Path(run.folder, run.initial.file)
    what = f"[initial] file = {run.initial.file!r}"
    result = on_root(comm, _facts, name, what)
    newest = checkpoint.newest(comm, name, lambda text: None)
    number = newest.meta["parked"].get("main") if newest is not None else None
    if number is None:
        raise InputError(
            f"{what}: its checkpoints are gone; a run can start from a result only as long as they lie beside it"
        )
    saved = newest if number == newest.number else checkpoint.load(comm, name, number)
    old = output.read_input(saved.meta["input"], saved.meta["folder"])
    memory = saved.meta["memory"]
    junction = build(
        old, comm, lambda key, compute, *args: memory[key] if key in memory else compute(*args)
    )
    state = BlockState(
        Quench(junction, np.zeros(len(junction.lattice.count))),
        comm,
        complex if old.numerics.precision == "double" else np.complex64,
        start=False,
    )
    with petsc.Options(old.petsc) as options:
        evolution = Evolution(
            state, old.run.t_max, old.numerics.dt, options, old.numerics.corrector, _Kept(saved)
        )
        try:
            t = evolution.run(lambda row: None, every=old.run.t_max)
        finally:
            evolution.destroy()
    return Ended(old, junction, state, float(t), memory["poles"], *result)


def _facts(name, what):
    """(eV, max |Delta|) of every row of a finished evolution."""
    try:
        result = store.Result(name)
    except InputError as error:
        raise InputError(f"{what}: {error}") from None
    if (result.system, result.task) != ("nsn-junction", "evolve"):
        raise InputError(
            f"{what}: is a result of {result.system} {result.task}, not of nsn-junction evolve"
        )
    if result.status != "complete":
        raise InputError(f"{what}: is {result.status}, not complete")
    if result.delta.ndim != 2:
        raise InputError(f'{what}: was run with symmetry = "full"; it goes on with --resume only')
    return np.asarray(result.eV), np.abs(np.asarray(result.delta)).max(1)


def refuse_other(before, junction, what, window=0.0):
    """InputError if a state of another run does not fit this junction: its lattice, leads or the reach of its poles."""
    old = before.junction
    for name, mine, its in (
        ("Lx", junction.lattice.Lx, old.lattice.Lx),
        ("Ly", junction.lattice.Ly, old.lattice.Ly),
        ("symmetry", len(junction.lattice.count), len(old.lattice.count)),
        (
            "leads",
            [(lead.gamma, lead.T) for lead in junction.leads],
            [(lead.gamma, lead.T) for lead in old.leads],
        ),
    ):
        if mine != its:
            raise InputError(
                f"{what}: has {name} = {its}, this run {mine}; a state goes on with its own lattice and leads"
            )
    reach = min(fit.window for fit in old.poles)
    if window > reach:
        raise InputError(
            f"{what}: its poles reach to energies of {reach:.3g}, this run needs {window:.3g}; "
            f"give the first run [numerics] pole_window = {window:.3g}"
        )


def carry_over(before, state, noise):
    """Put the ended run's Green functions and modes into a new state, with ``noise`` (n_delta,) added to the order parameter."""
    old, system = before.state, state.system
    state.flat[: state.green_count] = old.flat[: old.green_count]
    state.modes.flat[:] = old.modes.flat
    for b, G in state.green.items():
        r, k, sites, _ = system.probe(b)
        G[r, k] += 1j * noise[sites] / system.junction.U
        G[k, r] += 1j * noise[sites].conj() / system.junction.U


def words(before, run):
    """What the summary tells about the start."""
    return {
        "summary": {
            "initial_state": "file",
            "initial_file": run.initial.file,
            "initial_time": before.facts["t"],
        },
        "warnings": ["errors are those of the time step; the poles are those of the run before"],
    }
