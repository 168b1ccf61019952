"""Figures of the phonon-semiconductor system."""

from __future__ import annotations

import tomllib

import numpy as np
from matplotlib.colors import PowerNorm

from ....figures import style


def evolve(result):
    """|Delta| in time; populations, coherence and pairs at the end (Porta et al. 2019, Figs. 5 to 7)."""
    figure = style.figure(10.0, 6.4)
    grid = figure.add_gridspec(2, 2)
    time, filled, mixed, pairs = (figure.add_subplot(grid[i, j]) for i in (0, 1) for j in (0, 1))
    size = np.abs(np.asarray(result.delta))
    time.plot(result.t, size, color=style.COLOURS[0])
    time.set(
        xlabel=r"time $t\,E_g$",
        ylabel=r"$|\Delta|/E_g$",
        ylim=(0, None),
        xlim=(result.t[0], result.t[-1]),
    )
    k = np.asarray(result.k)
    for name, label, colour in (
        ("n11", r"$n^{11}_k$", style.COLOURS[0]),
        ("n22", r"$n^{22}_k$", style.COLOURS[1]),
    ):
        filled.plot(k, np.asarray(result[name])[-1], color=colour, label=label)
    filled.plot(
        k,
        np.asarray(result.n22)[-1] + np.asarray(result.n11)[-1][::-1] - 1,
        color="0.3",
        ls=":",
        label=r"$\tilde n_k$",
    )
    filled.set_ylabel("population")
    complex_panels(result, k, mixed, pairs, -1)
    for axes in (filled, mixed, pairs):
        axes.set(xlabel="momentum $k$", xlim=(k[0], k[-1]))
        axes.legend(fontsize=10)
    return figure


LABELS = {
    "V": "$V/E_g$",
    "Omega": r"$\Omega/E_g$",
    "Gamma_ph": r"$\Gamma^{\rm ph}/E_g$",
    "Gamma_rr": r"$\Gamma^{\rm rr}/E_g$",
    "v": "speed of sound $v$",
    "A1": "$A_1/E_g$",
    "A2": "$A_2/E_g$",
    "n_B": r"phonon occupation $n_B$",
    "points": "number of momenta",
}


def given(result):
    """The tables of the input."""
    return tomllib.loads(result.input)


def swept(result):
    """The keys of the sweep."""
    return list(given(result).get("sweep", {}))


