"""Figures of the nsn-junction with nothing assumed of the pattern."""

from __future__ import annotations

import numpy as np

from ....figures import style

FRAMES = 6


def film(result):
    """A film strip of |Delta(x, y)|, below it the bias and the largest |Delta|, and the leading parts of the structure factor in time."""
    t, delta = np.asarray(result.t), np.abs(np.asarray(result.delta))
    picks = _frames(t, delta)
    tall = (
        delta.shape[1] < 2.5 * delta.shape[2]
    )  # squares side by side, long strips above each other
    figure = style.figure(11.0, 5.4 if tall else 8.2)
    grid = figure.add_gridspec(2, 1, height_ratios=[0.6, 1] if tall else [1.55, 1])
    strip = (
        grid[0].subgridspec(1, len(picks)) if tall else grid[0].subgridspec(-(-len(picks) // 2), 2)
    )
    frames, top = [], max(delta.max(), 1e-12)
    for row, cell in zip(picks, strip):
        axes = figure.add_subplot(cell)
        image = axes.imshow(
            delta[row].T,
            origin="lower",
            cmap="magma",
            vmin=0,
            vmax=top,
            aspect="equal" if tall else "auto",
            interpolation="nearest",
        )
        axes.set_title(f"$t={t[row]:.4g}$")
        axes.spines[["top", "right"]].set_visible(True)
        frames.append(axes)
    for axes in frames if tall else frames[-2:]:
        axes.set_xlabel("site $x$")
    for axes in frames[:1] if tall else frames[::2]:
        axes.set_ylabel("site $y$")
    figure.colorbar(image, ax=frames, label=r"$|\Delta_{xy}|\,/\,t_\parallel$", pad=0.01, aspect=25)
    below = grid[1].subgridspec(1, 2)
    _history(figure.add_subplot(below[0]), result, t, delta)
    _waves(figure.add_subplot(below[1]), result, t)
    return figure


def _frames(t, delta):
    """Rows of the strip: the first, the last, and where most has changed in between."""
    moved = np.concatenate(
        [
            [0],
            np.cumsum(
                np.sqrt(((delta[1:] - delta[:-1]) ** 2).mean((1, 2)))
                + 1e-3 * delta.max() * np.diff(t) / max(t[-1], 1e-9)
            ),
        ]
    )
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


def pattern(result):
    """|Delta(x, y)| and the phase of a stationary pattern, and its structure factor."""
    delta = np.asarray(result.delta)
    figure = style.figure(11.5, 3.9)
    grid = figure.add_gridspec(1, 3)
    size, phase, waves = (figure.add_subplot(cell) for cell in grid)
    image = size.imshow(
        np.abs(delta).T, origin="lower", cmap="magma", vmin=0, interpolation="nearest"
    )
    figure.colorbar(image, ax=size, label=r"$|\Delta|/t_\parallel$")
    image = phase.imshow(
        delta.real.T,
        origin="lower",
        cmap="PuOr",
        vmin=-np.abs(delta).max(),
        vmax=np.abs(delta).max(),
        interpolation="nearest",
    )
    figure.colorbar(image, ax=phase, label=r"Re $\Delta/t_\parallel$")
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
    figure.colorbar(image, ax=waves, label=r"$\log_{10}|\Delta_q|^2$")
    waves.set(xlabel="wave number $n_x$", ylabel="$n_y$")
    return figure
