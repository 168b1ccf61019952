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
    panels = _panels(result)
    values, label = _last(result, t)
    mapped = site_map.varies(values)
    driven = float(np.ptp(np.asarray(result.eV))) > 0
    if driven and not mapped:
        panels.append(_bias)
    line = not mapped or site_map.on_line(site_map.plane(result))
    style.size(canvas, 10 if mapped else 7, max(2.2 * len(panels), 3.5) if line else 8)
    grid = canvas.add_gridspec(len(panels), 1 + mapped, width_ratios=[1.5, 1][: 1 + mapped])
    first = None
    for row, panel in enumerate(panels):
        first = axes = canvas.add_subplot(grid[row, 0], sharex=first)
        panel(axes, result, t)
    axes.set_xlabel("time")
    if not mapped:
        return
    below = driven and len(panels) > 1
    _map(canvas.add_subplot(grid[: -1 if below else None, 1]), result, values, label)
    if below:
        axes = canvas.add_subplot(grid[-1, 1])
        _bias(axes, result, t)
        axes.set_xlabel("time")


def _panels(result: Result) -> list:
    """The functions that draw over the time what changes."""
    panels = [_currents] if "current" in result else []
    if np.abs(_pairs(result)).max(initial=0.0) > 1e-12:
        panels.append(_pairing)
    if np.ptp(np.asarray(result.density), axis=0).max() > 1e-9 or not panels:
        panels.append(_density)
    return panels


def _last(result: Result, t: np.ndarray) -> tuple[np.ndarray, str]:
    """The last |Delta| of the sites, (n,), and its label; the density where there is no pairing."""
    values, label = np.abs(_last_pairing(result)), rf"$|\Delta|$ at $t = {t[-1]:.4g}$"
    if values.max(initial=0.0) < 1e-12:
        return np.asarray(result.density)[-1], rf"density at $t = {t[-1]:.4g}$"
    return values, label


def _last_pairing(result: Result) -> np.ndarray:
    """The last pairing of the sites, (n,) complex."""
    bond = np.asarray(result.delta_bond)[-1] if "delta_bond" in result else None
    return site_map.on_sites(result, np.asarray(result.delta)[-1], bond)


def _map(axes, result: Result, values: np.ndarray, label: str) -> None:
    """Map of the last state, with its phases and currents."""
    site_map.sites(axes, result, values, label, cmap="magma")
    site_map.phases(axes, result, _last_pairing(result))
    if "bond_current" in result:
        site_map.arrows(axes, result, np.asarray(result.bond_current)[-1])


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
    delta = _pairs(result)
    chosen = np.unique(np.linspace(0, delta.shape[1] - 1, LINES).astype(int))
    _lines(axes, t, delta[:, chosen])
    axes.set(ylabel=r"$|\Delta|$")


def _pairs(result: Result) -> np.ndarray:
    """|Delta| over time, of sites, or of bonds if sites have none."""
    delta = np.abs(np.asarray(result.delta))
    if delta.max(initial=0.0) < 1e-12 and "delta_bond" in result:
        return np.abs(np.asarray(result.delta_bond))
    return delta


def _density(axes, result: Result, t: np.ndarray) -> None:
    density = np.asarray(result.density)
    chosen = np.unique(np.linspace(0, density.shape[1] - 1, LINES).astype(int))
    _lines(axes, t, density[:, chosen])
    axes.set(ylabel="density")


def _lines(axes, t: np.ndarray, values: np.ndarray) -> None:
    """Lines of a few sites, from dark to light in their order."""
    shades = np.linspace(0.05, 0.85, max(values.shape[1], 2))
    for row, shade in zip(values.T, shades):
        axes.plot(t, row, lw=1.1, color=style.shade(shade))


def _bias(axes, result: Result, t: np.ndarray) -> None:
    axes.plot(t, np.asarray(result.eV), color="0.2")
    axes.set(ylabel="bias $eV$")
