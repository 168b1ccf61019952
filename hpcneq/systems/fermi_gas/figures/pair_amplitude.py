"""Figure of task ``pair-amplitude``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .titles import state_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

PANELS = {
    "P": "$P_p$",
    "pair_plus": r"$P^{\rm FF}_p(Q,\delta\mu)$",
    "pair_minus": r"$P^{\rm FF}_p(Q,-\delta\mu)$",
}
LARGEST = 0.5  # that a pair amplitude can be


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Fig. 4(b) of the paper, and the two parts of Eqs. (93), (94)."""
    style.size(canvas, 12.0, 4.4)
    x, z = np.asarray(result.p_x), np.asarray(result.p_z)
    panels = canvas.subplots(1, 3, sharey=True)
    tables = {name: np.asarray(result[name]).T for name in PANELS}
    signed = min(values.min() for values in tables.values()) < -1e-3  # one scale for all
    for axes, (name, text) in zip(panels, PANELS.items()):
        image = amplitude(axes, x, z, tables[name], signed)
        axes.set(xlabel="$p_x/p_F$", aspect="equal", xlim=(x[0], x[-1]), ylim=(z[0], z[-1]))
        axes.set_title(text)
    canvas.colorbar(image, ax=list(panels), shrink=0.8, pad=0.02, label="pair amplitude")
    panels[0].set_ylabel("$p_z/p_F$")
    canvas.suptitle(state_title(result), fontsize=11)


def amplitude(axes: Axes, x: np.ndarray, z: np.ndarray, values: np.ndarray, signed: bool) -> object:
    """One amplitude over the plane, and the Fermi surface without reservoirs."""
    look, line = {"cmap": "magma", "vmin": 0}, "white"
    if signed:
        look, line = {"cmap": "RdBu_r", "vmin": -LARGEST}, "0.3"
    image = axes.pcolormesh(x, z, values, shading="nearest", rasterized=True, vmax=LARGEST, **look)
    circle = np.linspace(0, 2 * np.pi, 361)
    axes.plot(np.cos(circle), np.sin(circle), ":", color=line, lw=0.9)
    return image
