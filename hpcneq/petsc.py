"""PETSc in one place: started once, options by prefix, unused ones refused, errors from reasons."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

from .errors import InputError, NotConverged
from .petsc_options import AT_START, LEFT_OUT, VARIABLE, is_printing, pairs


class Session:
    """PETSc is started once in a process: the module, and the options it holds.

    argv : {name: where it was given} of the command line and the environment. covered : values
    that a script, which had started PETSc before, gave to options of these names. tables : names
    of those of the [petsc] tables in use.
    """

    def __init__(self) -> None:
        self.module: ModuleType | None = None
        self.argv: dict[str, str] = {}
        self.covered: dict[str, str | None] = {}
        self.tables: set[str] = set()

    def replace(
        self, options: Sequence[tuple[str, str | None]], origins: Mapping[str, str]
    ) -> None:
        """Options in place of those of the run before."""
        base = self.module.Options()
        for name in self.argv:
            base.delValue(name)
        for name, value in self.covered.items():
            base.setValue(name, value)
        there = base.getAll()
        self.argv = {name: origins.get(name, "-- -") for name, _ in options}
        self.covered = {name: value for name, value in there.items() if name in self.argv}
        for name, value in options:
            base.setValue(name, value)


_session = Session()


def start(
    argv: Sequence[str] | None = None, origins: Mapping[str, str] | None = None
) -> ModuleType:
    """Initialise PETSc once and return the module. It reads no file and no variable.

    argv : options, in place of those that a run before in this process had; they have been vetted.
    origins : name -> what messages put before it, where that is not the command line.
    Raises InputError for a word that is neither an option nor the value of one.
    """
    given = None if argv is None else list(pairs(argv))
    if _session.module is None:
        _session.module = _initialised([name for name, _ in given or () if name in AT_START])
    if given is not None:
        _session.replace(given, origins or {})
    return _session.module


HELD = "hpcneq: held by PETSc"  # name of a communicator that PETSc keeps its copy of


def hold(comm: Any) -> None:
    """Keep PETSc's own copy of a communicator for good. **Collective.**

    PETSc makes the copy with the first object on a communicator and frees it with the last one,
    which Python may let go at another time on each rank: the next object then waits for ranks that
    make no copy.
    """
    if comm.size == 1 or comm.Get_name() == HELD:
        return
    one = start().IS().createStride(1, comm=comm)
    one.incRef()
    comm.Set_name(HELD)


def _initialised(names: Sequence[str]) -> ModuleType:
    """The module of PETSc, started with flags of these names."""
    try:
        import petsc4py
    except ImportError:
        raise InputError(
            "petsc4py is missing: run tools/setup, or load a module with complex PETSc"
        ) from None
    with _without_variables():
        # handlers of its own would take signals that ask to stop, and die of a reader that left
        own = ["skip_petscrc", "no_signal_handler"]
        petsc4py.init(["hpcneq", *(f"-{name}" for name in [*own, *names])])
        from petsc4py import PETSc

    for name in own:
        PETSc.Options().delValue(name)
    if PETSc.ScalarType().dtype.kind != "c":
        raise InputError(
            "this PETSc has real scalars: hpcneq needs one configured with complex scalars"
        )
    PETSc.Sys.pushErrorHandler("python")
    return PETSc


def eigensolvers() -> ModuleType | None:
    """SLEPc's module, started after PETSc; None where it is not installed."""
    start()
    try:
        import slepc4py
    except ImportError:
        return None
    with _without_variables():
        slepc4py.init([])
        from slepc4py import SLEPc
    return SLEPc


@contextlib.contextmanager
def _without_variables() -> Iterator[None]:
    """PETSc would read these variables, whatever it is told."""
    names = (VARIABLE, *LEFT_OUT)
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


def of_script(prefixes: Sequence[str]) -> dict[str, str | None]:
    """Options for these prefixes that a script, which has started PETSc itself, put into it."""
    if "petsc4py.PETSc" not in sys.modules:
        return {}
    starts = tuple(f"{prefix.rstrip('_')}_" for prefix in prefixes)
    options = start(()).Options().getAll()
    return {name: value or None for name, value in options.items() if name.startswith(starts)}


class Options:
    """The run's ``[petsc]`` options in PETSc's database while needed; **with** removes them again.

    ``table`` maps full names without the dash ("evolve_ts_type") to values; True is a bare flag.
    What the command line gave after ``--`` wins. Blocks may be nested: what the outer one holds
    stays, used or not as it was.
    """

    def __init__(self, table: Mapping[str, object]):
        self.table = dict(table)
        self.added: list[str] = []
        self.base = start().Options()

    def __enter__(self):
        self.added = [
            name for name in self.table if name not in _session.argv and name not in _session.tables
        ]
        for name in self.added:
            value = self.table[name]
            self.base.setValue(name, None if value is True else str(value))
        _session.tables.update(self.added)
        return self

    def __exit__(self, *exc):
        for name in self.added:
            self.base.delValue(name)
        _session.tables.difference_update(self.added)

    def get(self, name: str, default: str) -> str:
        """An option that hpcneq itself reads (marks it used)."""
        return self.base.getString(name, default)

    def given(self) -> list[str]:
        """Names of the options of the table and of the command line."""
        return [*self.table, *_session.argv]

    def refuse_unused(self) -> None:
        """InputError naming the first option nobody has asked for; call before the first step."""
        for name in self.given():
            # `used` first: to look for a name (hasName) marks it as used
            if not is_printing(name) and not used(name) and self.base.hasName(name):
                where = _session.argv.get(name, "[petsc] ")
                raise InputError(
                    f"{where}{name}: no solver of this run uses this PETSc option "
                    "(options start with the solver's prefix: evolve_, initial_)"
                )


def used(name: str) -> bool:
    """Whether PETSc has asked for an option, by its C function: petsc4py 3.18 does not wrap it."""
    from petsc4py import PETSc

    flag = ctypes.c_int(0)
    library = ctypes.CDLL(PETSc.__file__)
    library.PetscOptionsUsed.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_int),
    ]
    library.PetscOptionsUsed(None, name.encode(), ctypes.byref(flag))
    return bool(flag.value & 0xFF)


class Solver(Protocol):
    """What is used of a solver of PETSc: SNES, TS, KSP."""

    def setFromOptions(self) -> None:
        """Take the options from the database."""

    def getOptionsPrefix(self) -> str:
        """What the names of its options begin with."""


def configure(solver: Solver) -> None:
    """Set the solver's options from the database. **Collective.**

    InputError, in PETSc's own words, for a value it cannot take.
    """
    try:
        solver.setFromOptions()
    except start().Error as error:
        words = str(error).splitlines()[-1].partition("] ")[2]
        raise InputError(f"[petsc] {solver.getOptionsPrefix()}: {words}") from None


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """What a callback raises leaves a solver as it is: petsc4py wraps it from 3.20 or so on."""
    try:
        yield
    except start().Error as error:
        cause: BaseException | None = error
        while isinstance(cause, start().Error):
            cause = cause.__cause__
        if cause is None:
            raise
        raise cause from None


def reason(kind: type, code: int) -> str:
    """The name of a converged reason ("DIVERGED_LINE_SEARCH") from its number."""
    names = {
        value: name
        for name, value in vars(kind).items()
        if not name.startswith("_") and isinstance(value, int)
    }
    return names.get(code, str(code))


def check(kind: type, code: int, what: str, advice: str) -> None:
    """NotConverged if a PETSc solver's reason is negative."""
    if code < 0:
        raise NotConverged(f"{what} ({reason(kind, code)}); {advice}")
