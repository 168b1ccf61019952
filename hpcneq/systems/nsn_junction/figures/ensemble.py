"""Figure of the nsn-junction's ensembles."""

from __future__ import annotations

import numpy as np

from ....figures import style


def ensemble(result):
    """The order parameter in time of every run, and how often each wave number came out, for each step."""
    figure = style.figure(10.0, 4.2)
    grid = figure.add_gridspec(1, 2, width_ratios=[1.6, 1])
    time, counts = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    waves, size, steps = (
        np.asarray(result.wave_number),
        np.asarray(result.delta_max),
        np.asarray(result.dt),
    )
    found = np.unique(waves)
    colours = dict(zip(found, style.COLOURS * len(found)))
    for k in range(len(steps)):
        for run, n in zip(size[k], waves[k]):
            time.plot(
                result.t, run, color=colours[n], lw=0.8, alpha=0.7, ls="-" if k == 0 else "--"
            )
    for n in found:
        time.plot([], [], color=colours[n], label=f"$n={n}$")
    time.set(
        xlabel=r"time $t\;(1/t_\parallel)$",
        ylabel=r"max $|\Delta_x|/t_\parallel$",
        xlim=(result.t[0], result.t[-1]),
        ylim=(0, None),
    )
    time.legend(title="final wave number")
    width = 0.8 / len(steps)
    for k, dt in enumerate(steps):
        counts.bar(
            found + (k - 0.5 * (len(steps) - 1)) * width,
            [(waves[k] == n).sum() for n in found],
            width=0.9 * width,
            color=style.COLOURS[k % len(style.COLOURS)],
            label=rf"$dt={dt:g}$",
        )
    counts.set(
        xlabel=r"final wave number $n$",
        ylabel=f"runs of {waves.shape[1]}",
        xticks=np.arange(found.min() - 1, found.max() + 2),
    )
    counts.set_ylim(0, 1.3 * waves.shape[1])
    counts.legend(loc="upper right", ncol=2)
    return figure
