"""Figure of the task ``tmatrix`` of the nsn-junction: the inverse T-matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """1/U - C(Q) along x (Fig. 5(b) of the paper): pairs grow where it is negative."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    Q, value = np.asarray(result.Q), np.asarray(result.inverse_T)
    axes.plot(Q, value, color=style.COLOURS[0], label="along $x$")
    if "C_diagonal" in result:
        diagonal = 1 / result.parameters["U"] - np.asarray(result.C_diagonal)
        axes.plot(Q, diagonal, color="0.6", lw=1.3, ls="--", label="along the diagonal")
        axes.legend(loc="best")
    axes.fill_between(Q, np.minimum(value, 0), 0, color=style.COLOURS[1], alpha=0.3, lw=0)
    axes.axhline(0, color="0.6", lw=0.9, zorder=0)
    best, least = result.summary["Q_max"], result.summary["inverse_T_min"]
    axes.plot(best, least, "o", color=style.COLOURS[1], clip_on=False)
    axes.annotate(
        f"$Q={best:.4f}$, $U\\,C={result.summary['U_C_max']:.4f}$",
        (best, least),
        xytext=(12, -2),
        textcoords="offset points",
        va="top",
    )
    axes.margins(y=0.12)
    axes.set(
        xlabel=r"pair momentum $Q$ (1/lattice constant)",
        ylabel=r"$1/U-C(Q)\;(1/t_\parallel)$",
        xlim=(Q[0], Q[-1]),
    )
