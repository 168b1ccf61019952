"""Figure of the task ``pattern`` of the nsn-junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """|Delta(x, y)| and the phase of a stationary pattern, and its structure factor."""
    delta = np.asarray(result.delta)
    style.size(canvas, 11.5, 3.9)
    grid = canvas.add_gridspec(1, 3)
    size, phase, waves = (canvas.add_subplot(cell) for cell in grid)
    image = size.imshow(
        np.abs(delta).T, origin="lower", cmap="magma", vmin=0, interpolation="nearest"
    )
    canvas.colorbar(image, ax=size, label=r"$|\Delta|/t_\parallel$")
    image = phase.imshow(
        delta.real.T,
        origin="lower",
        cmap="PuOr",
        vmin=-np.abs(delta).max(),
        vmax=np.abs(delta).max(),
        interpolation="nearest",
    )
    canvas.colorbar(image, ax=phase, label=r"Re $\Delta/t_\parallel$")
    for axes in (size, phase):
        axes.set(xlabel="site $x$", ylabel="site $y$")
    weight = np.fft.fftshift(np.abs(np.fft.fft2(delta) / delta.size) ** 2)
    reach = [delta.shape[0] // 2, delta.shape[1] // 2]
    image = waves.imshow(
        np.log10(np.maximum(weight, 1e-8 * weight.max())).T,
        origin="lower",
        cmap="viridis",
        interpolation="nearest",
        extent=(-reach[0] - 0.5, reach[0] + 0.5, -reach[1] - 0.5, reach[1] + 0.5),
    )
    canvas.colorbar(image, ax=waves, label=r"$\log_{10}|\Delta_q|^2$")
    waves.set(xlabel="wave number $n_x$", ylabel="$n_y$")
