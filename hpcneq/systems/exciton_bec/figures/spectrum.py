"""Figure of ``spectrum``: occupied spectral weight over momentum and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Fig. 9 of Hanai et al. (2017), with the levels +-E and the bath's edge; n_p beside it."""
    style.size(canvas, 8.6, 4.8)
    axes, side = canvas.subplots(1, 2, gridspec_kw={"width_ratios": [3, 1]})
    p, w, L, E = (np.asarray(result[name]) for name in ("p", "w", "L", "E_p"))
    image = axes.pcolormesh(
        p,
        w,
        np.maximum(L.T, 1e-12),
        norm=LogNorm(vmin=1e-3, vmax=max(1.0, L.max())),
        cmap="magma",
        shading="nearest",
        rasterized=True,
    )
    for sign in (1, -1):
        axes.plot(p, sign * E, color="white", lw=0.7, ls=":")
    edge, words = result.number("mu_b") - result.number("mu"), r"$\mu_b-\mu$ "
    if np.isnan(edge):  # normal: energies are measured from the bath's
        edge, words = 0.0, r"$\mu=\mu_b$ "
    axes.axhline(edge, color="#7fd1ff", lw=1, ls="--")
    axes.text(p[-1], edge, words, color="#7fd1ff", ha="right", va="bottom")
    canvas.colorbar(image, ax=axes, label=r"$L(p,\omega)\,\varepsilon_F$", pad=0.01)
    axes.set(
        xlabel=r"momentum $p/k_F$",
        ylabel=r"energy $(\omega-\mu)/\varepsilon_F$",
        xlim=(p[0], p[-1]),
        ylim=(w[0], w[-1]),
    )
    side.plot(np.asarray(result.n_p), p, color=style.COLOURS[0])
    side.set(xlabel=r"$n_p$", ylabel=r"$p/k_F$", xlim=(0, 1), ylim=(p[0], p[-1]))
    share = 100 * result.summary["upper_weight"]
    words = f"{share:.2g}% above $\\omega=\\mu$"
    side.text(0.95, 0.98, words, transform=side.transAxes, fontsize=9, ha="right", va="top")
