"""Figure of the task ``steady`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....figures import style
from . import site_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

MARGINAL = 1e-6  # growth rates up to it are none
PAIRED, TURNING = 1e-6, 1e-4  # a pairing, and a frequency, worth showing
MARKS = {"stable": "o", "unstable": "x", "marginal": "D"}


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """A map of the first state: pairing, density, currents; and all states. Raises InputError.

    Of a state without pairs that nothing else stands beside, density and currents alone.

    Of states followed along the bias: pairing and current over it.
    """
    if "eV" in result:
        _along(result, canvas)
        return
    states = result.summary.get("states") or []
    if not states and "position" in result:
        raise InputError(f"{result.path}: holds no states; a figure needs one")
    density = np.asarray(result.density)[0]
    if max((state["delta_max"] or 0.0 for state in states), default=0.0) < PAIRED:
        style.size(canvas, 6.5, 5.2)
        _density(canvas.add_subplot(), result, density)
        canvas.suptitle(f"stationary state of {len(density)} sites", fontsize=12)
        return
    flat = float(np.ptp(site_map.plane(result)[:, 1])) == 0
    style.size(canvas, 10, 5.2 if flat else 8.5)
    grid = canvas.add_gridspec(2, 2)
    bond = np.asarray(result.delta_bond)[0] if "delta_bond" in result else None
    pairing = site_map.on_sites(result, np.asarray(result.delta)[0], bond)
    axes = canvas.add_subplot(grid[0, 0])
    site_map.sites(axes, result, np.abs(pairing), r"$|\Delta|$", cmap="magma", vmin=0)
    site_map.phases(axes, result, pairing)
    _density(canvas.add_subplot(grid[0, 1]), result, density)
    if any(state.get("growth_rate") is not None for state in states):
        _profile(canvas.add_subplot(grid[1, 0]), result)
        _states(canvas.add_subplot(grid[1, 1]), states)
    else:
        _profile(canvas.add_subplot(grid[1, :]), result)
    canvas.suptitle(f"stationary states of {len(density)} sites", fontsize=12)


def _density(axes, result: Result, density: np.ndarray) -> None:
    """Density as colour, currents as arrows."""
    site_map.sites(axes, result, density, "density", cmap="viridis")
    if "bond_current" in result:
        site_map.arrows(axes, result, np.asarray(result.bond_current)[0])


def _profile(axes, result: Result) -> None:
    """|Delta| and phase of the states along the widest direction."""
    place = site_map.plane(result)[:, 0]
    order = np.argsort(place, kind="stable")
    delta = np.asarray(result.delta)
    if np.abs(delta).max(initial=0.0) < 1e-12 and "delta_bond" in result:
        pairs = np.asarray(result.bonds, int)
        place = place[pairs].mean(1)
        order = np.argsort(place, kind="stable")
        delta = np.asarray(result.delta_bond)
    for number, row in enumerate(delta[:6]):
        axes.plot(place[order], np.abs(row)[order], ".-", ms=4, label=f"state {number}")
    axes.set(xlabel="position", ylabel=r"$|\Delta|$")
    axes.legend(fontsize=9)


def _states(axes, states: list) -> None:
    """Growth rate of each state over its pairing."""
    for number, state in enumerate(states):
        growth = state.get("growth_rate")
        if growth is None:
            continue
        mark = MARKS.get(state["stability"], "s")
        axes.plot(state["delta_max"], growth, mark, color=style.COLOURS[number % 5])
        axes.annotate(f" {number}", (state["delta_max"], growth))
    axes.axhline(0, color="0.7", lw=0.8)
    axes.set(xlabel=r"$\max|\Delta|$", ylabel="growth rate (below 0: stable)")


def _along(result: Result, canvas: Figure | SubFigure) -> None:
    """Pairing and current of all states over the bias; the condensate's frequency where it turns.

    Of states whose stability was not computed it is not told.
    """
    eV = np.asarray(result.eV)
    delta, growth = np.asarray(result.delta_max_of), np.asarray(result.growth_rate_of)
    rows = [
        (r"$\max|\Delta|$", delta),
        ("current", np.asarray(result.current_of)[..., 0]),
    ]
    mu = np.asarray(result.mu_c_of) if "mu_c_of" in result else np.zeros(0)
    paired = mu.shape == delta.shape and np.any(np.abs(mu[delta > PAIRED]) > TURNING)
    if paired:
        rows.append((r"$\mu_c$", np.where(delta > PAIRED, mu, np.nan)))
    style.size(canvas, 8, 6 + 2.5 * len(rows[2:]))
    every = canvas.subplots(len(rows), 1, sharex=True)
    x = np.broadcast_to(eV[:, None], delta.shape)
    kinds = (
        (growth <= MARGINAL, "o", style.STABLE, "stable"),
        (growth > MARGINAL, "x", style.UNSTABLE, "unstable"),
        (np.isnan(growth), "s", "0.5", "stability not computed"),
    )
    for chosen, mark, colour, word in kinds:
        chosen = chosen & np.isfinite(delta)
        if not chosen.any():
            continue
        for axes, (name, values) in zip(every, rows):
            axes.plot(x[chosen], values[chosen], mark, ms=4, color=colour, label=word)
            axes.set(ylabel=name)
    every[-1].set(xlabel="bias $eV$")
    every[0].legend()
