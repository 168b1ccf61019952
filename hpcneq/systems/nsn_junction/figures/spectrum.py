"""Figure of the nsn-junction's spectra."""

from __future__ import annotations

import numpy as np

from ....figures import style

UP, DOWN = style.COLOURS[0], style.COLOURS[1]


def spectrum(result):
    """Density of states with its occupied part, momentum distributions with their Fermi edges, pairs of surfaces (Fig. 6)."""
    s = result.summary
    uneven = (
        s["delta_max"] > 1e-3 and np.ptp(np.abs(np.asarray(result.delta))) > 1e-3 * s["delta_max"]
    )
    figure = style.figure(12.5, 7.0)
    grid = figure.add_gridspec(2, 3, width_ratios=[1.25, 1, 1])
    _states(figure.add_subplot(grid[0, 0]), result)
    if uneven:
        _local(figure, figure.add_subplot(grid[1, 0]), result)
    else:
        _cut(figure.add_subplot(grid[1, 0]), result)
    for k, (name, label) in enumerate(
        (("n_up", r"$n_{k\uparrow}$"), ("n_down", r"$n_{k\downarrow}$"))
    ):
        _momenta(figure, figure.add_subplot(grid[0, 1 + k]), result, name, label)
    _pairs(figure.add_subplot(grid[1, 1:]), result)
    size = "" if s["delta_max"] < 1e-6 else rf", max$|\Delta|={s['delta_max']:.4f}$"
    named = {"file": "last state of a run", "fflo": "FFLO state", "bcs": "BCS state"}.get(
        s.get("initial_state"), "normal state"
    )
    figure.suptitle(rf"NSN junction, {named}, $eV={s['eV']:g}${size} (units of $t_\parallel$)")
    return figure


def _states(axes, result):
    w = np.asarray(result.w)
    for name, colour, sign, label in (
        ("up", UP, 1, r"$\uparrow$"),
        ("down", DOWN, -1, r"$\downarrow$"),
    ):
        total = np.asarray(result[f"A_{name}"]).mean(1)
        axes.plot(w, sign * total, color=colour, label=label)
        axes.fill_between(
            w,
            0,
            sign * np.asarray(result[f"occupied_{name}"]).mean(1),
            color=colour,
            alpha=0.3,
            lw=0,
        )
    axes.axhline(0, color="0.3", lw=0.8)
    axes.set(
        xlabel=r"frequency $\omega/t_\parallel$",
        ylabel=r"states (1/$t_\parallel$ site), $\uparrow$ up, $\downarrow$ down",
        xlim=(w[0], w[-1]),
    )
    axes.legend(loc="upper right")
    axes.set_title("density of states; filled: occupied")


def _local(figure, axes, result):
    w = np.asarray(result.w)
    inside = np.abs(w) <= 1.5
    total = (np.asarray(result.A_up) + np.asarray(result.A_down))[inside]
    image = axes.pcolormesh(
        result.x, w[inside], total, cmap="magma", shading="nearest", rasterized=True
    )
    figure.colorbar(image, ax=axes, label=r"$A_\uparrow+A_\downarrow$ (1/$t_\parallel$)", pad=0.01)
    axes.set(xlabel="site $x$", ylabel=r"$\omega/t_\parallel$", title="local density of states")


def _cut(axes, result):
    """Occupations of all momenta against their band energy, where the edges are."""
    band = (-2 * np.cos(np.asarray(result.kx))[:, None] - 2 * np.cos(np.asarray(result.ky))).ravel()
    order = np.argsort(band)
    for name, colour, label in (
        ("up", UP, r"$n_{k\uparrow}$"),
        ("down", DOWN, r"$n_{k\downarrow}$"),
    ):
        axes.plot(
            band[order], np.asarray(result[f"n_{name}"]).ravel()[order], color=colour, label=label
        )
        for edge in result.summary[f"edges_{name}"]:
            axes.axvline(edge, color=colour, ls=":", lw=1.2)
    axes.set(
        xlabel=r"band energy $\xi_k/t_\parallel$",
        ylabel="occupation",
        xlim=(-2.5, 2.5),
        ylim=(-0.03, 1.03),
    )
    axes.legend(loc="upper right")


def _momenta(figure, axes, result, name, label):
    import matplotlib

    k, q = np.asarray(result.kx), np.asarray(result.ky)
    n = np.asarray(result[name])
    both = np.concatenate([n[:, :0:-1], n], axis=1)
    y = np.concatenate([-q[:0:-1], q])
    image = axes.pcolormesh(
        k / np.pi,
        y / np.pi,
        both.T,
        cmap=matplotlib.colormaps["viridis"],
        vmin=0,
        vmax=1,
        shading="nearest",
        rasterized=True,
    )
    figure.colorbar(image, ax=axes, label=label, pad=0.01)
    kx, ky = np.meshgrid(
        np.linspace(-np.pi, np.pi, 201), np.linspace(-np.pi, np.pi, 201), indexing="ij"
    )
    band = -2 * np.cos(kx) - 2 * np.cos(ky)
    axes.contour(
        kx / np.pi,
        ky / np.pi,
        band,
        levels=sorted(set(result.summary[f"edges_{'up' if name == 'n_up' else 'down'}"])),
        colors="w",
        linewidths=0.8,
        linestyles=":",
    )
    axes.set(xlabel=r"$k_x/\pi$", ylabel=r"$k_y/\pi$", aspect="equal", xlim=(-1, 1), ylim=(-1, 1))


def _pairs(axes, result):
    if "C_inner" not in result:
        axes.axis("off")
        return
    Q = np.asarray(result.Q)
    axes.plot(
        Q / np.pi,
        result.C_inner,
        color=style.COLOURS[2],
        label=r"pairs $\xi=h-\frac{eV}{2}$ ($\uparrow$), $-h+\frac{eV}{2}$ ($\downarrow$)",
    )
    axes.plot(
        Q / np.pi,
        result.C_outer,
        color=style.COLOURS[3],
        label=r"pairs $\xi=h+\frac{eV}{2}$ ($\uparrow$), $-h-\frac{eV}{2}$ ($\downarrow$)",
    )
    axes.plot(
        Q / np.pi,
        np.asarray(result.C_inner) + np.asarray(result.C_outer),
        color="0.2",
        ls="--",
        label="$C(Q)$",
    )
    axes.axvline(result.summary["Q_max"] / np.pi, color="0.6", lw=1)
    axes.set(xlabel=r"pair momentum $Q/\pi$ along $x$", ylabel=r"$C(Q)\,t_\parallel$", xlim=(0, 1))
    axes.legend(loc="upper right", fontsize=10)
