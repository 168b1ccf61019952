"""What a physicist would ask about an input that is valid: kelvin, steps, sizes, windows."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

import numpy as np

from .task import Given, Task, resolve

KELVIN_PER_EV = 1 / 8.617333262e-5
HOT = 1.0  # in units of a hop, a Fermi energy or a gap: no condensate is that hot
SCALES = ("t_par", "eF", "mu", "E_g")  # units whose size is that of the system's largest energy
KNOWN = (1.2, 4.2, 77.0, 77.4, 273.15, 293.0, 293.15, 295.0, 298.0, 298.15, 300.0)  # kelvin


def doubts_of(given: Given, task: Task) -> list[str]:
    """Sentences on a valid input; nothing is computed. The task's own follow those of all tasks."""
    words = list(_temperatures(given))
    if task.doubts is not None:
        own = resolve(task.doubts)(given)
        if not isinstance(own, list):
            raise TypeError(f"doubts of {task.name} are {type(own).__name__}, not a list")
        words += own
    return words


def _temperatures(given: Given) -> Iterator[str]:
    """Temperatures that look like kelvin."""
    tables = {"parameters": given.parameters, "numerics": given.numerics, **given.tables}
    for path, key, value, unit in _numbers(tables):
        if not re.fullmatch(r"T|T_\w+|\w+_T", key):
            continue
        values = np.array([value])
        if path == "parameters" and key in given.sweep:
            values = np.asarray(given.sweep[key], float)
        largest = float(values.max())
        is_hot = unit in SCALES and largest > HOT
        if is_hot or any(abs(largest - known) < 1e-9 for known in KNOWN):
            scale = unit if unit in SCALES else "the unit of energy"
            yield (
                f"[{path}] {key} = {largest:g}: temperatures are energies here (k_B = 1), in units "
                f"of {unit}; if these are kelvin, give {largest / KELVIN_PER_EV:.3g} eV over "
                f"{scale} in eV"
            )


def _numbers(tables: Mapping[str, object]) -> Iterator[tuple[str, str, float, str]]:
    """(path of the table, key, value, unit) of every number of nested tables."""
    for path, table in tables.items():
        if isinstance(table, Mapping):
            yield from _numbers({f"{path}.{name}": item for name, item in table.items()})
        if not dataclasses.is_dataclass(table) or isinstance(table, type):
            continue
        for field in dataclasses.fields(table):
            value = vars(table)[field.name]
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                yield path, field.name, float(value), str(field.metadata.get("unit", "1"))
            else:
                inner = path if field.metadata.get("whole") else f"{path}.{field.name}"
                yield from _numbers({inner: value})
