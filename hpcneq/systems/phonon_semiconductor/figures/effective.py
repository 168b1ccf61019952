"""Figure of task effective: Porta et al. 2019, Fig. 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Populations of both bands and of the effective model."""
    style.size(canvas, 6.4, 4.2)
    axes, k = canvas.add_subplot(), np.asarray(result["k"])
    for name, label, colour in (
        ("n11", r"$n^{11}_k$", style.COLOURS[0]),
        ("n22", r"$n^{22}_k$", style.COLOURS[1]),
    ):
        axes.plot(k, result[name], ".", color=colour, ms=4, label=label)
    C, gap = result.number("C"), result.number("delta_tilde")
    axes.plot(
        k,
        result["n_eff"],
        color="0.15",
        lw=1.3,
        label=rf"effective: $C={C:.3f}$, $\tilde\Delta={gap:.3f}$",
    )
    axes.set(xlabel="momentum $k$", ylabel="population", xlim=(k[0], k[-1]), ylim=(-0.03, 1.03))
    axes.legend(fontsize=10)
