"""Figures of supercells: maps over space and time, harmonics, momentum distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from .result import Result

SHOWN = 4  # harmonics
FURTHER = {"frequency": "frequency", "velocity": "velocity", "ratio": "ratio"}
SHADES = {"frequency": "k", "velocity": "0.4", "ratio": "0.6"}
POTENTIALS = {
    "potential": "LO",
    "potential_nbcs": "NBCS",
    "potential_nff": "NFF",
    "potential_nff_prime": "NFF'",
}
LEAST = 1e-9  # of the largest harmonic: smaller ones are rounding
START = "0.6"  # colour of what was
ROOM = 0.25  # of the height: above all lines, for a legend


def draw_evolution(result: Result, canvas: Figure | SubFigure, energy: str, momentum: str) -> None:
    """|Delta| over x and t, its extremes and harmonics in time, the momentum distribution.

    energy, momentum : symbols of the units.
    """
    style.size(canvas, 10.0, 7.0)
    axes = canvas.subplots(2, 2)
    t = np.asarray(result.t)
    space_time(axes[0, 0], result, energy, momentum)
    axes[0, 1].plot(t, np.asarray(result.delta_max), label=r"$\max_x|\Delta|$")
    axes[0, 1].plot(t, np.asarray(result.delta_min), label=r"$\min_x|\Delta|$")
    axes[0, 1].set(xlabel=f"time ${energy}\\,t$", ylabel=rf"$|\Delta|/{energy}$")
    axes[0, 1].legend(fontsize=9)
    harmonics_in_time(axes[1, 0], result, energy)
    if "delta_xy" in result:
        across_the_stripes(axes[1, 1], result, energy, momentum)
    else:
        momentum_distribution(axes[1, 1], result, momentum)


def space_time(axes: Axes, result: Result, energy: str, momentum: str) -> None:
    """The map of |Delta(x, t)|."""
    t, x = np.asarray(result.t), np.asarray(result.x)
    image = axes.pcolormesh(x, t, np.asarray(result.delta_x), shading="nearest", rasterized=True)
    axes.figure.colorbar(image, ax=axes, label=rf"$|\Delta|/{energy}$")
    axes.set(xlabel=f"${momentum}x$", ylabel=f"time ${energy}\\,t$")


def harmonics_in_time(axes: Axes, result: Result, energy: str) -> None:
    """The first harmonics, on a logarithmic scale."""
    t, m = np.asarray(result.t), np.asarray(result.harmonic)
    sizes = np.abs(np.asarray(result.harmonics))
    for k in range(min(SHOWN, m.max() + 1)):
        both = np.hypot(sizes[:, m == k][:, 0], sizes[:, m == -k][:, 0]) / np.sqrt(2)
        axes.semilogy(t, np.maximum(both, 1e-300), label=f"$m={k}$", lw=1.4)
    axes.set_ylim(LEAST * sizes.max(), 3 * sizes.max())
    axes.set(xlabel=f"time ${energy}\\,t$", ylabel=rf"$|\Delta_m|/{energy}$")
    axes.legend(fontsize=9, ncol=2)


def across_the_stripes(axes: Axes, result: Result, energy: str, momentum: str) -> None:
    """The map of |Delta(x, y)| at the end."""
    x, y = np.asarray(result.x), np.asarray(result.y)
    last = np.abs(np.asarray(result.delta_xy)[-1]).T
    image = axes.pcolormesh(x, y, last, shading="nearest", rasterized=True)
    axes.figure.colorbar(image, ax=axes, label=rf"$|\Delta|/{energy}$ at the end")
    axes.set(xlabel=f"${momentum}x$", ylabel=f"${momentum}y$")


def momentum_distribution(axes: Axes, result: Result, momentum: str) -> None:
    """Carriers over p_x at the start and at the end."""
    p, n = np.asarray(result.p_x), np.asarray(result.momenta)
    axes.plot(p, n[0], color=START, label="start")
    axes.plot(p, n[-1], label="end")
    axes.set(xlabel=rf"$p_x/{momentum}$", ylabel=r"$\int dy\,n/4\pi$")
    axes.legend(fontsize=9)


def draw_pattern(result: Result, canvas: Figure | SubFigure, energy: str, momentum: str) -> None:
    """Delta and the density over the cell, and the harmonics of a stationary pattern."""
    style.size(canvas, 9.0, 3.8)
    left, right = canvas.subplots(1, 2)
    x, wave = np.asarray(result.x), np.asarray(result.delta_x)
    left.plot(x, np.abs(wave), label=rf"$|\Delta|/{energy}$")
    left.plot(x, wave.real, lw=1.0, label=rf"${{\rm Re}}\,\Delta/{energy}$")
    number = np.asarray(result.density)
    left.plot(
        x, number / number.mean() * np.abs(wave).mean(), "--", lw=1.0, label="density, scaled"
    )
    left.set(xlabel=f"${momentum}x$")
    left.legend(fontsize=9)
    m = np.asarray(result.harmonic)
    right.semilogy(m, np.maximum(np.abs(np.asarray(result.harmonics)), 1e-12), "o-")
    right.set(xlabel="harmonic", ylabel=rf"$|\Delta_m|/{energy}$")


def draw_branch(result: Result, canvas: Figure | SubFigure, energy: str) -> None:
    """Extremes of |Delta|, the first harmonics and the frequency of a pattern along a sweep."""
    style.size(canvas, 9.0, 3.8)
    left, right = canvas.subplots(1, 2)
    where = result.harmonics.axes[0]
    axis = result[where]
    x, m = np.asarray(axis), np.asarray(result.harmonic)
    left.plot(x, np.asarray(result.delta_max), "o-", ms=4, label=r"$\max_x|\Delta|$")
    left.plot(x, np.asarray(result.delta_min), "o-", ms=4, label=r"$\min_x|\Delta|$")
    if "delta" in result:
        left.plot(x, np.asarray(result.delta), color="0.6", label="uniform")
    left.set(xlabel=axis.long_name, ylabel=rf"$|\Delta|/{energy}$")
    sizes = np.abs(np.asarray(result.harmonics))
    for k in range(min(SHOWN, m.max() + 1)):
        right.plot(x, sizes[:, m == k][:, 0], "o-", ms=4, label=rf"$|\Delta_{k}|/{energy}$")
    for name, label in FURTHER.items():
        if name != where and name in result and result[name].axes == (where,):
            right.plot(x, np.asarray(result[name]), "--", color=SHADES[name], label=label)
    right.set(xlabel=axis.long_name)
    for axes in (left, right):
        axes.legend(fontsize=9)


def draw_potentials(result: Result, canvas: Figure | SubFigure, unit: str) -> None:
    """Extremes of |Delta| along a sweep, and the potential beside those of the uniform states."""
    style.size(canvas, 9.0, 3.8)
    left, right = canvas.subplots(1, 2)
    axis = result[result.harmonics.axes[0]]
    x = np.asarray(axis)
    left.plot(x, np.asarray(result.delta_max), "o-", ms=4, label=r"$\max_x|\Delta|$")
    left.set(xlabel=axis.long_name, ylabel=rf"$|\Delta|/{unit}$")
    for name, label in POTENTIALS.items():
        right.plot(x, 1e5 * np.asarray(result[name]), "o-", ms=4, label=label)
    right.axhline(0.0, color="0.6", lw=1.0, label="normal")
    low, high = right.get_ylim()
    right.set(
        xlabel=axis.long_name,
        ylabel=r"potential $\times 10^5$",
        ylim=(low, high + ROOM * (high - low)),
    )
    left.legend(fontsize=9)
    right.legend(fontsize=9, ncol=3, loc="upper center")
