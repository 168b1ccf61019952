"""Fourier content of the currents under a sine drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....files.writer import Result
from ....maths.drives import Drive
from ....parallel import Communicator, on_root
from ....tasks import Outcome
from ..physics import spectra

if TYPE_CHECKING:
    from ....files.writer import ResultFile

HARMONICS, MOST_PERIODS = 8, 4
ROWS_PER_HARMONIC = 4  # rows of output needed in the whole periods, over the number of harmonics


def write_harmonics(out: ResultFile, comm: Communicator, drive: Drive, outcome: Outcome) -> None:
    """Harmonics of the currents over the last whole periods of a sine drive. **Collective.**

    Writes data sets; adds the first ones and their errors to the outcome, or a warning.
    """
    rows = on_root(comm, _current_rows, out.path)
    t = rows.pop("t")
    period = 2 * np.pi / drive.frequency
    end = min(t[-1], drive.at + drive.duration)
    periods = min(int((end - drive.at) / period * (1 + 1e-9)), MOST_PERIODS)
    inside = (t >= end - periods * period - 1e-9) & (t <= end + 1e-9)
    fewest = ROWS_PER_HARMONIC * HARMONICS
    if periods < 1 or inside.sum() < fewest:
        outcome.warnings.append(
            f"no Fourier content of the currents: it needs a whole period ({period:.4g}) "
            f"with {fewest} rows of output or more"
        )
        return
    out.axis("harmonic", np.arange(HARMONICS + 1))
    for name, current in rows.items():
        values, misfit = spectra.harmonics(
            t[inside] - drive.at, current[inside], drive.frequency, HARMONICS
        )
        out.fixed(f"{name}_harmonics", values)
        outcome.summary[f"{name}_first_harmonic"] = complex(values[1])
        outcome.errors[f"{name}_first_harmonic"] = misfit


def _current_rows(path: str) -> dict[str, np.ndarray]:
    """The times and currents of all rows of a result file."""
    result = Result(path, own=True)
    return {name: np.asarray(result[name]) for name in ("t", "current_left", "current_right")}
