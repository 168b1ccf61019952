"""Figure of task growth: rates over a swept key, or what the pairing feeds on over k."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import LABELS
from .momenta import mirrored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

OTHER = {"projected": "full", "full": "projected"}


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Growth rate and frequency over a swept key; of one point: n11 + n22 - 1 over k."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    if result.sweep:
        rates(result, axes, *result.sweep)
    else:
        imbalance(result, axes)


def imbalance(result: Result, axes: Axes) -> None:
    """What the pairing feeds on, over momenta."""
    k, values = np.asarray(result["k"]), np.asarray(result["imbalance"])
    axes.plot(*mirrored(k, values), color=style.COLOURS[0])
    axes.set(
        xlabel="momentum $k$",
        ylabel=r"$n_k^{11}+n_k^{22}-1$",
        title=rf"growth rate ${result.number('growth_rate'):.6g}$, "
        rf"frequency ${result.number('frequency'):.6g}$",
    )


def rates(result: Result, axes: Axes, key: str) -> None:
    """Growth rate and frequency with either self-consistency."""
    kind = result.parameters["self_consistency"]
    other = OTHER[kind]
    names = {kind: ("growth_rate", "frequency"), other: (f"{other}_rate", f"{other}_frequency")}
    x = np.asarray(result[key])
    axes.axhline(0, color="0.7", lw=1)
    for which, colour, equation in (
        ("projected", style.COLOURS[1], 18),
        ("full", style.COLOURS[0], 17),
    ):
        rate, frequency = names[which]
        words = f"growth rate, {which}, Eq. ({equation})"
        axes.plot(x, result[rate], color=colour, lw=2, label=words)
        words = f"frequency, {which}"
        axes.plot(x, result[frequency], color=colour, ls="--", lw=1.2, label=words)
    axes.set(
        xlabel=LABELS.get(key, key),
        ylabel=r"$\lambda$",
        title="linear growth of pairing in the driven normal state",
        xlim=(x[0], x[-1]),
    )
    axes.legend(fontsize=9)
