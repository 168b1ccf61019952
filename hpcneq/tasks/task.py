"""What a system declares: its tasks, what they write, what they cost; and how a task ends.

Everything here is data. Functions are named as "package.module:function" and imported when they are
used, so that ``hpcneq describe`` and the checks of an input load neither MPI nor PETSc.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..config.schema import Keys, keys_of
from ..errors import InputError

if TYPE_CHECKING:
    from ..files.writer import ResultFile
    from ..maths.arrays import FloatArray
    from ..parallel import Part
    from ..solvers.checkpointing import Saved
    from ..solvers.farm import RecordKeeper
    from ..stopping import Stopping

Value = TypeVar("Value")
Kept = dict[str, Any]  # what a checkpoint keeps: name -> number, text, array, list or dict
Function = str | Callable[..., object]  # a callable, or "package.module:function"
KINDS = ("data", "summary", "both")
ERRORS = "errors"  # of Quantity.error: the entry of the same name among the result's errors


@dataclass(frozen=True)
class Units:
    """The units of an input key, looked up in the tables of the task."""

    key: str


def units_of(key: str) -> Units:
    """The units of a quantity that has those of the input key ``key``."""
    return Units(key)


@dataclass(frozen=True)
class Quantity:
    """One data set or summary number, declared once.

    name : in the file; ``{side}`` stands for each value of ``over["side"]``, in ``long_name`` and
    ``axes`` too.
    units : text, or `units_of` an input key. axes : names of its coordinates, slowest first; empty
    for a coordinate itself. dtype : float, int, bool, complex or str. kind : "data" (a data set),
    "summary" (a number of the summary) or "both". error : the name of the quantity that holds its
    error, ``ERRORS`` where the result's errors have an entry of the same name, or the reason why
    there is none.
    """

    name: str
    units: str | Units
    long_name: str
    axes: tuple[str, ...] = ()
    dtype: type = float
    kind: str = "data"
    over: Mapping[str, Sequence[str]] = field(default_factory=dict)
    error: str | None = None
    missing: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"quantity {self.name}: kind {self.kind!r}, not one of {KINDS}")

    def expanded(self) -> list[Quantity]:
        """The members of a family, one quantity for each; itself if it is no family."""
        if not self.over:
            return [self]
        members = []
        for values in itertools.product(*self.over.values()):
            words = dict(zip(self.over, values))
            members.append(
                replace(
                    self,
                    name=self.name.format(**words),
                    long_name=self.long_name.format(**words),
                    axes=tuple(axis.format(**words) for axis in self.axes),
                    over={},
                    error=None if self.error is None else self.error.format(**words),
                    missing=None if self.missing is None else self.missing.format(**words),
                )
            )
        return members


def attractor_quantities(energy: str) -> tuple[Quantity, ...]:
    """What an evolution has come to, see `maths.attractors`; energies in these units."""
    words = "what |Delta| has come to: fixed point, limit cycle or neither"
    return (
        Quantity("attractor", "1", words, dtype=str, kind="summary", error="a word"),
        Quantity(
            "period", f"1/{energy}", "period of |Delta| in a cycle", kind="summary", error=ERRORS
        ),
        Quantity("delta_min", energy, "least |Delta| of a cycle", kind="summary", error=ERRORS),
        Quantity("delta_max", energy, "largest |Delta| of a cycle", kind="summary", error=ERRORS),
    )


def missing_where(quantities: Sequence[Quantity], reason: str, names: str) -> tuple[Quantity, ...]:
    """The same quantities, with the reason why those of ``names`` may have no number.

    names : as declared, a family's with its braces, with blanks between them. Raises ValueError for
    a name that is not among the quantities.
    """
    missing = names.split()
    unknown = set(missing) - {quantity.name for quantity in quantities}
    if unknown:
        raise ValueError(f"no quantities {sorted(unknown)}")
    return tuple(
        replace(quantity, missing=reason) if quantity.name in missing else quantity
        for quantity in quantities
    )


WORK = (
    Quantity("steps", "1", "time steps taken", dtype=int, kind="summary", error="counted"),
    Quantity(
        "rejected_steps", "1", "time steps tried again", dtype=int, kind="summary", error="counted"
    ),
    Quantity("seconds", "s", "wall time of the evolution", kind="summary", error="measured"),
    Quantity(
        "gflops", "GF/s", "rate of the products of matrices", kind="summary", error="measured"
    ),
    Quantity(
        "state_bytes", "bytes", "state on each rank", dtype=int, kind="summary", error="counted"
    ),
    Quantity(
        "peak_bytes", "bytes", "memory of each rank", dtype=int, kind="summary", error="measured"
    ),
)  # what every evolution says of its work


class Given(Protocol):
    """A checked input, as ``run``, ``refuse`` and ``cost`` of a task get it: `config.load.Run`."""

    @property
    def task(self) -> str:
        """Name of the task."""

    @property
    def parameters(self) -> Any:
        """The task's own dataclass of [parameters]; a swept key holds its first value."""

    @property
    def numerics(self) -> Any:
        """The task's own dataclass of [numerics]."""

    @property
    def initial(self) -> Any:
        """The task's own dataclass of [initial]."""

    @property
    def tables(self) -> Mapping[str, Any]:
        """Further tables by name."""

    @property
    def run(self) -> Any:
        """The table [run]: t_max, output_every, seed, limits."""

    @property
    def sweep(self) -> Mapping[str, FloatArray]:
        """Swept key -> (n,) values; the first key is the slow one."""

    @property
    def petsc(self) -> Mapping[str, object]:
        """PETSc options by name."""

    @property
    def folder(self) -> Path:
        """Where relative file names of the input start."""

    @property
    def begun(self) -> bool:
        """Whether the input is that of a run that has begun: files that it names may be gone."""

    @property
    def trusted(self) -> bool:
        """Whether code that a checkpoint keeps may be executed."""


