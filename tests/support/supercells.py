"""A small supercell of the exciton condensate."""

from __future__ import annotations

import copy
import functools

from hpcneq.config.toml_text import literal_of
from hpcneq.systems.exciton_bec.physics import steady_states
from hpcneq.systems.exciton_bec.physics.gap_equations import Drive

INPUT = {
    "system": "exciton-bec",
    "task": "evolve",
    "parameters": {"inv_kfas": 0.5, "ratio": 0.5, "gamma_b": 0.02, "T_b": 0.05},
    "numerics": {
        "p_c": 25.0,
        "wave_number": 0.6,
        "supercell": {
            "harmonics": 2,
            "bloch_points": 2,
            "panels": 1,
            "p_max": 1.6,
            "y_max": 3.0,
        },
        "dt": 0.2,
        "error_estimate": False,
    },
    "initial": {"kick_time": 3.0, "kick_width": 1.0, "kick": 1e-2},
    "run": {"t_max": 6.0, "output_every": 0.4},
}


def changed(**tables):
    """The input with other values, table by table; cell: those of [numerics.supercell]."""
    given = copy.deepcopy(INPUT)
    given["numerics"]["supercell"] |= tables.pop("cell", {})
    for name, values in tables.items():
        given[name] |= values
    return given


@functools.lru_cache(maxsize=1)
def condensate():
    """Its uniform state."""
    return steady_states.solve(Drive(inv=0.5, ratio=0.5, gb=0.02, p_c=25.0, T=0.05))


def text(given):
    """An input as TOML."""
    lines = [f'{name} = "{given[name]}"' for name in ("system", "task")]
    for name, table in given.items():
        if isinstance(table, dict):
            lines += [f"[{name}]", *(f"{key} = {literal_of(x)}" for key, x in table.items())]
    return "\n".join(lines) + "\n"
