"""Figure of the task ``modes`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....figures import style
from . import site_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

GROWS, DECAYS = style.COLOURS[1], style.COLOURS[0]
TURNS = "0.6"


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Growth rates over the bias, or the modes in the plane of z; the fastest mode on the sites."""
    style.size(canvas, 10, 4.6)
    plane, site = canvas.subplots(1, 2)
    if "branch" in result:
        _branches(plane, site, result)
        return
    if len(np.asarray(result[_key(result)])) > 1:
        _along(plane, result)
    else:
        _in_plane(plane, result)
    plane.axhline(0, color="0.8", lw=0.8, zorder=0)
    if plane.get_legend_handles_labels()[0]:
        plane.legend(fontsize=9)
    _shape(site, result)


def _classes(result: Result) -> list[tuple[np.ndarray, str, str]]:
    """[(mask (eV, mode), colour, words)]."""
    rate, phase = np.asarray(result.growth_rate), np.asarray(result.phase_mode)
    grows = (rate > 0) & ~phase
    return [
        (grows, GROWS, "grows"),
        (~grows & ~phase, DECAYS, "decays"),
        (phase, TURNS, "turns the phase"),
    ]


def _in_plane(axes: Any, result: Result) -> None:
    """A marker a mode, its size the multiplicity; the line above which modes were sought."""
    rate, frequency = np.asarray(result.growth_rate), np.asarray(result.frequency)
    times = np.asarray(result.multiplicity)
    for mask, colour, words in _classes(result):
        mask = mask & np.isfinite(rate)
        if mask.any():
            axes.scatter(frequency[mask], rate[mask], 24 * times[mask], colour, label=words)
    axes.axhline(float(np.asarray(result.lowest)[0]), color="0.6", ls="--", lw=1)
    wide = 1.15 * max(np.nanmax(np.abs(frequency), initial=0.0), 0.05)
    axes.set(xlim=(-wide, wide), xlabel=r"frequency $\mathrm{Re}\,z$")
    axes.set_ylabel(r"growth rate $\mathrm{Im}\,z$")


def _along(axes: Any, result: Result) -> None:
    """Growth rates over the swept parameter."""
    rate, values = np.asarray(result.growth_rate), np.asarray(result[_key(result)])
    bias = np.broadcast_to(values[:, None], rate.shape)
    for mask, colour, words in _classes(result):
        mask = mask & np.isfinite(rate)
        if mask.any():
            axes.scatter(bias[mask], rate[mask], 18, colour, label=words)
    axes.plot(values, np.asarray(result.lowest), color="0.6", ls="--", lw=1)
    axes.set(xlabel=_words(result), ylabel=r"growth rate $\mathrm{Im}\,z$")


def _key(result: Result) -> str:
    """The swept parameter."""
    return next(iter(result.sweep), "eV")


def _words(result: Result) -> str:
    key = _key(result)
    return "$eV$" if key == "eV" else result[key].long_name.split(";")[0]


def _branches(pairing: Any, growth: Any, result: Result) -> None:
    """Pairing and growth rate of every branch: lines where it is stable, dots where it is not."""
    values = np.asarray(result[_key(result)])
    delta, rate = np.asarray(result.branch_delta_max), np.asarray(result.branch_growth_rate)
    begins = [str(word) for word in np.asarray(result.branch_begins).astype(str)]
    for number, word in enumerate(begins):
        colour = style.COLOURS[number % len(style.COLOURS)]
        unstable = rate[number] > 0
        for axes, table in ((pairing, delta), (growth, rate)):
            axes.plot(values, table[number], color=colour, lw=1.2, alpha=0.5)
            for mask, mark in ((unstable, "o"), (~unstable, "s")):
                fill = "none" if mark == "o" else colour
                axes.plot(values[mask], table[number][mask], mark, ms=5, color=colour, mfc=fill)
        pairing.plot([], [], "s", color=colour, label=f"{number}: {word}")
    for event in result.summary["bifurcations"]:
        pairing.plot(event["at"], event["delta_max"], "k*", ms=9, zorder=5)
    if "branch_lowest" in result:
        lowest = np.asarray(result.branch_lowest).T
        growth.plot(values, lowest, "--", color=TURNS, lw=0.8)
        growth.plot([], [], "--", color=TURNS, lw=0.8, label="no mode is sought below")
        growth.legend(fontsize=9)
    growth.axhline(0, color="0.8", lw=0.8, zorder=0)
    pairing.set(xlabel=_words(result), ylabel=r"$\max|\Delta|$ (open: a mode grows)")
    growth.set(xlabel=_words(result), ylabel="growth rate of the fastest mode")
    pairing.legend(fontsize=9)


def _shape(axes: Any, result: Result) -> None:
    """The pairing of the fastest mode on the sites."""
    rate = np.where(np.asarray(result.phase_mode), -np.inf, np.asarray(result.growth_rate))
    rate = np.where(np.isfinite(rate), rate, -np.inf)
    at = np.unravel_index(int(np.argmax(rate)), rate.shape)
    if not np.isfinite(rate[at]):
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no mode above the line", ha="center", transform=axes.transAxes)
        return
    values = np.linalg.norm(np.asarray(result.delta_mode)[at], axis=0)
    site_map.sites(axes, result, values, "pairing of the fastest mode")
