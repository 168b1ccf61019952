"""Figure of the task ``ensemble`` of the nsn-junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The order parameter of every run in time; how often each wave number came out."""
    style.size(canvas, 10.0, 4.2)
    grid = canvas.add_gridspec(1, 2, width_ratios=[1.6, 1])
    waves = np.asarray(result.wave_number)
    different = np.unique(waves)
    _runs(canvas.add_subplot(grid[0]), result, waves, different)
    _counts(canvas.add_subplot(grid[1]), np.asarray(result.dt), waves, different)


def _runs(axes, result, waves, different) -> None:
    """Largest |Delta| in time, coloured by the final wave number; dashed with other time steps."""
    colours = dict(zip(different, style.COLOURS * len(different)))
    for k, runs in enumerate(np.asarray(result.delta_max)):
        line = "-" if k == 0 else "--"
        for size, n in zip(runs, waves[k]):
            axes.plot(result.t, size, color=colours[n], lw=0.8, alpha=0.7, ls=line)
    for n in different:
        axes.plot([], [], color=colours[n], label=f"$n={n}$")
    axes.set(
        xlabel=r"time $t\;(1/t_\parallel)$",
        ylabel=r"max $|\Delta_x|/t_\parallel$",
        xlim=(result.t[0], result.t[-1]),
        ylim=(0, None),
    )
    axes.legend(title="final wave number")


def _counts(axes, steps, waves, different) -> None:
    """How many runs ended with each wave number, for each time step."""
    width = 0.8 / len(steps)
    for k, dt in enumerate(steps):
        axes.bar(
            different + (k - 0.5 * (len(steps) - 1)) * width,
            [(waves[k] == n).sum() for n in different],
            width=0.9 * width,
            color=style.COLOURS[k % len(style.COLOURS)],
            label=rf"$dt={dt:g}$",
        )
    axes.set(
        xlabel=r"final wave number $n$",
        ylabel=f"runs of {waves.shape[1]}",
        xticks=np.arange(different.min() - 1, different.max() + 2),
    )
    axes.set_ylim(0, 1.3 * waves.shape[1])
    axes.legend(loc="upper right", ncol=2)