def threshold(result):
    """The interaction at which pairs begin to grow, over the swept parameter, with both forms of recombination (the boundary of Fig. 2)."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    key = (swept(result) or ["Omega"])[0]
    chosen = given(result).get("parameters", {}).get("radiative", "printed")
    x, tops = np.asarray(result[key]), []
    for kind, colour, marker, words in (
        ("printed", 0, "o", "recombination as printed"),
        ("lindblad", 1, "s", "recombination of Lindblad form"),
    ):
        values = np.asarray(result["V_c" if kind == chosen else f"V_c_{kind}"])
        tops.append(np.nanmax(values, initial=0))
        axes.plot(
            x, values, marker + "-", ms=4, mfc="none", color=style.COLOURS[colour], label=words
        )
        if kind == chosen and "V_c_error" in result and np.isfinite(result.V_c_error).any():
            error = np.asarray(result.V_c_error)
            axes.fill_between(
                x,
                values - error,
                values + error,
                color=style.COLOURS[colour],
                alpha=0.15,
                lw=0,
                label="its error from the step in $k$",
            )
            tops.append(np.nanmax(values + error, initial=0))
    axes.set(xlabel=LABELS.get(key, key), ylabel=r"$V_c/E_g$", ylim=(0, 1.4 * max(tops) or 1.0))
    if len(x) > 1 and x[0] > 0 and x[-1] / x[0] > 30:
        axes.set_xscale("log")
    axes.legend()
    return figure


def steady(result):
    """Over a swept key: |Delta| of the stationary state; of one point: its populations, coherence and pairs."""
    keys = swept(result)
    if keys:
        figure = style.figure(6.4, 4.2)
        axes = figure.add_subplot()
        x = np.asarray(result[keys[0]])
        error = np.asarray(result.delta_error) if "delta_error" in result else 0 * x
        axes.errorbar(
            x,
            result.delta,
            yerr=np.nan_to_num(error),
            fmt="o-",
            ms=4,
            capsize=3,
            color=style.COLOURS[0],
        )
        axes.set(
            xlabel=LABELS.get(keys[0], keys[0]),
            ylabel=r"$|\Delta|/E_g$",
            ylim=(0, 1.15 * max(np.nanmax(result.delta), 1e-9)),
        )
        if x[0] > 0 and x[-1] / x[0] > 30:
            axes.set_xscale("log")
        return figure
    figure = style.figure(13.0, 3.9)
    k = np.asarray(result.k)
    filled, mixed, pairs = figure.subplots(1, 3)
    n11, n22 = np.asarray(result.n11), np.asarray(result.n22)
    for values, label, colour in (
        (n11, r"$n^{11}_k$", style.COLOURS[0]),
        (n22, r"$n^{22}_k$", style.COLOURS[1]),
    ):
        filled.plot(k, values, color=colour, label=label)
    filled.plot(k, n22 + n11[::-1] - 1, color="0.3", ls=":", label=r"$\tilde n_k$")
    filled.set_ylabel("population")
    complex_panels(result, k, mixed, pairs)
    for axes in (filled, mixed, pairs):
        axes.set(xlabel="momentum $k$", xlim=(k[0], k[-1]))
        axes.legend(fontsize=10)
    figure.suptitle(rf"$|\Delta|={result.summary['delta']:.5g}\,E_g$", fontsize=11)
    return figure


def complex_panels(result, k, mixed, pairs, last=None):
    """Real and imaginary parts of coherence and pairs."""
    for axes, name, label in ((mixed, "n21", r"n^{21}_k"), (pairs, "s", r"s_k")):
        values = np.asarray(result[name]) if last is None else np.asarray(result[name])[last]
        axes.plot(k, values.real, color=style.COLOURS[0], label=rf"Re ${label}$")
        axes.plot(k, values.imag, color=style.COLOURS[1], label=rf"Im ${label}$")
        axes.set_ylabel(f"${label}$")
        if np.abs(values).max() < 1e-9:
            axes.set_ylim(-1, 1)  # nothing but rounding


def map(result):  # noqa: A001  (the task's name)
    """|Delta| over two parameters with the thresholds as lines, or along one (Fig. 2)."""
    keys = swept(result)
    if len(keys) == 1:
        return curves(result, keys[0])
    figure = style.figure(6.4, 4.4)
    axes = figure.add_subplot()
    ends = [np.asarray(result[key])[[0, -1]] for key in keys]
    image = axes.pcolormesh(
        result[keys[0]],
        result[keys[1]],
        np.asarray(result.delta).T,
        shading="nearest",
        rasterized=True,
        norm=PowerNorm(0.5, 0, np.nanmax(result.delta) or 1.0),
    )
    figure.colorbar(image, ax=axes, label=r"$|\Delta|/E_g$")
    if ends[0][0] > 0 and ends[0][1] / ends[0][0] > 30:
        axes.set_xscale("log")
    for name, dashes, words in (
        ("V_c", "--", "stationary driven state"),
        ("V_c_reached", ":", "what the laser has reached"),
    ):
        if name in result:
            line = (
                (result.Omega, result[name]) if keys[0] == "Omega" else (result[name], result.Omega)
            )
            axes.plot(*line, color="w", ls=dashes, lw=1.8, label=f"$V_c$: {words}")
    if axes.lines:
        axes.legend(loc="lower right", labelcolor="w", fontsize=10)
    axes.set(xlabel=LABELS[keys[0]], ylabel=LABELS[keys[1]])
    return figure


def curves(result, key):
    """|Delta| in time for up to five values of the swept key (left), and at the end over all of them (right): Figs. 2 and 4."""
    figure = style.figure(10.0, 4.2)
    left, right = figure.subplots(1, 2)
    values = np.asarray(result[key])
    for n, i in enumerate(
        np.unique(np.linspace(0, len(values) - 1, min(5, len(values))).round().astype(int))
    ):
        left.plot(
            result.t,
            np.asarray(result.delta_t)[i],
            color=style.COLOURS[n % len(style.COLOURS)],
            label=f"{LABELS[key]} = {values[i]:g}",
        )
    left.set(
        xlabel=r"time $t\,E_g$", ylabel=r"$|\Delta|/E_g$", ylim=(0, None), xlim=(0, result.t[-1])
    )
    left.legend(fontsize=10)
    right.plot(values, result.delta, "o-", ms=4, color=style.COLOURS[0])
    right.set(
        xlabel=LABELS[key],
        ylabel=r"$|\Delta|/E_g$ at the end",
        ylim=(0, 1.15 * max(np.nanmax(result.delta), 1e-9)),
    )
    if values[0] > 0 and values[-1] / values[0] > 30:
        right.set_xscale("log")
    return figure


def effective(result):
    """Populations of both bands and of the effective model (Fig. 3)."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    axes.plot(result.k, result.n11, ".", color=style.COLOURS[0], ms=4, label=r"$n^{11}_k$")
    axes.plot(result.k, result.n22, ".", color=style.COLOURS[1], ms=4, label=r"$n^{22}_k$")
    s = result.summary
    axes.plot(
        result.k,
        result.n_eff,
        color="0.15",
        lw=1.3,
        label=rf"effective: $C={s['C']:.3f}$, $\tilde\Delta={s['delta_tilde']:.3f}$",
    )
    axes.set(
        xlabel="momentum $k$",
        ylabel="population",
        xlim=(result.k[0], result.k[-1]),
        ylim=(-0.03, 1.03),
    )
    axes.legend(fontsize=10)
    return figure
