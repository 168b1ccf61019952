"""A film of an order parameter over sites, drawn for the task ``evolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

FRAMES = 6
LONG = 2.5  # ratio of the lengths from which a lattice counts as long


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """A film strip of |Delta(x, y)|; below it the bias, |Delta| and the leading waves in time.

    Squares stand side by side, long lattices above each other.
    """
    t, delta = np.asarray(result.t), np.abs(np.asarray(result.delta))
    picks = _frames(t, delta)
    square = delta.shape[1] < LONG * delta.shape[2]
    style.size(canvas, 11.0, 5.4 if square else 8.2)
    grid = canvas.add_gridspec(2, 1, height_ratios=[0.6, 1] if square else [1.55, 1])
    shape = (1, len(picks)) if square else (-(-len(picks) // 2), 2)
    _strip(canvas, grid[0].subgridspec(*shape), t[picks], delta[picks], square, delta.max())
    below = grid[1].subgridspec(1, 2)
    _history(canvas.add_subplot(below[0]), result, t, delta)
    _waves(canvas.add_subplot(below[1]), result, t)


def _strip(canvas, cells, times, frames, square, largest) -> None:
    """The frames of the film with one scale of colours."""
    panels = []
    for t, size, cell in zip(times, frames, cells):
        axes = canvas.add_subplot(cell)
        image = axes.imshow(
            size.T,
            origin="lower",
            cmap="magma",
            vmin=0,
            vmax=max(largest, 1e-12),
            aspect="equal" if square else "auto",
            interpolation="nearest",
        )
        axes.set_title(f"$t={t:.4g}$")
        axes.spines[["top", "right"]].set_visible(True)
        panels.append(axes)
    for axes in panels if square else panels[-2:]:
        axes.set_xlabel("site $x$")
    for axes in panels[:1] if square else panels[::2]:
        axes.set_ylabel("site $y$")
    canvas.colorbar(image, ax=panels, label=r"$|\Delta_{xy}|\,/\,t_\parallel$", pad=0.01, aspect=25)


def _frames(t, delta):
    """Rows of the strip: the first, the last, and where most has changed in between."""
    change = np.sqrt(((delta[1:] - delta[:-1]) ** 2).mean((1, 2)))
    change = change + 1e-3 * delta.max() * np.diff(t) / max(t[-1], 1e-9)
    moved = np.concatenate([[0], np.cumsum(change)])
    return np.unique(np.searchsorted(moved, np.linspace(0, moved[-1], FRAMES)).clip(0, len(t) - 1))


def _history(axes, result, t, delta):
    axes.plot(t, delta.max((1, 2)), color=style.COLOURS[0], label=r"max $|\Delta|$")
    axes.plot(t, np.sqrt((delta**2).mean((1, 2))), color=style.COLOURS[2], label=r"rms $|\Delta|$")
    axes.plot(t, result.eV, color="0.6", lw=1.2, label="$eV$")
    axes.set(
        xlabel=r"time $t\;(1/t_\parallel)$",
        ylabel=r"energy / $t_\parallel$",
        xlim=(t[0], t[-1]),
        ylim=(0, None),
    )
    axes.legend(fontsize=9)


def _waves(axes, result, t):
    weight = np.asarray(result.structure)
    flat = weight.reshape(len(t), -1)
    leading = np.argsort(flat.max(0))[::-1][:5]
    for k, colour in zip(leading, style.COLOURS):
        n = np.unravel_index(k, weight.shape[1:])
        axes.semilogy(
            t, np.maximum(flat[:, k], 1e-16), color=colour, lw=1.3, label=f"({n[0]}, {n[1]})"
        )
    uneven = weight[:, :, 1:].sum((1, 2))
    axes.semilogy(
        t, np.maximum(uneven, 1e-16), color="0.5", ls="--", lw=1.2, label=r"all $n_y \neq 0$"
    )
    axes.set(
        xlabel=r"time $t\;(1/t_\parallel)$",
        ylabel=r"$|\Delta_q|^2\,/\,t_\parallel^2$",
        xlim=(t[0], t[-1]),
    )
    axes.set_ylim(bottom=max(1e-12, flat.max() * 1e-12))
    axes.legend(title="$(n_x, n_y)$", fontsize=8, title_fontsize=8, ncol=2)
