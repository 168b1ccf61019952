"""Figures: one function per task; each reads only a result file."""

from __future__ import annotations

import importlib

from ..errors import InputError

MODULES = {
    "nsn-junction": "systems.nsn_junction.figures.evolve",
    "fermi-gas": "systems.fermi_gas.figures.states",
    "exciton-bec": "systems.exciton_bec.figures.states",
    "laser-semiconductor": "systems.laser_semiconductor.figures.all",
    "phonon-semiconductor": "systems.phonon_semiconductor.figures.all",
}


def plot(result, path=None):
    """Draw the figure of a result's task, into ``path`` if given; returns the matplotlib figure."""
    import matplotlib

    if path is not None:
        matplotlib.use("Agg")
    module = (
        importlib.import_module(f"..{MODULES[result.system]}", __package__)
        if result.system in MODULES
        else None
    )
    draw = getattr(module, result.task.replace("-", "_"), None)
    if draw is None:
        raise InputError(f"{result.path}: there is no figure for {result.system} {result.task}")
    try:
        figure = draw(result)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        if result.status != "running":
            raise
        raise InputError(
            f"{result.path}: its run has not ended (status running) and what it has does not make the figure yet "
            f"(no {error}); hpcneq resume {result.path} finishes it"
        ) from None
    if path is not None:
        try:
            figure.savefig(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot write the figure ({error})") from None
    return figure
