"""The last state of a finished evolution: the start of another run, or that of a spectrum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .... import petsc
from ....errors import InputError
from ....files import checkpoint
from ....files.reader import Result
from ....parallel import Communicator, on_root
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.evolution import Evolution
from ....tasks import Given, Output
from ....tasks.cost import mode_dtype
from ..physics.junction import Junction, window
from ..physics.stripe_dynamics import Quench
from .initial_state import Start
from .input_junction import build_junction
from .turning_start import in_frame


@dataclass
class EndedRun:
    """A finished run at its end.

    given : its input. junction : with the poles it was run with. state : its Green functions and
    modes. t : its end. poles : as its checkpoint remembers them. eV, delta_max : (rows,) bias and
    largest |Delta| of its rows.
    """

    given: Given
    junction: Junction
    state: BlockState
    t: float
    poles: list[dict]
    eV: np.ndarray
    delta_max: np.ndarray


class _Restorer:
    """A keeper that only gives a checkpoint back."""

    moved = False

    def __init__(self, saved) -> None:
        self.saved = saved

    def decide(self) -> tuple[bool, bool]:
        """Neither stop nor save."""
        return False, False

    def save(self, *state: object) -> None:
        """Nothing is written."""


class PreviousRun:
    """The run an evolution goes on from, read when it is needed.

    A continued evolution has its own checkpoints and does not need it.
    facts : what the new run remembers of it, {"t", "fits", "eV", "delta_max"}.
    """

    def __init__(self, given: Given, comm, output) -> None:
        """output : the new run's `LongRun`. **Collective.**"""
        self.given, self.comm, self.output = given, comm, output
        self._ended: EndedRun | None = None
        self.facts = output.recall("before", self._facts)

    def ended(self) -> EndedRun:
        """The run at its end. **Collective.**"""
        if self._ended is None:
            self._ended = ended_run(self.given, self.comm, self.output)
        return self._ended

    def _facts(self) -> dict:
        run = self.ended()
        return {"t": run.t, "fits": run.poles, "eV": run.eV, "delta_max": run.delta_max}

    def state(self, junction: Junction, noise: np.ndarray) -> BlockState:
        """A new BlockState that begins where the other run ended. **Collective.**

        noise : (n_delta,) added to the order parameter.
        Raises InputError if the other run does not fit this one.
        """
        run, dtype = self.ended(), mode_dtype(self.given.numerics)
        what = f"[initial] file = {self.given.initial.file!r}"
        needed = window(
            junction.leads, junction.mu, junction.h, junction.drive, self.given.run.t_max
        )
        refuse_other(run, junction, what, needed)
        # Needs the other run's input, which its checkpoint keeps.
        if run.state.dtype != dtype:
            raise InputError(
                f'{what}: was computed in precision = "{run.given.numerics.precision}"; '
                "this run needs the same"
            )
        state = BlockState(
            Quench(junction, np.zeros(len(junction.lattice.count))), self.comm, dtype, start=False
        )
        carry_over(run, state, noise)
        return state

    def start(self) -> Start:
        """What the summary tells about the start; its order parameter is that of the modes."""
        summary = {
            "initial_state": "file",
            "initial_file": self.given.initial.file,
            "initial_time": self.facts["t"],
        }
        warnings = ["errors are those of the time step; the poles are those of the run before"]
        return Start(np.zeros(()), summary, warnings)


