"""Figures of the fermi-gas: modes of a state, and its evolution."""

from __future__ import annotations

import tomllib

import numpy as np

from ....figures import style

LABELS = {
    "gamma": r"coupling $\gamma/\mu$",
    "T": r"temperature $T_{\rm env}/\mu$",
    "dmu": r"difference $\delta\mu/\mu$",
    "q": r"wave number $q/p_F$",
    "angle": r"angle of $\mathbf{q}$ to $\mathbf{Q}$",
}
SHORT = {
    "gamma": r"\gamma/\mu",
    "T": r"T_{\rm env}/\mu",
    "dmu": r"\delta\mu/\mu",
    "q": r"q/p_F",
    "angle": r"\angle(\mathbf{q},\mathbf{Q})",
}
DEFAULTS = {"gamma": 0.005, "T": 0.0, "dmu": 0.0, "q": 0.0, "angle": 0.0}


def _given(result):
    return tomllib.loads(result.input)


def _title(result, hide=()):
    """Branch and parameters of an input in words."""
    tree = _given(result)
    p = {**DEFAULTS, **tree.get("parameters", {})}
    hide = {*hide, *tree.get("sweep", {})} | ({"angle"} if not p["q"] else set())
    words = [
        f"${SHORT[name]}={p[name]:g}$"
        for name in DEFAULTS
        if name not in hide and (p[name] or name in ("gamma", "T"))
    ]
    return f"{p.get('branch', 'NBCS')}, " + ", ".join(words)


def _colours(count):
    import matplotlib

    return (
        matplotlib.colormaps["viridis"](np.linspace(0.02, 0.85, count))
        if count > 1
        else [style.COLOURS[0]]
    )


# ---- stability ------------------------------------------------------------------------------------------------------


def stability(result):
    """Modes in the complex plane; over one key a curve, over two a map."""
    keys = list(_given(result).get("sweep", {}))
    return (plane, curve, growth_map)[len(keys)](result, *keys)


def plane(result):
    """Every mode found, Re lambda to the right."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
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
    axes.set_title(
        f"{_title(result)}, variant {result.summary['variant']}: {result.summary['verdict']}"
    )
    return figure


def curve(result, key):
    """Growth rate and frequency of the fastest mode along one key."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    x, rate, frequency = (np.asarray(result[name]) for name in (key, "growth_rate", "frequency"))
    axes.plot(
        x, 1e3 * rate, "o-", ms=5, color=style.COLOURS[1], label=r"growth rate ${\rm Re}\,\lambda$"
    )
    if np.nanmax(np.abs(frequency), initial=0) > 1e-6:
        axes.plot(
            x,
            1e3 * frequency,
            "s--",
            ms=4,
            color=style.COLOURS[0],
            label=r"frequency ${\rm Im}\,\lambda$",
        )
    if key == "gamma":
        axes.plot(
            x, -4e3 * x, ":", color="0.4", label=r"$-4\gamma$: relaxation of the kinetic equation"
        )
    if key == "angle":
        axes.set_xticks(
            np.pi * np.array([0, 0.25, 0.5, 0.75, 1]),
            [r"$0$ (along)", r"$\pi/4$", r"$\pi/2$", r"$3\pi/4$", r"$\pi$ (against)"],
        )
    axes.axhline(0, color="0.5", lw=1)
    axes.set(xlabel=LABELS[key], ylabel=r"$\lambda/\mu$ $[10^{-3}]$")
    axes.legend()
    axes.set_title(f"{_title(result)}, variant {result.summary['variant']}")
    return figure


