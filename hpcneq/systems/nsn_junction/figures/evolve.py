"""Figure of the task ``evolve`` of the nsn-junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....figures import style
from ....maths import lattice
from . import site_film

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

SNAPSHOTS = (0, 0.15, 0.4, 0.7, 1)  # times of snapshots over the length of the run
EVEN = 0.02  # of the largest |Delta|: what differs less over sites is drawn as one curve
PASSING = ("pulse", "sine")  # kinds of drives under which |Delta|(t) has a panel of its own
SIZE = r"$|\Delta_x|\,/\,\Delta_0$"


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Space-time map of |Delta_x(t)|, bias, currents, snapshots, harmonics (Fig. 4 of the paper).

    |Delta| is in units of Delta_0, that of the isolated uniform state at rest. Where it does not
    depend on x it is one curve; of a run that starts from another one it is shown over the bias
    instead of snapshots; without assumed symmetry as a film of |Delta(x, y)|. Raises InputError for
    fewer than two rows.
    """
    if len(result.t) < 2:
        raise InputError(f"{result.path}: holds {len(result.t)} rows; a figure needs two")
    if "y" in result:
        site_film.draw(result, canvas)
        return
    unit = isolated_gap(result.parameters["U"], result.parameters["mu"])
    t, size = np.asarray(result.t), np.abs(np.asarray(result.delta)) / unit
    if np.ptp(size, axis=1).max() < EVEN * max(size.max(), 1e-12) and "previous_eV" not in result:
        _uniform(result, canvas, t, size)
    else:
        _varying(result, canvas, t, size, unit)
    n = result.numerics
    sites = rf"${n['Lx']}\times{n['Ly']}$ sites"
    canvas.suptitle(rf"{sites}, $\Delta_0={unit:.4f}\,t_\parallel$", fontsize=11)


def _uniform(result, canvas, t, size) -> None:
    """Of a state that is the same on all sites: bias, |Delta| and currents in time."""
    style.size(canvas, 7.6, 6.4)
    grid = canvas.add_gridspec(3, 1, height_ratios=[0.9, 2.2, 1.4])
    drive = canvas.add_subplot(grid[0])
    _drive(drive, result)
    _curves(canvas.add_subplot(grid[1], sharex=drive), t, size)
    _currents(canvas.add_subplot(grid[2], sharex=drive), result)


def _varying(result, canvas, t, size, unit) -> None:
    """Of a state that varies over sites: bias, map and currents; snapshots and harmonics."""
    passing = result.parameters["eV"]
    passing = isinstance(passing, dict) and passing.get("kind") in PASSING
    heights = [0.9, 3, 1.2, 1.2] if passing else [0.9, 3, 1.2]
    style.size(canvas, 10.5, 5.6 + 0.4 * sum(heights) / 5 + passing)
    grid = canvas.add_gridspec(len(heights), 2, width_ratios=[2.1, 1.2], height_ratios=heights)
    drive = canvas.add_subplot(grid[0, 0])
    _drive(drive, result)
    space = canvas.add_subplot(grid[1, 0], sharex=drive)
    image = _map(space, t, size)
    canvas.colorbar(image, ax=space, label=SIZE, pad=0.01, aspect=30)
    if passing:
        _curves(canvas.add_subplot(grid[2, 0], sharex=drive), t, size)
    _currents(canvas.add_subplot(grid[-1, 0], sharex=drive), result)
    if "previous_eV" in result:
        _hysteresis(canvas.add_subplot(grid[:-1, 1]), result, size, unit)
    else:
        _snapshots(canvas, grid[:-1, 1], t, size, result.numerics["Ly"])
    _harmonics(canvas.add_subplot(grid[-1, 1]), result)


def isolated_gap(U: float, mu: float) -> float:
    """Delta_0 of the lattice without leads, field and bias at T = 0, by bisection."""
    level, weight = lattice.dos_nodes()

    def excess(delta: float) -> float:
        return float(np.sum(weight / (2 * np.hypot(level - mu, delta)))) - 1 / U

    low, high = 1e-6, U
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def _drive(axes, result) -> None:
    """The bias, with its value before t = 0 in front."""
    t, eV = np.asarray(result.t), np.asarray(result.eV)
    before = result.summary.get("eV_initial", float(eV[0]))
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


def _curves(axes, t, size):
    """The largest, mean and least |Delta| of all sites; one curve where they are the same."""
    even = np.ptp(size, axis=1).max() < EVEN * size.max()
    lines = (("max", size.max(1), "-"), ("mean", size.mean(1), "--"), ("min", size.min(1), ":"))
    for (word, values, dashes), colour in zip(lines[: 1 if even else 3], style.COLOURS):
        axes.plot(t, values, dashes, color=colour, label=word)
    axes.set_ylabel(r"$|\Delta|\,/\,\Delta_0$" if even else SIZE)
    axes.set_ylim(0, size.max() * (1.08 if even else 1.4))
    axes.tick_params(labelbottom=False)
    if not even:
        axes.legend(ncol=3, fontsize=9, loc="upper center")


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


def _snapshots(canvas, place, t, size, Ly):
    """|Delta| over the plane at some times, as in Fig. 4(b2) to (b5): along y it is the same."""
    picks = np.unique(np.searchsorted(t, np.array(SNAPSHOTS) * t[-1]).clip(0, len(t) - 1))
    grid = place.subgridspec(len(picks), 1)
    top = max(size.max(), 1e-12)
    for k, row in enumerate(picks):
        axes = canvas.add_subplot(grid[k])
        plane = np.tile(size[row], (Ly, 1))
        axes.imshow(plane, vmin=0, vmax=top, cmap="magma", origin="lower", aspect="auto")
        axes.set_title(f"$t={t[row]:.0f}$", fontsize=10, loc="right")
        axes.set_ylabel("$y$")
        axes.set_yticks([0, Ly - 1])
        axes.tick_params(labelbottom=k == len(picks) - 1)
    axes.set_xlabel("site $x$")


def _hysteresis(axes, result, size, unit):
    """The order parameter against the bias, of this run and of the one it started from."""
    for eV, delta, colour, label in (
        (result.previous_eV, np.asarray(result.previous_delta_max) / unit, "0.55", "run before"),
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
    axes.set_ylabel(r"max $|\Delta_x|\,/\,\Delta_0$")
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
    beside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "handlelength": 1.2}
    axes.legend(title="$n$", fontsize=8, title_fontsize=8, **beside)
