"""Figure of task evolve: Porta et al. 2019, Figs. 5 to 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .momenta import coherence, pairs, populations

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """|Delta| in time; populations, coherence and pairs at the end."""
    style.size(canvas, 10.0, 6.4)
    time, *momenta = canvas.subplots(2, 2).flat
    t = np.asarray(result["t"])
    time.plot(t, np.abs(np.asarray(result["delta"])), color=style.COLOURS[0])
    time.set(xlabel=r"time $t\,E_g$", ylabel=r"$|\Delta|/E_g$", ylim=(0, None), xlim=(t[0], t[-1]))
    k = np.asarray(result["k"])
    n11, n22, n21, s = (np.asarray(result[name])[-1] for name in ("n11", "n22", "n21", "s"))
    populations(momenta[0], k, n11, n22)
    coherence(momenta[1], k, n21)
    pairs(momenta[2], k, s)