def ended_run(given: Given, comm: Communicator, output: Output) -> EndedRun:
    """The run that [initial] file names, carried over the last step that its checkpoint lacks.

    **Collective.**
    output : the new run's `LongRun`, which reads inputs. Raises InputError in one line if it is not
    a finished evolution of this system.
    """
    name = Path(given.folder, given.initial.file)
    eV, delta_max = on_root(comm, _rows_of_finished_run, given)
    saved = _last_checkpoint(name, comm, f"[initial] file = {given.initial.file!r}")
    old = output.read_input(saved.meta["input"], saved.meta["folder"])
    memory = saved.meta["memory"]

    def recall(key: str, compute: Callable, *args: object) -> Any:
        """What the other run remembers."""
        return memory[key] if key in memory else compute(*args)

    junction = build_junction(old, comm, recall)
    if "start" in memory:  # a condensate that turned was followed in its own frame
        junction = in_frame(junction, Start(*memory["start"]).summary.get("mu_pair"))
    system = Quench(junction, np.zeros(len(junction.lattice.count)))
    state = BlockState(system, comm, mode_dtype(old.numerics), start=False)
    t = _to_the_end(old, state, saved)
    return EndedRun(old, junction, state, t, memory["poles"], eV, delta_max)


def _rows_of_finished_run(given: Given) -> tuple[np.ndarray, np.ndarray]:
    """(eV, max |Delta|) of every row of the evolution that [initial] file names.

    Raises InputError if it is not a finished evolution of stripes of this system: it is the
    solution of another run, which may not have been computed when an input is checked.
    """
    what = f"[initial] file = {given.initial.file!r}"
    try:
        result = Result(Path(given.folder, given.initial.file))
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


def _last_checkpoint(name: Path, comm, what: str):
    """The checkpoint before the last step of a finished run. **Collective.**"""
    newest = checkpoint.newest(comm, name, lambda text: None)
    number = newest.meta["parked"].get("main") if newest is not None else None
    if number is None:  # whether a checkpoint is whole is found out by reading it on all ranks
        raise InputError(
            f"{what}: its checkpoints are gone; "
            "a run can start from a result only as long as they lie beside it"
        )
    return newest if number == newest.number else checkpoint.load(comm, name, number)


def _to_the_end(given: Given, state: BlockState, saved) -> float:
    """Restore a state and evolve it to the end of its run; the time reached. **Collective.**"""
    numerics, t_max = given.numerics, given.run.t_max
    with petsc.Options(given.petsc) as options:
        evolution = Evolution(
            state, t_max, numerics.dt, options, numerics.corrector, _Restorer(saved)
        )
        try:
            return float(evolution.run(lambda row: None, every=t_max))
        finally:
            evolution.destroy()


def refuse_other(run: EndedRun, junction: Junction, what: str, needed: float = 0.0) -> None:
    """InputError if a state of another run does not fit this junction.

    Its lattice, its leads, or the energies that its poles reach (``needed``).
    """
    old = run.junction  # what the checkpoint keeps is known when it has been read
    for name, mine, other in (
        ("Lx", junction.lattice.Lx, old.lattice.Lx),
        ("Ly", junction.lattice.Ly, old.lattice.Ly),
        ("symmetry", len(junction.lattice.count), len(old.lattice.count)),
        ("hartree", junction.hartree, old.hartree),
        ("leads", _leads_text(junction), _leads_text(old)),
    ):
        if mine != other:
            raise InputError(
                f"{what}: has {name} = {other}, this run {mine}; "
                "a state goes on with its own lattice and leads"
            )
    reach = min(fit.window for fit in old.poles)
    if needed > reach:
        raise InputError(
            f"{what}: its poles reach to energies of {reach:.3g}, this run needs {needed:.3g}; "
            f"give the first run [numerics] pole_window = {needed:.3g}"
        )


def _leads_text(junction: Junction) -> list[tuple[float, float]]:
    """Coupling and temperature of each lead."""
    return [(lead.gamma, lead.T) for lead in junction.leads]


def carry_over(run: EndedRun, state: BlockState, noise: np.ndarray) -> None:
    """Put the ended run's Green functions and modes into a new BlockState.

    noise : (n_delta,) added to the order parameter.
    """
    old, system = run.state, state.system
    state.flat[: state.green_count] = old.flat[: old.green_count]
    state.modes.flat[:] = old.modes.flat
    for b, G in state.green.items():
        rows, columns, sites, _ = system.probe(b)
        G[rows, columns] += 1j * noise[sites] / system.junction.U
        G[columns, rows] += 1j * noise[sites].conj() / system.junction.U
