"""What a task must know of a finished evolution whose result file [initial] names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....errors import InputError
from ....tasks import Given


def rows_of_finished_run(given: Given) -> tuple[np.ndarray, np.ndarray]:
    """(eV, max |Delta|) of every row of the evolution that [initial] file names.

    Raises InputError if it is not a finished evolution of stripes of this system.
    """
    from ....files.reader import Result  # h5py, which other inputs do not need

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
