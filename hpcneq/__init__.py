"""hpcneq: non-equilibrium fermionic condensates, on a laptop or under mpiexec.

From Python::

    import hpcneq
    result = hpcneq.run("input.toml")      # or a dict; runs in this process
    result = hpcneq.run("input.toml", run={"t_max": 3}, parameters={"T": 0.1})
    result = hpcneq.open("out.h5")         # named arrays with units; result.plot()
    print(hpcneq.check("input.toml"))      # what run would say, and what it would take
    data = hpcneq.sweep({...}, over={"parameters.T": [0.1, 0.2]})  # an xarray Dataset
    result.compare(other)                  # do they agree within their errors?
    hpcneq.describe("fermi-gas", "steady") # its keys and quantities, as a dict

Importing this package loads nothing heavy: numpy, MPI, PETSc and HDF5 wait until they are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import HpcneqError, InputError, NotConverged, StoppedEarly
from .threads import own_kernels

if TYPE_CHECKING:
    import xarray

    from .figures.draw import Figure, SubFigure
    from .results import Result

__version__ = "0.3.0"
__all__ = [
    "HpcneqError",
    "InputError",
    "NotConverged",
    "Result",
    "StoppedEarly",
    "check",
    "describe",
    "open",
    "resume",
    "run",
]


def run(
    source: str | Path | Mapping[str, object],
    output: str | Path | None = None,
    overrides: Sequence[str] = (),
    force: bool = True,
    quiet: bool = True,
    petsc_argv: Sequence[str] = (),
    **tables: object,
) -> Result:
    """Compute a TOML file or a dict in this process. **Collective.**

    output : the result file; without it a temporary one, which goes with the Result; of a run that
    stops or does not converge it stays, and the error names it.
    overrides : "table.key=value" texts. force : overwrite an existing file.
    petsc_argv : words that the command line takes after ``--``.
    tables : changes of the input by table, such as ``run={"t_max": 3}``.
    Raises InputError, NotConverged, StoppedEarly. A signal that would end the script, such as TERM,
    ends it once the checkpoint is written.
    """
    with own_kernels():  # numpy is loaded here
        from . import driver

    changes = _changes(overrides, tables)
    return driver.run_in_process(source, output, changes, force, quiet, petsc_argv)


def resume(
    path: str | Path,
    overrides: Sequence[str] = (),
    quiet: bool = True,
    petsc_argv: Sequence[str] = (),
    trust_model: bool = False,
    **tables: object,
) -> Result:
    """Go on with a stopped or killed run from its newest whole checkpoint. **Collective.**

    trust_model : execute the Python model that the checkpoint keeps, see ``hpcneq.lattice``.
    Other arguments and errors are those of `run`.
    """
    with own_kernels():  # numpy is loaded here
        from . import driver

    changes = _changes(overrides, tables)
    if trust_model:
        return driver.resume_in_process(path, changes, quiet, petsc_argv, trust_model=True)
    return driver.resume_in_process(path, changes, quiet, petsc_argv)


def check(
    source: str | Path | Mapping[str, object],
    overrides: Sequence[str] = (),
    ranks: int = 1,
    cost: bool = True,
    **tables: object,
) -> str:
    """Say that an input is valid, and what it would take on ``ranks`` ranks; nothing is computed.

    cost : estimate memory and time, from a short probe of this machine. overrides, tables : as in
    `run`. Raises the InputError that `run` would raise.
    """
    from .config.check import check_input
    from .systems import Catalogue

    changes = _changes(overrides, tables)
    return check_input(source, Catalogue(), changes, ranks, cost)


def _changes(
    overrides: Sequence[str], tables: dict[str, object]
) -> Sequence[str | Mapping[str, object]]:
    """The overrides and the keyword tables of a call as changes of its input."""
    return [*overrides, tables] if tables else overrides


def describe(
    system: str | None = None, task: str | None = None, key: str | None = None
) -> dict[str, object]:
    """All systems, or one, or one of its tasks, or a key or quantity of that, in JSON's types.

    What ``hpcneq describe --json`` prints. Raises InputError for an unknown name.
    """
    from .config.description import description_of
    from .systems import Catalogue

    return description_of(Catalogue(), system, task, key)


def sweep(source: Mapping[str, object], over: Mapping[str, Sequence[object]]) -> xarray.Dataset:
    """Runs at all combinations of values of some keys, as an xarray Dataset. **Collective.**

    source : an input as a dict. over : {"parameters.T": [0.1, 0.2]}, any keys of the input; they
    become the Dataset's first axes. Numbers of the summaries and the data sets that all runs have
    over the same coordinates are its variables, ``status`` says how each run ended. Raises
    InputError for a wrong input, or where xarray is not installed.
    """
    from . import sweeping

    return sweeping.sweep(source, over)


def plot(
    results: Sequence[Result | str | Path],
    path: str | Path | None = None,
    *,
    canvas: Figure | SubFigure | None = None,
    data: Sequence[str] = (),
    size: str | None = None,
) -> Figure:
    """Several results of one task in one figure: curves with a legend of what differs.

    Of two results also the difference. Behind a phase diagram of the nsn-junction evolutions may
    follow, which are drawn as arrows on it. path, canvas, data, size : as of `Result.plot`. Returns
    the matplotlib figure. Raises InputError for results of different tasks.
    """
    from . import plotting

    return plotting.several(results, data, size, path, canvas)


def open(path: str | Path) -> Result:
    """The result file at ``path``: named arrays with units, summary, figures. Works without MPI.

    Raises InputError if it is no result file.
    """
    from . import results

    return results.Result(path)


def __getattr__(name: str) -> object:
    """``hpcneq.Result``, imported when it is first used."""
    if name == "Result":
        from .results import Result

        return Result
    if name == "Model":
        from .lattice import Model

        return Model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
