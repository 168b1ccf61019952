"""What a physicist would ask about a valid input of the lattice."""

from __future__ import annotations

from ....maths import drives
from ....tasks.task import Given


def doubts(given: Given) -> list[str]:
    """Sentences; nothing is computed."""
    numerics = {} if given.numerics is None else vars(given.numerics)
    window = numerics.get("window")
    if window is None or given.parameters is None:
        return []
    try:
        bias = drives.read(given.parameters.eV, given.folder).extremes(None)
    except ValueError:  # the file that holds it is gone
        return []
    bias = max([bias, *(abs(value) for value in given.sweep.get("eV", ()))])
    if window >= bias:
        return []
    return [
        f"[numerics] window = {window:g}: is below the bias, which reaches {bias:g}: wide leads "
        "are wrong where the current flows; leave it out, or give more"
    ]
