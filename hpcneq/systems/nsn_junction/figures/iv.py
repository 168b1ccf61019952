"""Figure of the task ``iv`` of the nsn-junction: current and differential conductance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import AXES, STABILITY, pieces

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

SCALE = 1e3  # currents are drawn in thousandths


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Current and dI/dV per site along every branch of uniform states, and of the normal state."""
    style.size(canvas, 6.8, 6.4)
    upper, lower = canvas.subplots(2, 1, sharex=True)
    current, conductance = (
        SCALE * np.asarray(result[name]) for name in ("I_normal", "dI_dV_normal")
    )
    upper.plot(result.eV, current, color="0.5", lw=1.4, label="normal state")
    lower.plot(result.eV, conductance, color="0.5", lw=1.4)
    _draw_branches(upper, lower, result)
    usual = np.nanmax(np.abs(conductance))
    lower.set_ylim(-0.6 * usual, 2.2 * usual)  # it diverges at folds
    lower.axhline(0, color="0.8", lw=0.8, zorder=0)
    upper.set_ylabel(r"$I\;(10^{-3}\,t_\parallel$/site)")
    lower.set(
        ylabel=r"$dI/d(eV)\;(10^{-3}$/site)",
        xlabel=AXES["eV"],
        xlim=(result.eV[0], result.eV[-1]),
    )
    upper.legend()


def _draw_branches(upper, lower, result) -> None:
    """Both along every piece of every branch, each stability named once."""
    x, code, number = (
        np.asarray(result[name]) for name in ("branch_eV", "branch_stability_code", "branch")
    )
    current, conductance = (
        SCALE * np.asarray(result[name]) for name in ("branch_I", "branch_dI_dV")
    )
    named = set()
    for piece in pieces(np.zeros(len(x)), number, code):
        word, dashes, colour = STABILITY[int(code[piece[0]])]
        label = None if word in named else word
        upper.plot(x[piece], current[piece], dashes, color=colour, label=label)
        lower.plot(x[piece], conductance[piece], dashes, color=colour)
        named.add(word)
