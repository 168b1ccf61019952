"""Figure of task ``branches``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .looks import LOOKS, smooth
from .titles import KEYS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

MOST_PANELS = 9  # values of a slow key beyond which all curves go into one pair of axes
Row = tuple[int, ...]  # index of a value of the slow key; () where there is none
Branch = tuple[str, np.ndarray, np.ndarray, np.ndarray]  # name, Delta, Q, dmu along it


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Order parameter and wave number along dmu (Fig. 4(a) of the paper).

    One panel for each value of a slow key (Fig. 5).
    """
    slow = next((key for key in result.sweep if key != "dmu"), None)
    if slow is None:
        twisted = any(name.startswith("NFF") for name, *_ in branches_of(result, ()))
        style.size(canvas, 10.5 if twisted else 6.4, 4.3)
        left, *right = canvas.subplots(1, 1 + twisted, squeeze=False)[0]
        order_parameters(left, result, ())
        if twisted:
            wave_numbers(right[0], result)
        return
    values = np.asarray(result[slow])
    if len(values) > MOST_PANELS:
        family(canvas, result, slow, values)
    else:
        panels(canvas, result, slow, values)


def panels(canvas: Figure | SubFigure, result: Result, slow: str, values: np.ndarray) -> None:
    """Order parameters, one panel for each value of the slow key."""
    columns = min(len(values), 2 if len(values) == 4 else 3)
    rows = -(-len(values) // columns)
    style.size(canvas, 4.2 * columns, 3.5 * rows)
    grid = canvas.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for k, axes in enumerate(grid.flat):
        if k < len(values):
            order_parameters(axes, result, (k,), legend=k == 0)
            axes.set_title(f"${KEYS[slow]}={values[k]:g}$")
            axes.label_outer()
        else:
            axes.set_axis_off()


def family(canvas: Figure | SubFigure, result: Result, slow: str, values: np.ndarray) -> None:
    """Both curves for many values of a slow key: how the branches merge."""
    import matplotlib

    style.size(canvas, 10.5, 4.3)
    left, right = canvas.subplots(1, 2)
    norm = matplotlib.colors.Normalize(values[0], values[-1])
    colours = matplotlib.colormaps["viridis"]
    for k, value in enumerate(values):
        colour = colours(0.92 * norm(value))
        for name, D, Q, dmu in branches_of(result, (k,)):
            turned = name.startswith("NFF")
            left.plot(dmu, D, "--" if turned else "-", color=colour, lw=1.4)
            if turned:
                right.plot(dmu, Q, "--", color=colour, lw=1.4)
    left.plot([], [], "-", color="0.3", label="$Q=0$: NBCS and NIG")
    left.plot([], [], "--", color="0.3", label="$Q>0$: NFF and NFF'")
    left.legend(loc="upper right", bbox_to_anchor=(1.0, 1.14), ncol=2, fontsize=9)
    for axes, words in ((left, r"order parameter $\Delta_0/\mu$"), (right, r"wave number $Q/p_F$")):
        axes.set(xlabel=r"$\delta\mu/\mu$", ylabel=words, ylim=(0, None))
    left.set_xlim(0, None)
    shown = matplotlib.colors.ListedColormap(colours(np.linspace(0, 0.92, 256)))
    scale = matplotlib.cm.ScalarMappable(norm, shown)
    canvas.colorbar(scale, ax=right, label=f"${KEYS[slow]}$")


def order_parameters(axes: Axes, result: Result, row: Row, legend: bool = True) -> None:
    """Delta of every branch along dmu, curves and polished points."""
    for name, D, _, dmu in branches_of(result, row):
        if len(D) > 1:
            axes.plot(dmu, D, LOOKS[name][1], color=LOOKS[name][0], label=name)
    points(axes, result, row, "delta", tuple(LOOKS))
    calm, dmu = np.asarray(result.NBCS_delta)[row][0], np.asarray(result.dmu)
    if dmu[0] == 0 and np.isfinite(calm):
        axes.plot(0, calm, "o", ms=7, color="0.1", clip_on=False, zorder=5)
    axes.set(
        xlabel=r"$\delta\mu/\mu$",
        ylabel=r"order parameter $\Delta_0/\mu$",
        xlim=(0, dmu[-1]),
        ylim=(0, None),
    )
    if legend:
        axes.legend(loc="lower left")


def wave_numbers(axes: Axes, result: Result) -> None:
    """Q of the branches that have one along dmu, curves and polished points."""
    for name, _, Q, dmu in branches_of(result, ()):
        if name.startswith("NFF") and len(Q) > 1:
            axes.plot(dmu, Q, LOOKS[name][1], color=LOOKS[name][0], label=name)
    points(axes, result, (), "Q", ("NFF", "NFF'"))
    axes.set(
        xlabel=r"$\delta\mu/\mu$",
        ylabel=r"wave number $Q/p_F$",
        xlim=(0, np.asarray(result.dmu)[-1]),
        ylim=(0, None),
    )
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")


def points(axes: Axes, result: Result, row: Row, quantity: str, names: tuple[str, ...]) -> None:
    """The polished states of these branches."""
    for name in names:
        values = np.asarray(result[f"{name.replace(chr(39), 'p')}_{quantity}"])[row]
        axes.plot(np.asarray(result.dmu), values, "o", ms=2.5, color=LOOKS[name][0])


def branches_of(result: Result, row: Row) -> Iterator[Branch]:
    """(name, D, Q, dmu) of each branch, cut from the curves at their folds."""
    D, Q, dmu = curve_of(result, "uniform", row)
    if len(D):
        k = int(np.argmax(dmu))
        yield "NIG", D[: k + 1], Q[: k + 1], dmu[: k + 1]
        yield "NBCS", np.append(D[k:], D[-1]), np.append(Q[k:], 0), np.append(dmu[k:], 0.0)
    D, Q, dmu = curve_of(result, "twisted", row)
    if len(D):
        k = int(np.argmin(dmu))
        yield "NFF", D[: k + 1], Q[: k + 1], dmu[: k + 1]
        yield "NFF'", D[k:], Q[k:], dmu[k:]


def curve_of(result: Result, name: str, row: Row) -> np.ndarray:
    """(D, Q, dmu) along one of the two curves, without padding; empty if there is none."""
    if f"{name}_D" not in result:
        return np.empty((3, 0))
    curve = np.array([np.asarray(result[f"{name}_{key}"])[row] for key in ("D", "Q", "dmu")])
    return smooth(curve[:, np.isfinite(curve[2])])
