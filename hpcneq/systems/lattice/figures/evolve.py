"""Figure of the task ``evolve`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....figures import style
from . import site_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

LINES = 8  # most sites whose pairing is drawn as a line


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Currents, pairing and density over time, a map of the last state. Raises InputError.

    What does not change, or is not there, has no panel.
    """
    t = np.asarray(result.t)
    if len(t) < 2:
        raise InputError(f"{result.path}: holds {len(t)} rows; a figure needs two")
    flat = float(np.ptp(site_map.plane(result)[:, 1])) == 0
    style.size(canvas, 10, 6.4 if flat else 8)
    panels = [_pairing]
    if "current" in result:
        panels.insert(0, _currents)
    if np.ptp(np.asarray(result.density), axis=0).max() > 1e-9:
        panels.append(_density)
    driven = float(np.ptp(np.asarray(result.eV))) > 0
    grid = canvas.add_gridspec(len(panels), 2, width_ratios=[1.5, 1])
    first = None
    for row, panel in enumerate(panels):
        first = axes = canvas.add_subplot(grid[row, 0], sharex=first)
        panel(axes, result, t)
    axes.set_xlabel("time")
    bond = np.asarray(result.delta_bond)[-1] if "delta_bond" in result else None
    last = site_map.on_sites(result, np.asarray(result.delta)[-1], bond)
    axes = canvas.add_subplot(grid[: -1 if driven else None, 1])
    values, label = np.abs(last), rf"$|\Delta|$ at $t = {t[-1]:.4g}$"
    if values.max(initial=0.0) < 1e-12:
        values, label = np.asarray(result.density)[-1], rf"density at $t = {t[-1]:.4g}$"
    site_map.sites(axes, result, values, label, cmap="magma")
    site_map.phases(axes, result, last)
    if "bond_current" in result:
        site_map.arrows(axes, result, np.asarray(result.bond_current)[-1])
    if driven:
        _bias(canvas.add_subplot(grid[-1, 1]), result, t)


def _currents(axes, result: Result, t: np.ndarray) -> None:
    """Current of every lead, and its mean over the last period."""
    names = [str(name) for name in np.asarray(result.lead).astype(str)]
    means = result.summary.get("mean_current") or {}
    for number, (name, values) in enumerate(zip(names, np.asarray(result.current).T)):
        colour = style.COLOURS[number % len(style.COLOURS)]
        axes.plot(t, values, color=colour, lw=1.2, label=name)
        if name in means:
            axes.axhline(means[name], color=colour, ls=":", lw=1)
    axes.set(ylabel="current $dN/dt$")
    axes.legend(fontsize=9)


def _pairing(axes, result: Result, t: np.ndarray) -> None:
    """|Delta| of a few sites, or of bonds."""
    delta = np.abs(np.asarray(result.delta))
    if delta.max(initial=0.0) < 1e-12 and "delta_bond" in result:
        delta = np.abs(np.asarray(result.delta_bond))
    if delta.size:
        chosen = np.unique(np.linspace(0, delta.shape[1] - 1, LINES).astype(int))
        axes.plot(t, delta[:, chosen], lw=1.1)
    axes.set(ylabel=r"$|\Delta|$")


def _density(axes, result: Result, t: np.ndarray) -> None:
    density = np.asarray(result.density)
    chosen = np.unique(np.linspace(0, density.shape[1] - 1, LINES).astype(int))
    axes.plot(t, density[:, chosen], lw=1.1)
    axes.set(ylabel="density")


def _bias(axes, result: Result, t: np.ndarray) -> None:
    axes.plot(t, np.asarray(result.eV), color="0.2")
    axes.set(xlabel="time", ylabel="bias $eV$")
