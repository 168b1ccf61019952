"""Figure of ``steady``: occupation and pair amplitude over momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Occupation and, in the condensed state, both parts of the pair amplitude."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    p = np.asarray(result.p)
    axes.plot(p, result.n_p, color=style.COLOURS[0], label=r"occupation $n_p$")
    if "pair_p" in result:
        pair, colour = np.asarray(result.pair_p), style.COLOURS[1]
        amplitude = r"\langle h_{-p}e_p\rangle$"
        axes.plot(p, pair.real, color=colour, label=r"${\rm Re}\," + amplitude)
        axes.plot(p, pair.imag, "--", color=colour, label=r"${\rm Im}\," + amplitude)
    axes.set(xlabel=r"momentum $p/k_F$", xlim=(0, 3))
    axes.legend()
