"""Figure of the task ``spectrum`` of the nsn-junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

UP, DOWN = style.COLOURS[0], style.COLOURS[1]


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Density of states with its occupied part, momentum distributions with Fermi edges (Fig. 6).

    And the pair susceptibility of pairs between two of the Fermi surfaces, where leads mirror each
    other.
    """
    style.size(canvas, 12.5, 7.0)
    grid = canvas.add_gridspec(2, 3, width_ratios=[1.25, 1, 1])
    _draw_states(canvas.add_subplot(grid[0, 0]), result)
    if _is_uneven(result):
        _draw_local_states(canvas, canvas.add_subplot(grid[1, 0]), result)
    else:
        _draw_occupations(canvas.add_subplot(grid[1, 0]), result)
    planes = [canvas.add_subplot(grid[0, k]) for k in (1, 2)]
    _draw_momenta(planes[0], result, "up", r"$n_{k\uparrow}$")
    image = _draw_momenta(planes[1], result, "down", r"$n_{k\downarrow}$")
    canvas.colorbar(image, ax=planes, label="occupation of a momentum", pad=0.01)
    _draw_pairs(canvas.add_subplot(grid[1, 1:]), result)
    canvas.suptitle(_title(result))


def _is_uneven(result) -> bool:
    """Whether the order parameter varies in space."""
    largest = result.summary["delta_max"]
    return largest > 1e-3 and np.ptp(np.abs(np.asarray(result.delta))) > 1e-3 * largest


def _title(result) -> str:
    """What state is shown, at which bias."""
    summary = result.summary
    size = "" if summary["delta_max"] < 1e-6 else rf", max$|\Delta|={summary['delta_max']:.4f}$"
    named = {"file": "last state of a run", "fflo": "FFLO state", "bcs": "BCS state"}
    state = named.get(summary.get("initial_state"), "normal state")
    return rf"{state}, $eV={summary['eV']:g}${size}"


def _draw_states(axes, result) -> None:
    """Mean density of states of both spins, the occupied part filled."""
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


def _draw_local_states(canvas, axes, result) -> None:
    """Density of states over sites and frequencies."""
    w = np.asarray(result.w)
    inside = np.abs(w) <= 1.5
    total = (np.asarray(result.A_up) + np.asarray(result.A_down))[inside]
    image = axes.pcolormesh(
        result.x, w[inside], total, cmap="magma", shading="nearest", rasterized=True
    )
    canvas.colorbar(image, ax=axes, label=r"$A_\uparrow+A_\downarrow$ (1/$t_\parallel$)", pad=0.01)
    axes.set(xlabel="site $x$", ylabel=r"$\omega/t_\parallel$", title="local density of states")


def _draw_occupations(axes, result) -> None:
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


def _draw_momenta(axes, result, spin: str, label: str):
    """Momentum distribution of one spin over the zone, its Fermi edges dotted; the image."""
    import matplotlib

    k, q = np.asarray(result.kx), np.asarray(result.ky)
    n = np.asarray(result[f"n_{spin}"])
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
    wave = np.linspace(-np.pi, np.pi, 201)
    kx, ky = np.meshgrid(wave, wave, indexing="ij")
    axes.contour(
        kx / np.pi,
        ky / np.pi,
        -2 * np.cos(kx) - 2 * np.cos(ky),
        levels=sorted(set(result.summary[f"edges_{spin}"])),
        colors="w",
        linewidths=0.8,
        linestyles=":",
    )
    axes.set(xlabel=r"$k_x/\pi$", ylabel=r"$k_y/\pi$", aspect="equal", xlim=(-1, 1), ylim=(-1, 1))
    axes.set_title(label)
    return image


def _draw_pairs(axes, result) -> None:
    """C(Q) and its shares from pairs between the inner and the outer Fermi surfaces."""
    if "C_inner" not in result:
        axes.axis("off")
        return
    Q = np.asarray(result.Q)
    inner, outer = np.asarray(result.C_inner), np.asarray(result.C_outer)
    for values, sign, opposite, colour in (
        (inner, "-", "+", style.COLOURS[2]),
        (outer, "+", "-", style.COLOURS[3]),
    ):
        surfaces = (
            rf"$\xi=h{sign}\frac{{eV}}{{2}}$ ($\uparrow$), "
            rf"$-h{opposite}\frac{{eV}}{{2}}$ ($\downarrow$)"
        )
        axes.plot(Q / np.pi, values, color=colour, label=f"pairs {surfaces}")
    axes.plot(Q / np.pi, inner + outer, color="0.2", ls="--", label="$C(Q)$")
    axes.axvline(result.summary["Q_max"] / np.pi, color="0.6", lw=1)
    axes.set(xlabel=r"pair momentum $Q/\pi$ along $x$", ylabel=r"$C(Q)\,t_\parallel$", xlim=(0, 1))
    axes.legend(loc="upper right", fontsize=10)
