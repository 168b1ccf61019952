"""Figure of the task ``conductivity`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Re and Im of sigma, with and without the mean field's response; twice the pairing."""
    style.size(canvas, 10, 4.4)
    energy = np.asarray(result.energy)
    sigma, held = np.asarray(result.sigma), np.asarray(result.sigma_bubble)
    size = result.summary.get("delta_max") or 0.0
    pair = 2 * size
    both = canvas.subplots(1, 2)
    for axes, part, words in zip(both, (np.real, np.imag), ("Re", "Im")):
        axes.plot(energy, part(held), color="0.65", ls="--", label="pairing held")
        axes.plot(energy, part(sigma), color=style.COLOURS[0], label="pairing moves")
        if energy[0] < pair < energy[-1]:
            axes.axvline(pair, color="0.8", lw=1, zorder=0)
        axes.axhline(0, color="0.8", lw=0.8, zorder=0)
        axes.set(xlabel=r"frequency $\omega$", ylabel=rf"{words} $\sigma(\omega)$ a site")
    both[0].legend(fontsize=9)
    weight = result.summary.get("superfluid_weight")
    if weight is not None:
        canvas.suptitle(rf"superfluid weight {weight:.4g}; line: $2|D|$", fontsize=11)
