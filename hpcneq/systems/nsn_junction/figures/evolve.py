"""Figure of the task ``evolve`` of the nsn-junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from ....errors import InputError
from ....figures import style
from . import site_film

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

SNAPSHOTS = (0, 0.15, 0.4, 0.7, 1)  # times of snapshots over the length of the run


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Space-time map of |Delta_x(t)|, bias, currents, snapshots, harmonics (Fig. 4 of the paper).

    Of a run that starts from another one the order parameter over the bias instead of snapshots;
    of one without assumed symmetry a film of |Delta(x, y)|. Raises InputError for fewer than two
    rows.
    """
    if len(result.t) < 2:
        raise InputError(f"{result.path}: holds {len(result.t)} rows; a figure needs two")
    if "y" in result:
        site_film.draw(result, canvas)
        return
    style.size(canvas, 10.5, 6.8)
    grid = canvas.add_gridspec(3, 2, width_ratios=[2.1, 1], height_ratios=[0.9, 3, 1.2])
    t, size = np.asarray(result.t), np.abs(np.asarray(result.delta))
    drive = canvas.add_subplot(grid[0, 0])
    space = canvas.add_subplot(grid[1, 0], sharex=drive)
    current = canvas.add_subplot(grid[2, 0], sharex=drive)
    eV = np.asarray(result.eV)
    _drive(drive, t, eV, result.summary.get("eV_initial", float(eV[0])))
    image = _map(space, t, size)
    canvas.colorbar(image, ax=space, label=r"$|\Delta_x|\,/\,t_\parallel$", pad=0.01, aspect=30)
    _currents(current, result)
    side = canvas.add_subplot(grid[0:2, 1])
    if "previous_eV" in result:
        _hysteresis(side, result, size)
    else:
        _snapshots(side, t, size)
    _harmonics(canvas.add_subplot(grid[2, 1]), result)
    canvas.suptitle(_title(result), fontsize=12)


def _drive(axes, t, eV, before) -> None:
    """The bias, with its value ``before`` t = 0 in front."""
    lead = 0.04 * (t[-1] - t[0])
    t, eV = np.concatenate([[t[0] - lead, t[0]], t]), np.concatenate([[before, before], eV])
    axes.plot(t, eV, color="0.15")
    axes.fill_between(t, 0, eV, color="0.85", lw=0)
    axes.set_ylabel(r"$eV/t_\parallel$")
    axes.set_ylim(min(0, eV.min()) - 0.05, max(0.1, eV.max()) * 1.2)
    axes.set_xlim(t[0], t[-1])
    axes.tick_params(labelbottom=False)


def _map(axes, t, size):
    x = np.arange(size.shape[1] + 1) - 0.5
    edges = np.concatenate([[t[0]], 0.5 * (t[1:] + t[:-1]), [t[-1]]])
    image = axes.pcolormesh(edges, x, size.T, cmap="magma", vmin=0, rasterized=True)
    axes.set_ylabel("site $x$")
    axes.tick_params(labelbottom=False)
    return image


def _currents(axes, result):
    for name, colour, sign in (
        ("current_left", style.COLOURS[0], "L"),
        ("current_right", style.COLOURS[1], "R"),
    ):
        axes.plot(result.t, 1e3 * np.asarray(result[name]), color=colour, label=f"$I_{sign}$")
    axes.axhline(0, color="0.8", lw=0.8, zorder=0)
    axes.set_xlabel(r"time $t\;(1/t_\parallel)$")
    axes.set_ylabel(r"$I\;(10^{-3}\,t_\parallel$/site)")
    axes.legend(ncol=2, loc="best", fontsize=9)


def _snapshots(axes, t, size):
    picks = np.unique(np.searchsorted(t, np.array(SNAPSHOTS) * t[-1]).clip(0, len(t) - 1))
    offset = 1.15 * max(size.max(), 1e-12)
    colours = matplotlib.colormaps["viridis"](np.linspace(0.05, 0.85, len(picks)))
    for k, (row, colour) in enumerate(zip(picks, colours)):
        base = -k * offset
        axes.fill_between(
            range(size.shape[1]), base, base + size[row], color=colour, alpha=0.25, lw=0
        )
        axes.plot(range(size.shape[1]), base + size[row], color=colour)
        axes.text(
            size.shape[1] * 1.01, base, f"$t={t[row]:.0f}$", color=colour, va="bottom", fontsize=10
        )
        axes.axhline(base, color="0.85", lw=0.6, zorder=0)
    axes.set_yticks([0, size.max()])
    axes.set_yticklabels(["0", f"{size.max():.2f}"])
    axes.set_ylabel(r"$|\Delta_x|/t_\parallel$, snapshots", labelpad=-2)
    axes.set_xlabel("site $x$")


def _hysteresis(axes, result, size):
    """The order parameter against the bias, of this run and of the one it started from."""
    for eV, delta, colour, label in (
        (result.previous_eV, result.previous_delta_max, "0.55", "run before"),
        (result.eV, size.max(1), style.COLOURS[1], "this run"),
    ):
        eV, delta = np.asarray(eV), np.asarray(delta)
        axes.plot(eV, delta, color=colour, label=label)
        middle = len(eV) // 2
        if eV[middle] != eV[middle - 1]:
            axes.annotate(
                "",
                xy=(eV[middle], delta[middle]),
                xytext=(eV[middle - 1], delta[middle - 1]),
                arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2, "mutation_scale": 20},
            )
    axes.set_xlabel(r"$eV/t_\parallel$")
    axes.set_ylabel(r"max $|\Delta_x|/t_\parallel$")
    axes.legend(loc="best", fontsize=9)


def _harmonics(axes, result):
    parts = np.asarray(result.delta_n)
    leading = [n for n in np.argsort(parts.max(0))[::-1][:4] if parts[:, n].max() > 0]
    for n, colour in zip(sorted(leading), style.COLOURS):
        axes.semilogy(result.t, np.maximum(parts[:, n], 1e-12), color=colour, label=f"{n}", lw=1.3)
    positive = parts[parts > 0]
    axes.set_ylim(bottom=max(1e-8, positive.min() if positive.size else 0.0))
    axes.set_xlabel(r"$t\;(1/t_\parallel)$")
    axes.set_ylabel(r"$|\Delta_n|/t_\parallel$")
    axes.legend(title="$n$", ncol=2, fontsize=8, title_fontsize=8, loc="lower right")


def _title(result) -> str:
    n = result.numerics
    return rf"${n['Lx']}\times{n['Ly']}$ sites"
