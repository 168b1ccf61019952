"""Figure of task evolve: Porta et al. 2019, Figs. 5 to 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .momenta import coherence, pairs, populations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

NOTHING = 1e-9  # |Delta| and pair amplitudes of a state without pairs
DWARFED = 0.4  # later values below this part of the largest one


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """|Delta| in time; populations, coherence and pairs at the end; no panels of what is zero."""
    k = np.asarray(result["k"])
    n11, n22, n21, s = (np.asarray(result[name])[-1] for name in ("n11", "n22", "n21", "s"))
    size = np.abs(np.asarray(result["delta"]))
    if max(size.max(), np.abs(s).max()) < NOTHING:
        style.size(canvas, 10.0, 3.6)
        of_bands, mixed = canvas.subplots(1, 2)
        canvas.suptitle(r"no pairs: $\Delta = 0$ at all times", fontsize=11)
    else:
        style.size(canvas, 10.0, 6.4)
        time, of_bands, mixed, paired = canvas.subplots(2, 2).flat
        in_time(time, np.asarray(result["t"]), size)
        pairs(paired, k, s)
    populations(of_bands, k, n11, n22)
    coherence(mixed, k, n21)


def in_time(axes: Axes, t: np.ndarray, size: np.ndarray) -> None:
    """|Delta| over time; a first peak that dwarfs the rest is drawn once more, whole, inside."""
    axes.plot(t, size, color=style.COLOURS[0])
    axes.set(xlabel=r"time $t\,E_g$", ylabel=r"$|\Delta|/E_g$", ylim=(0, None), xlim=(t[0], t[-1]))
    later = size[len(size) // 2 :].max()
    if 0 < later < DWARFED * size.max():
        axes.set_ylim(0, 1.6 * later)
        inset = axes.inset_axes((0.52, 0.62, 0.44, 0.34))
        inset.plot(t, size, color=style.COLOURS[0], lw=1)
        inset.set(ylim=(0, None), xlim=(t[0], t[-1]))
        inset.tick_params(labelsize=7)
