"""Figure of task ``stability``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .titles import LABELS

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

ABSENT = -1  # unstable_modes where there is no such state


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Modes in the complex plane; over one key a curve, over two a map."""
    keys = list(result.sweep)
    if not keys:
        plane(result, canvas)
    elif len(keys) == 1:
        curve(result, canvas, *keys)
    else:
        growth_map(result, canvas, *keys)


def full_title(result: Result) -> str:
    """Branch, reservoirs, wave and kernel."""
    title = f"{result.parameters['branch']}, variant {result.numerics['variant']}"
    if result.parameters["q"] is None and not result.sweep:
        title += f", fastest $q={result.summary['q']:.3g}$"
    return title


def plane(result: Result, canvas: Figure | SubFigure) -> None:
    """Every mode found, Re lambda to the right."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    rate, frequency = np.asarray(result.growth_rate), np.asarray(result.frequency)
    for grows, colour, words in (
        (rate > 0, style.COLOURS[1], "grows"),
        (rate <= 0, style.COLOURS[0], "decays"),
    ):
        axes.plot(rate[grows], frequency[grows], "o", ms=8, color=colour, label=words)
    axes.axvline(0, color="0.5", lw=1)
    reach = 1.3 * max(np.abs(rate).max(initial=1e-6), 1e-6)
    high = 1.5 * max(np.abs(frequency).max(initial=0), 0.1 * reach)
    axes.set(
        xlabel=r"growth rate ${\rm Re}\,\lambda/\mu$",
        ylabel=r"frequency ${\rm Im}\,\lambda/\mu$",
        xlim=(-reach, reach),
        ylim=(-high, high),
    )
    axes.ticklabel_format(style="sci", scilimits=(-3, 3))
    axes.legend()
    axes.set_title(f"{full_title(result)}: {result.summary['verdict']}")


def curve(result: Result, canvas: Figure | SubFigure, key: str) -> None:
    """Growth rate and frequency of the fastest mode along one key."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    x, rate, frequency = (np.asarray(result[name]) for name in (key, "growth_rate", "frequency"))
    words, colour = r"growth rate ${\rm Re}\,\lambda$", style.COLOURS[1]
    axes.plot(x, 1e3 * rate, "o-", ms=5, color=colour, label=words)
    if np.nanmax(np.abs(frequency), initial=0) > 1e-6:
        words, colour = r"frequency ${\rm Im}\,\lambda$", style.COLOURS[0]
        axes.plot(x, 1e3 * frequency, "s--", ms=4, color=colour, label=words)
    if key == "gamma":
        words = r"$-4\gamma$: relaxation of the kinetic equation"
        axes.plot(x, -4e3 * x, ":", color="0.4", label=words)
    if key == "angle":
        axes.set_xticks(
            np.pi * np.array([0, 0.25, 0.5, 0.75, 1]),
            [r"$0$ (along)", r"$\pi/4$", r"$\pi/2$", r"$3\pi/4$", r"$\pi$ (against)"],
        )
    axes.axhline(0, color="0.5", lw=1)
    axes.set(xlabel=LABELS[key], ylabel=r"$\lambda/\mu$ $[10^{-3}]$")
    axes.legend()
    axes.set_title(full_title(result))


def growth_map(result: Result, canvas: Figure | SubFigure, slow: str, fast: str) -> None:
    """Growth rate over two keys, red where it grows; line: Re lambda = 0.

    Grey where there is no such state, hatched where it decays faster than the search looks.
    """
    style.size(canvas, 7.2, 4.6)
    axes = canvas.add_subplot()
    x, y = np.asarray(result[slow]), np.asarray(result[fast])
    rate, count = np.asarray(result.growth_rate).T, np.asarray(result.unstable_modes).T
    fast_decay = (count == 0) & np.isnan(rate)
    deepest = min(np.nanmin(np.asarray(result.floor)), np.nanmin(rate))
    rate = np.where(fast_decay, deepest, rate)
    image = axes.pcolormesh(x, y, rate, shading="nearest", rasterized=True, **colours_of(rate))
    axes.set_facecolor("0.88")
    if fast_decay.any():
        covered = np.ma.masked_array(rate, ~fast_decay)
        hatch = axes.pcolor(x, y, covered, shading="nearest", hatch="///", lw=0)
        hatch.set(array=None, facecolor="none", edgecolor="0.75")
    if min(count.shape) > 1 and (count > 0).any() and (count == 0).any():
        grows = np.where(count < 0, np.nan, count > 0)
        axes.contour(x, y, grows, [0.5], colors="k", linewidths=1.4)
    bar = canvas.colorbar(image, ax=axes, label=r"growth rate ${\rm Re}\,\lambda/\mu$")
    bar.ax.ticklabel_format(style="sci", scilimits=(-3, 3))
    axes.set(xlabel=LABELS[slow], ylabel=LABELS[fast])
    for spine in axes.spines.values():
        spine.set_visible(True)
    notes = ["grey: no such state"] if (count == ABSENT).any() else []
    notes += ["hatched: decays faster than searched"] if fast_decay.any() else []
    axes.set_title("\n".join([full_title(result), ", ".join(notes)]).strip(), fontsize=10)


def colours_of(rate: np.ndarray) -> dict:
    """The colours of a map: white at rate 0 where it has both signs."""
    from matplotlib.colors import TwoSlopeNorm

    top, low = np.nanmax(rate, initial=-1.0), np.nanmin(rate, initial=1.0)
    if low < 0 < top:
        return {"cmap": "RdBu_r", "norm": TwoSlopeNorm(0.0, low, top)}
    if top > 0:
        return {"cmap": "Reds", "vmin": 0.0}
    return {"cmap": "Blues_r", "vmax": 0.0}
