"""Figure of the task ``spectrum`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from . import site_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Density of states over energy and position, its mean and the occupied part, plane waves."""
    waves = "spectral" in result
    style.size(canvas, 15 if waves else 10, 4.6)
    grid = canvas.add_gridspec(1, 2 + waves)
    energy, ldos = np.asarray(result.energy), np.asarray(result.ldos)
    order = np.argsort(site_map.plane(result)[:, 0], kind="stable")
    axes = canvas.add_subplot(grid[0])
    top = float(np.percentile(ldos, 99.5))
    image = axes.pcolormesh(
        np.arange(len(order)),
        energy,
        ldos[:, order],
        cmap="magma",
        vmin=0,
        vmax=max(top, 1e-12),
        rasterized=True,
        shading="nearest",
    )
    canvas.colorbar(image, ax=axes, label="local density of states")
    axes.set(xlabel="site, by position", ylabel=r"energy $\omega$")
    axes = canvas.add_subplot(grid[1])
    axes.plot(ldos.mean(1), energy, color="0.2", label="mean over sites")
    occupied = np.asarray(result.occupied).mean(1)
    axes.fill_betweenx(energy, 0, occupied, color=style.COLOURS[0], alpha=0.4, label="occupied")
    axes.set(xlabel="density of states", ylabel=r"energy $\omega$")
    axes.legend(fontsize=9)
    if waves:
        axes = canvas.add_subplot(grid[2])
        spectral = np.asarray(result.spectral)
        image = axes.pcolormesh(
            np.arange(len(spectral)),
            energy,
            spectral.T,
            cmap="magma",
            vmin=0,
            rasterized=True,
            shading="nearest",
        )
        canvas.colorbar(image, ax=axes, label="spectral function")
        axes.set(xlabel="wave vector, by number", ylabel=r"energy $\omega$")
