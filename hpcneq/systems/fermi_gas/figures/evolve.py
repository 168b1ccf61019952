"""Figure of task ``evolve``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogFormatterSciNotation

from ....figures import style
from ....figures.supercell import draw_evolution
from .titles import LABELS, WAVE_KEYS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

ANGLES = {
    0.0: r"$\mathbf{q}\parallel+\mathbf{Q}$",
    round(np.pi, 6): r"$\mathbf{q}\parallel-\mathbf{Q}$",
    round(np.pi / 2, 6): r"$\mathbf{q}\perp\mathbf{Q}$",
}


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The deviation in time (Figs. 6 to 8), or the order parameter among its possible states."""
    if result.numerics["supercell"] is not None:
        draw_evolution(result, canvas, r"\mu", "p_F")
    elif result.numerics["model"] == "linear":
        deviations(result, canvas)
    elif np.ptp(np.asarray(result.dmu)) > 0:
        loop(result, canvas)
    else:
        fate(result, canvas)


def idle(resolved: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Keys without meaning: of the ramp where there is none; of the wave and of plane momenta in a
    cell.
    """
    parameters, numerics = resolved["parameters"], resolved["numerics"]
    keys = []
    if parameters["dmu_end"] is None:
        keys += ["ramp_begin", "ramp_time", "ramp_back"]
    if numerics["supercell"] is not None:
        keys += ["q", "angle", "p_c"]
    return keys


# ---- linearised --------------------------------------------------------------------------------


def deviations(result: Result, canvas: Figure | SubFigure) -> None:
    """|dDelta(t)| over its first value, with the exponentials of the roots of det M."""
    style.size(canvas, 6.6, 4.4)
    axes = canvas.add_subplot()
    t, x = np.asarray(result.t), np.asarray(result.ddelta)
    traces = labelled_traces(result)
    for j, ((words, dashes, root), colour) in enumerate(zip(traces, colours(len(traces)))):
        size = np.abs(x[:, j]) / abs(x[0, j])
        axes.semilogy(t, np.maximum(size, 1e-12), color=colour, label=words, lw=1.6, ls=dashes)
        if root is not None:
            draw_root(axes, t, size, root)
    axes.plot([], [], ":", color="0.3", label=r"$e^{\lambda t}$, root of det$\,M$")
    final = np.abs(x) / np.abs(x[0])
    axes.set(
        xlabel=r"time $\mu t$",
        ylabel=r"$|\delta\Delta(t)|/|\delta\Delta(0)|$",
        xlim=(0, t[-1]),
        ylim=(max(0.3 * final[1:].min(), 1e-9), 3 * final.max()),
    )
    # of less than two decades, more than one number
    axes.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(2, 0.5)))
    axes.legend(fontsize=9)
    axes.set_title(f"{result.parameters['branch']}, variant {result.numerics['variant']}")


def labelled_traces(result: Result) -> list[tuple[str, str, float | None]]:
    """(label, dashes, growth rate of the root of det M) of each run."""
    root = result.summary["root_rate"]
    if not result.sweep:
        return [(r"$|{\rm Re}\,\delta\Delta|$", "-", root)]
    (key,) = result.sweep
    roots = root if isinstance(root, list) else [root]  # a number where one value is swept
    traces = []
    for j, value in enumerate(np.asarray(result[key])):
        dashes = "--" if key == "angle" and j % 2 else "-"
        traces.append((value_label(key, value), dashes, roots[j]))
    return traces


def value_label(key: str, value: float) -> str:
    """A value of a swept key in words."""
    if key != "angle":
        return f"${WAVE_KEYS[key]}={value:g}$"
    return ANGLES.get(round(float(value), 6), f"${WAVE_KEYS[key]}={value:.3g}$")


def colours(count: int) -> list:
    """Colours of so many runs."""
    import matplotlib

    if count == 1:
        return [style.COLOURS[0]]
    return list(matplotlib.colormaps["viridis"](np.linspace(0.02, 0.85, count)))


def draw_root(axes: Axes, t: np.ndarray, size: np.ndarray, root: float) -> None:
    """The exponential of a root from a crest of a trace on, past half of the time."""
    begin = guide_start(t, size, root)
    line = size[begin] * np.exp(root * (t[begin:] - t[begin]))
    axes.semilogy(t[begin:], line, ":", color="0.15", lw=1.5, zorder=4)


def guide_start(t: np.ndarray, size: np.ndarray, root: float) -> int:
    """Place of the highest crest over the exponential between 0.55 and 0.7 of the time."""
    window = np.flatnonzero((t > 0.55 * t[-1]) & (t < 0.7 * t[-1]))
    if window.size == 0:
        return 0
    return int(window[np.argmax(size[window] * np.exp(-root * (t[window] - t[window[0]])))])


# ---- in full -----------------------------------------------------------------------------------


def states_of(result: Result) -> dict[str, tuple[float, float]]:
    """{name: (Delta, Q)} of the steady states at the end."""
    names = np.asarray(result.state_name).tolist()
    return dict(zip(names, zip(np.asarray(result.delta_states), np.asarray(result.Q_states))))


def fate(result: Result, canvas: Figure | SubFigure) -> None:
    """|Delta(t)| and the steady states it could end in.

    With a Q that moves also the way in the plane of Delta and Q.
    """
    kick, model = result.table("initial")["kick"], result.numerics["model"]
    words = f"{result.parameters['branch']}, kick ${kick:+g}\\,\\mu$, {model}"
    if result.parameters["free_Q"]:
        style.size(canvas, 10.2, 4.2)
        order_parameter(result, canvas.add_subplot(1, 2, 1))
        journey(result, canvas.add_subplot(1, 2, 2))
        canvas.suptitle(words + ", closed ends")
    else:
        style.size(canvas, 6.6, 4.2)
        axes = canvas.add_subplot()
        order_parameter(result, axes)
        axes.set_title(words)


def order_parameter(result: Result, axes: Axes) -> None:
    """|Delta(t)| and the steady states."""
    t, size = np.asarray(result.t), np.abs(np.asarray(result.delta))
    axes.plot(t, size, color=style.COLOURS[1])
    states = states_of(result)
    for name, (D, _) in states.items():
        axes.axhline(D, color="0.45", ls="--", lw=1)
        axes.annotate(
            name,
            (1.0, D),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    highest = max(size.max(), *(D for D, _ in states.values()))
    axes.set(
        xlabel=r"time $\mu t$",
        ylabel=r"order parameter $|\Delta|/\mu$",
        xlim=(0, t[-1]),
        ylim=(-0.02 * max(size.max(), 0.05), 1.15 * highest),
    )


def journey(result: Result, axes: Axes) -> None:
    """Delta and Q on their way, and the states that could be its end."""
    size, Q = np.abs(np.asarray(result.delta)), np.asarray(result.Q)
    colour, end = style.COLOURS[1], float(np.asarray(result.t)[-1])
    axes.plot(Q, size, color=colour)
    axes.plot(Q[0], size[0], "o", mfc="w", mec=colour, ms=7, label="start")
    axes.plot(Q[-1], size[-1], "o", color=colour, ms=7, label=rf"$\mu t={end:g}$")
    for name, (D, at) in states_of(result).items():
        if D > 0:
            axes.plot(at, D, "x", color="k", ms=8, mew=1.6)
            axes.annotate(name, (at, D), xytext=(8, 3), textcoords="offset points", fontsize=10)
    widest = max(Q.max(), np.asarray(result.Q_states).max(), 0.05)
    axes.set(
        xlabel=r"wave number $Q/p_{\rm F}$",
        ylabel=r"order parameter $|\Delta|/\mu$",
        xlim=(-0.006, 1.25 * widest),
        ylim=(-0.005, None),
    )
    axes.legend(loc="upper right")


def loop(result: Result, canvas: Figure | SubFigure) -> None:
    """|Delta| against dmu while it is ramped, there and back."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    dmu, size = np.asarray(result.dmu), np.abs(np.asarray(result.delta))
    turn = int(np.argmax(np.abs(dmu - dmu[0])))
    for part, colour in (
        (slice(0, turn + 1), style.COLOURS[1]),
        (slice(turn, None), style.COLOURS[0]),
    ):
        if np.ptp(dmu[part]):
            draw_ramp(axes, dmu[part], size[part], colour)
    axes.set(xlabel=LABELS["dmu"], ylabel=r"order parameter $|\Delta|/\mu$", ylim=(-0.005, None))
    axes.legend(loc="lower left")
    ramp, model = result.parameters["ramp_time"], result.numerics["model"]
    axes.set_title(f"{result.parameters['branch']}, ramp of {ramp:g}$/\\mu$, {model}")


def draw_ramp(axes: Axes, dmu: np.ndarray, size: np.ndarray, colour: str) -> None:
    """One way of the ramp, with an arrow along it."""
    rises = dmu[-1] > dmu[0]
    words = r"$\delta\mu$ rises" if rises else r"$\delta\mu$ falls"
    axes.plot(dmu, size, color=colour, label=words)
    moving = np.flatnonzero(np.diff(dmu))
    k = moving[len(moving) // 3]
    axes.annotate(
        "",
        (dmu[k + 2], size[k + 2]),
        (dmu[k], size[k]),
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2},
    )