@dataclass
class Outcome:
    """How a task ended, for the driver to store.

    status : complete, not-converged or stopped. summary, errors : numbers, texts, lists by name.
    """

    status: str
    summary: dict[str, object]
    errors: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Keeper(Protocol):
    """Keeps one part of a run, see `solvers.checkpointing.StateKeeper`. **Collective.**

    progress : set by the task, a function whose answer comes back as ``found``. share : of the part
    in all of the run, and reached, the time up to which it is: what others see of its progress.
    """

    progress: Callable[[], Kept]
    share: Any
    reached: float | None

    @property
    def saved(self) -> Saved | None:
        """The checkpoint to go on from."""

    @property
    def moved(self) -> bool:
        """Whether the end of the run has moved since then."""

    @property
    def found(self) -> Kept | None:
        """What ``progress`` gave when the checkpoint was written, or None."""

    @property
    def result(self) -> Kept | None:
        """What `finish` was given, if the part ended before."""

    def decide(self) -> tuple[bool, bool]:
        """(whether to stop here, whether to write a checkpoint) after a step."""

    def save(
        self,
        numbers: Mapping[str, object],
        shared: Mapping[str, object],
        arrays: Mapping[str, Part],
        free: bool,
    ) -> int:
        """Write a checkpoint; returns its bytes."""

    def finish(self, value: Kept) -> Kept:
        """Note the part's result for what follows; give it back as a later run will find it."""


class Output(Protocol):
    """The run's files, as a task gets them: ``run(given, comm, log, output)``."""

    def __call__(self) -> ResultFile:
        """The result file, new, or as it was when the run was stopped. **Collective.**"""

    def points(self) -> RecordKeeper:
        """The keeper of a sweep's finished points. **Collective.**"""

    def part(self, name: str) -> Keeper:
        """The keeper of a solver's state, for one part of the run. **Collective.**"""

    def recall(self, name: str, compute: Callable[..., Value], *args: object) -> Value:
        """``compute(*args)``, or what it gave when the run was begun. **Collective.**"""

    @property
    def read_input(self) -> Callable[[str, str | Path], Given]:
        """``read_input(text, folder)``: the checked input of another run."""

    @property
    def stopping(self) -> Stopping:
        """What asks the run to stop; its ``reason`` in words."""