def growth_map(result, slow, fast):
    """Growth rate over two keys, red where it grows; grey where there is no such state, hatched where it decays faster than the search looks; line: Re lambda = 0."""
    from matplotlib.colors import TwoSlopeNorm

    figure = style.figure(7.2, 4.6)
    axes = figure.add_subplot()
    x, y, rate = (
        np.asarray(result[slow]),
        np.asarray(result[fast]),
        np.asarray(result.growth_rate).T,
    )
    count = np.asarray(result.unstable_modes).T
    fast_decay = (count == 0) & np.isnan(rate)
    rate = np.where(fast_decay, min(np.nanmin(np.asarray(result.floor)), np.nanmin(rate)), rate)
    top, low = np.nanmax(rate, initial=-1.0), np.nanmin(rate, initial=1.0)
    if low < 0 < top:
        look = {"cmap": "RdBu_r", "norm": TwoSlopeNorm(0.0, low, top)}
    else:
        look = {"cmap": "Reds", "vmin": 0.0} if top > 0 else {"cmap": "Blues_r", "vmax": 0.0}
    image = axes.pcolormesh(x, y, rate, shading="nearest", rasterized=True, **look)
    axes.set_facecolor("0.88")
    if fast_decay.any():
        hatch = axes.pcolor(
            x, y, np.ma.masked_array(rate, ~fast_decay), shading="nearest", hatch="///", lw=0
        )
        hatch.set(array=None, facecolor="none", edgecolor="0.75")
    if (count > 0).any() and (count == 0).any():
        axes.contour(
            x, y, np.where(count < 0, np.nan, count > 0), [0.5], colors="k", linewidths=1.4
        )
    bar = figure.colorbar(image, ax=axes, label=r"growth rate ${\rm Re}\,\lambda/\mu$")
    bar.ax.ticklabel_format(style="sci", scilimits=(-3, 3))
    axes.set(xlabel=LABELS[slow], ylabel=LABELS[fast])
    for spine in axes.spines.values():
        spine.set_visible(True)
    notes = [
        words
        for words, there in (
            ("grey: no such state", (count == -1).any()),
            ("hatched: decays faster than searched", fast_decay.any()),
        )
        if there
    ]
    if notes:
        axes.text(
            0.98,
            0.97,
            "\n".join(notes),
            transform=axes.transAxes,
            ha="right",
            va="top",
            fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none"},
        )
    axes.set_title(f"{_title(result)}, variant {result.summary['variant']}")
    return figure


# ---- evolution ------------------------------------------------------------------------------------------------------


def evolve(result):
    """The deviation in time (Figs. 6 to 8), or the order parameter among the states it may go to."""
    if result.summary["model"] == "linear":
        return deviations(result)
    return loop(result) if np.ptp(np.asarray(result.dmu)) > 0 else fate(result)


def deviations(result):
    """|dDelta(t)| over its first value, with the exponentials of the roots of det M."""
    sweep = _given(result).get("sweep", {})
    key = next(iter(sweep), None)
    figure = style.figure(6.6, 4.4)
    axes = figure.add_subplot()
    t, x = np.asarray(result.t), np.asarray(result.ddelta)
    values = np.asarray(result[key]) if key else [None]
    roots = result.summary["root_rate"] if key else [result.summary["root_rate"]]
    for j, (value, colour) in enumerate(zip(values, _colours(len(values)))):
        size = np.abs(x[:, j]) / abs(x[0, j])
        words = _name(key, value) if key else r"$|{\rm Re}\,\delta\Delta|$"
        axes.semilogy(
            t,
            np.maximum(size, 1e-12),
            color=colour,
            label=words,
            lw=1.6,
            ls="--" if key == "angle" and j % 2 else "-",
        )
        if roots[j] is not None:
            late = t > 0.55 * t[-1]
            k = np.searchsorted(t, 0.8 * t[-1])
            around = np.median(size[k - 3 : k + 4] * np.exp(-roots[j] * (t[k - 3 : k + 4] - t[k])))
            axes.semilogy(
                t[late],
                1.6 * around * np.exp(roots[j] * (t[late] - t[k])),
                ":",
                color=colour,
                lw=1.4,
            )
    axes.plot([], [], ":", color="0.3", label=r"$e^{\lambda t}$, root of det$\,M$ (shifted)")
    final = np.abs(x) / np.abs(x[0])
    axes.set(
        xlabel=r"time $\mu t$",
        ylabel=r"$|\delta\Delta(t)|/|\delta\Delta(0)|$",
        xlim=(0, t[-1]),
        ylim=(max(0.3 * final[1:].min(), 1e-9), 3 * final.max()),
    )
    axes.legend(fontsize=9)
    axes.set_title(f"{_title(result)}, variant {result.summary['variant']}")
    return figure


