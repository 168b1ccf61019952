"""Figure of task ``steady``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....figures import style
from .looks import LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Every steady state in the plane of wave number and order parameter.

    Crosses: states of equal couplings that unequal ones have lost, where they end.
    """
    style.size(canvas, 8.2, 4.4)
    axes = canvas.add_subplot()
    states, ended = result.summary["branches"], result.summary.get("ended", [])
    for state in states:
        label = f"{state['name']}  $\\Delta_0={state['delta']:.5f}\\,\\mu$"
        mark(axes, state, "o", label)
    for state in ended:
        asymmetry = r"\frac{\gamma_L-\gamma_R}{\gamma_L+\gamma_R}"
        label = f"{state['name']} ended at ${asymmetry}={state['asymmetry']:.4f}$"
        mark(axes, state, "x", label, mew=2)
    every = [*states, *ended]
    axes.set(
        xlabel=r"wave number $Q/p_F$",
        ylabel=r"order parameter $\Delta_0/\mu$",
        xlim=(-0.01, 1.1 * max([s["Q"] for s in every] + [0.05])),
        ylim=(0, 1.08 * max([s["delta"] for s in every] + [0.05])),
    )
    if every:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def mark(axes: Axes, state: dict, marker: str, label: str, **look) -> None:
    """One state at its wave number and order parameter."""
    colour = LOOKS[state["name"]][0]
    axes.plot(
        state["Q"], state["delta"], marker, ms=9, color=colour, clip_on=False, label=label, **look
    )
