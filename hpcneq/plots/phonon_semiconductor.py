"""Figures of the phonon-semiconductor system."""
from __future__ import annotations

import numpy as np

from . import style


def evolve(result):
    """|Delta| in time; populations, coherence and pairs at the end (Porta et al. 2019, Figs. 5 to 7)."""
    figure = style.figure(10.0, 6.4)
    grid = figure.add_gridspec(2, 2)
    time, filled, mixed, pairs = (figure.add_subplot(grid[i, j]) for i in (0, 1) for j in (0, 1))
    size = np.abs(np.asarray(result.delta))
    time.plot(result.t, size, color=style.COLOURS[0])
    time.set(xlabel=r"time $t\,E_g$", ylabel=r"$|\Delta|/E_g$", ylim=(0, None), xlim=(result.t[0], result.t[-1]))
    k = np.asarray(result.k)
    for name, label, colour in (("n11", r"$n^{11}_k$", style.COLOURS[0]), ("n22", r"$n^{22}_k$", style.COLOURS[1])):
        filled.plot(k, np.asarray(result[name])[-1], color=colour, label=label)
    filled.plot(k, np.asarray(result.n22)[-1] + np.asarray(result.n11)[-1][::-1] - 1, color="0.3", ls=":", label=r"$\tilde n_k$")
    filled.set_ylabel("population")
    for axes, name, label in ((mixed, "n21", r"n^{21}_k"), (pairs, "s", r"s_k")):
        values = np.asarray(result[name])[-1]
        axes.plot(k, values.real, color=style.COLOURS[0], label=rf"Re ${label}$")
        axes.plot(k, values.imag, color=style.COLOURS[1], label=rf"Im ${label}$")
        axes.set_ylabel(f"${label}$")
    for axes in (filled, mixed, pairs):
        axes.set(xlabel="momentum $k$", xlim=(k[0], k[-1]))
        axes.legend(fontsize=10)
    return figure


def threshold(result):
    """The interaction at which pairs begin to grow, over the swept parameter (the boundary of Fig. 2)."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    key = next(name for name in ("Omega", "Gamma_ph", "Gamma_rr") if name in result)
    axes.plot(result[key], result.V_c, "o-", color=style.COLOURS[0])
    axes.set(xlabel=rf"$\{key.split('_')[0]}" + (rf"^{{\rm {key.split('_')[1]}}}" if "_" in key else "") + "/E_g$", ylabel=r"$V_c/E_g$", ylim=(0, 1.2 * np.nanmax(result.V_c)))
    return figure


def map(result):  # noqa: A001  (the task's name)
    """|Delta| over two parameters, or along one (Fig. 2)."""
    figure = style.figure(6.4, 4.4)
    axes = figure.add_subplot()
    import tomllib
    keys = list(tomllib.loads(result.input)["sweep"])
    label = {"V": "$V/E_g$", "Omega": r"$\Omega/E_g$", "Gamma_ph": r"$\Gamma^{\rm ph}/E_g$", "Gamma_rr": r"$\Gamma^{\rm rr}/E_g$"}
    if len(keys) == 1:
        axes.plot(result[keys[0]], result.delta, "o-", color=style.COLOURS[0])
        axes.set(xlabel=label[keys[0]], ylabel=r"$|\Delta|/E_g$", ylim=(0, None))
        return figure
    image = axes.pcolormesh(result[keys[0]], result[keys[1]], np.asarray(result.delta).T, cmap="magma", shading="nearest", rasterized=True)
    figure.colorbar(image, ax=axes, label=r"$|\Delta|/E_g$")
    axes.set(xlabel=label[keys[0]], ylabel=label[keys[1]])
    return figure


def effective(result):
    """Populations of both bands and of the effective model (Fig. 3)."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    axes.plot(result.k, result.n11, ".", color=style.COLOURS[0], ms=4, label=r"$n^{11}_k$")
    axes.plot(result.k, result.n22, ".", color=style.COLOURS[1], ms=4, label=r"$n^{22}_k$")
    s = result.summary
    axes.plot(result.k, result.n_eff, color="0.15", lw=1.3, label=rf"effective: $C={s['C']:.3f}$, $\tilde\Delta={s['delta_tilde']:.3f}$")
    axes.set(xlabel="momentum $k$", ylabel="population", xlim=(result.k[0], result.k[-1]), ylim=(-0.03, 1.03))
    axes.legend(fontsize=10)
    return figure