def _name(key, value):
    if key == "angle":
        known = {
            0.0: r"$\mathbf{q}\parallel+\mathbf{Q}$",
            round(np.pi, 6): r"$\mathbf{q}\parallel-\mathbf{Q}$",
            round(np.pi / 2, 6): r"$\mathbf{q}\perp\mathbf{Q}$",
        }
        return known.get(round(float(value), 6), f"${SHORT[key]}={value:.3g}$")
    return f"${SHORT[key]}={value:g}$"


def _states(result):
    """{name: Delta} of the steady states at the end, from the axis of the file."""
    words = result["state"].long_name.split("; ")
    return {
        word.split(": ")[1]: float(D) for word, D in zip(words, np.asarray(result.delta_states))
    }


def fate(result):
    """|Delta(t)| and the steady states it could end in; with a Q that moves also the way in the plane of Delta and Q."""
    free = "Q_final" in result.summary
    figure = style.figure(10.2 if free else 6.6, 4.2)
    axes = figure.add_subplot(1, 2, 1) if free else figure.add_subplot()
    t, size = np.asarray(result.t), np.abs(np.asarray(result.delta))
    axes.plot(t, size, color=style.COLOURS[1])
    for name, D in _states(result).items():
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
    axes.set(
        xlabel=r"time $\mu t$",
        ylabel=r"order parameter $|\Delta|/\mu$",
        xlim=(0, t[-1]),
        ylim=(-0.02 * max(size.max(), 0.05), 1.15 * max(size.max(), max(_states(result).values()))),
    )
    given = _given(result).get("initial", {})
    words = (
        f"{_title(result)}, kick ${given.get('kick', 1e-3):+g}\\,\\mu$, {result.summary['model']}"
    )
    if free:
        journey(result, figure.add_subplot(1, 2, 2))
        figure.suptitle(words + ", closed ends")
    else:
        axes.set_title(words)
    return figure


def journey(result, axes):
    """Delta and Q on their way, and the states that could be its end."""
    size, Q = np.abs(np.asarray(result.delta)), np.asarray(result.Q)
    axes.plot(Q, size, color=style.COLOURS[1])
    axes.plot(Q[0], size[0], "o", mfc="w", mec=style.COLOURS[1], ms=7, label="start")
    axes.plot(
        Q[-1],
        size[-1],
        "o",
        color=style.COLOURS[1],
        ms=7,
        label=rf"$\mu t={float(np.asarray(result.t)[-1]):g}$",
    )
    for (name, D), at in zip(_states(result).items(), np.asarray(result.Q_states)):
        if D > 0:
            axes.plot(at, D, "x", color="k", ms=8, mew=1.6)
            axes.annotate(name, (at, D), xytext=(8, 3), textcoords="offset points", fontsize=10)
    axes.set(
        xlabel=r"wave number $Q/p_{\rm F}$",
        ylabel=r"order parameter $|\Delta|/\mu$",
        xlim=(-0.006, 1.25 * max(Q.max(), np.asarray(result.Q_states).max(), 0.05)),
        ylim=(-0.005, None),
    )
    axes.legend(loc="upper right")


def loop(result):
    """|Delta| against dmu while it is ramped, there and back."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    dmu, size = np.asarray(result.dmu), np.abs(np.asarray(result.delta))
    turn = int(np.argmax(np.abs(dmu - dmu[0])))
    for part, colour, words in (
        (slice(0, turn + 1), style.COLOURS[1], r"$\delta\mu$ rises"),
        (slice(turn, None), style.COLOURS[0], r"$\delta\mu$ falls"),
    ):
        x, y = dmu[part], size[part]
        moving = np.flatnonzero(np.diff(x))
        if not len(moving):
            continue
        axes.plot(
            x,
            y,
            color=colour,
            label=words if x[-1] > x[0] else words if part.start else r"$\delta\mu$ falls",
        )
        k = moving[len(moving) // 3]
        axes.annotate(
            "",
            (x[k + 2], y[k + 2]),
            (x[k], y[k]),
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2},
        )
    axes.set(xlabel=LABELS["dmu"], ylabel=r"order parameter $|\Delta|/\mu$", ylim=(-0.005, None))
    axes.legend(loc="lower left")
    axes.set_title(
        f"{_title(result, hide=('dmu',))}, ramp of {_given(result)['parameters'].get('ramp_time', 1000.0):g}$/\\mu$, {result.summary['model']}"
    )
    return figure
