"""Figure of task keldysh: the functional and the gap equation over momenta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Both over k, with their ratio in the title."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    k = np.asarray(result["k"])
    axes.plot(k, result["gap_equation"], color=style.COLOURS[0], label="gap equation")
    axes.plot(
        k,
        result["functional"],
        "o",
        mfc="none",
        color=style.COLOURS[1],
        label="Keldysh functional (53), corrected",
    )
    axes.set(
        xlabel="momentum $k$",
        ylabel=r"$\partial_\delta\mathcal{L}/i$",
        title=rf"$|\Delta|={result.number('delta'):.4g}$: ratio {result.number('ratio'):.9f}",
    )
    axes.legend()
