"""Figure of the task ``periodic`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Currents over a period with their means; the pairing, or the density; the multipliers."""
    style.size(canvas, 12, 4.2)
    flow, site, circle = canvas.subplots(1, 3)
    t, current = np.asarray(result.t), np.asarray(result.current)
    names = [str(name) for name in np.asarray(result.lead)]
    for k, name in enumerate(names):
        colour = style.COLOURS[k % len(style.COLOURS)]
        flow.plot(t, current[:, k], color=colour, label=name)
        flow.axhline(result.summary["mean_current"][name], color=colour, ls="--", lw=0.9)
    flow.set(xlabel="$t$", ylabel="current into the system (mean dashed)")
    flow.legend(fontsize=9)
    paired = bool(result.summary["delta_max"])
    values = np.abs(np.asarray(result.delta)) if paired else np.asarray(result.density)
    site.plot(t, values, color=style.COLOURS[0], alpha=0.7)
    site.set(xlabel="$t$", ylabel="pairing $|D_i|$" if paired else "density")
    turn = np.linspace(0, 2 * np.pi, 200)
    circle.plot(np.cos(turn), np.sin(turn), color="0.8", lw=1)
    for real, imaginary in result.summary["multipliers"]:
        circle.plot(real, imaginary, "o", color=style.COLOURS[1])
    circle.set(aspect="equal", xlabel="Re of the multiplier", ylabel="Im")
