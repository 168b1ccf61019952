"""Figure of the task ``pump-probe`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

LINES = 4
CLIPPED = 98  # per cent of what is drawn: the rest, of low frequencies, goes beyond the axes


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Change of Re sigma over delay and frequency; curves at some delays, and before the pulse."""
    delay, energy = np.asarray(result.delay), np.asarray(result.energy)
    sigma, still = np.asarray(result.sigma).real, np.asarray(result.sigma_still).real
    few = len(delay) < 3
    style.size(canvas, 6 if few else 11, 4.4)
    lines = canvas.subplots(1, 1) if few else None
    if lines is None:
        plane, lines = canvas.subplots(1, 2)
        change = sigma - still
        top = max(float(np.nanpercentile(np.abs(change), CLIPPED)), 1e-12)
        look = {"cmap": "RdBu_r", "vmin": -top, "vmax": top, "shading": "nearest"}
        image = plane.pcolormesh(delay, energy, change.T, rasterized=True, **look)
        canvas.colorbar(image, ax=plane, label=r"change of $\mathrm{Re}\,\sigma$")
        plane.set(xlabel="delay of the probe", ylabel=r"frequency $\omega$")
        gap = np.asarray(result.delta_max_at)
        plane.plot(delay, 2 * gap, "k--", lw=1, label=r"$2\max|\Delta|$")
        plane.set_ylim(energy[0], energy[-1])
        if gap.max() > 0:
            plane.legend(fontsize=9)
    shown = np.unique(np.linspace(0, len(delay) - 1, min(LINES, len(delay))).round().astype(int))
    for number, place in enumerate(shown):
        colour = style.COLOURS[number % len(style.COLOURS)]
        lines.plot(energy, sigma[place], color=colour, label=f"{delay[place]:.3g}")
    lines.plot(energy, still, "k--", lw=1.2, label="before")
    lines.axhline(0, color="0.8", lw=0.8, zorder=0)
    lines.set(xlabel=r"frequency $\omega$", ylabel=r"$\mathrm{Re}\,\sigma$ a site")
    high = float(np.nanpercentile(sigma, CLIPPED - 3))
    lines.set_ylim(min(0.0, 1.2 * float(np.nanmin(sigma))), 1.5 * max(high, 1e-12))
    lines.legend(title="delay", fontsize=9)