@dataclass(frozen=True)
class Cost:
    """What a run takes: processor seconds in all, bytes of the fullest rank, ranks with work."""

    core_seconds: float
    bytes_per_rank: float
    most_ranks: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """One thing a system can compute.

    tables : table of the input ("parameters", "numerics", "initial", ...) -> dataclass.
    run : ``run(given, comm, log, output) -> Outcome``, collective. sweep : keys that [sweep] may
    hold.
    timed : needs [run] t_max. petsc : prefixes of the PETSc options it uses.
    ts_types : what [petsc] evolve.ts_type may be, the usual one first.
    refuse : ``refuse(given)`` raises InputError for what the tables alone cannot rule out; it
    computes nothing.
    doubts : ``doubts(given)`` lists what a physicist would ask of a valid input.
    code : ``code(given)`` names the user's own code that the run executes, or None.
    cost : ``cost(given, ranks) -> Cost``. figure : ``figure(result, canvas)``, canvas a matplotlib
    Figure or SubFigure. beside : another task of the system -> ``figure(result, others, canvas)``,
    which draws results of that task into the figure of this. idle : ``idle(resolved)`` lists the
    keys that have no meaning in an input, whose tables hold their defaults: captions leave them
    out. quantities : all that it may write.
    example : a small input, {table: {key: value}}. Functions are callables or texts
    "package.module:function".
    """

    name: str
    doc: str
    tables: Mapping[str, type]
    run: Function
    sweep: tuple[str, ...] = ()
    timed: bool = False
    petsc: tuple[str, ...] = ()
    ts_types: tuple[str, ...] = ("rk",)
    refuse: Function | None = None
    doubts: Function | None = None
    code: Function | None = None
    cost: Function | None = None
    figure: Function | None = None
    beside: Mapping[str, Function] = field(default_factory=dict)
    idle: Function | None = None
    quantities: tuple[Quantity, ...] = ()
    example: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    """A system: its name in the input, one sentence, the paper it reproduces, its tasks."""

    name: str
    doc: str
    paper: str
    tasks: Mapping[str, Task]

    def __init__(self, name: str, doc: str, paper: str, tasks: Sequence[Task]) -> None:
        for key, value in (("name", name), ("doc", doc), ("paper", paper)):
            object.__setattr__(self, key, value)
        by_name = {task.name: task for task in tasks}
        if len(by_name) < len(tasks):
            raise ValueError(f"system {name}: two tasks have one name")
        object.__setattr__(self, "tasks", MappingProxyType(by_name))


def resolve(function: Function) -> Callable[..., object]:
    """The function that "package.module:function" names; a callable as it is."""
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    if not name:
        raise InputError(f"{function}: must be package.module:function")
    resolved: Callable[..., object] = vars(import_module(module))[name]
    return resolved


def declared(task: Task) -> dict[str, Quantity]:
    """Name -> quantity, with its units as text, of all that a task may write; swept keys too."""
    keys = _keys(task)
    quantities = {name: _coordinate(name, keys) for name in task.sweep if name in keys}
    for family in task.quantities:
        for quantity in family.expanded():
            units = quantity.units
            if isinstance(units, Units):
                units = keys[units.key].metadata.get("unit", "1")
            quantities[quantity.name] = replace(quantity, units=units)
    return quantities


def _keys(task: Task) -> Keys:
    """Key of the input -> dataclass field, over all tables of a task."""
    return {key: f for table in task.tables.values() for key, f in keys_of(table).items()}


def _coordinate(key: str, keys: Keys) -> Quantity:
    """A swept key as a coordinate of the result."""
    words = keys[key].metadata
    return Quantity(key, words.get("unit", "1"), words.get("doc", key), error="an input")
