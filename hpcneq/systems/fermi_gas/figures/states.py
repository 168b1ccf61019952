"""Figures of the fermi-gas system: steady states, branches, phase diagrams, momentum-resolved quantities."""

from __future__ import annotations

import tomllib

import numpy as np
from scipy.interpolate import PchipInterpolator

from ....figures import style

KEYS = {
    "gamma": r"\gamma/\mu",
    "T": r"T_{\rm env}/\mu",
    "dmu": r"\delta\mu/\mu",
    "inv_kfas": r"(p_Fa_s)^{-1}",
}
DEFAULTS = {"gamma": 0.005, "T": 0.0, "dmu": 0.0, "inv_kfas": -1.0}
LOOKS = {
    "NBCS": ("#3b4cc0", "-"),
    "NIG": ("#7f8fd8", "--"),
    "NFF": ("#c2452d", "-"),
    "NFF'": ("#e59a85", "--"),
}
PHASES = {
    1: ("#5b8fc9", "NBCS"),
    3: ("#d9795d", "NBCS and NFF"),
    5: ("#a9c7a0", "NBCS and normal"),
    2: ("#8c3b2a", "NFF"),
    4: ("#f2efe8", "normal"),
    6: ("#b8860b", "NFF and normal"),
    7: ("#8c5aa8", "NBCS, NFF and normal"),
}
CURVES = {
    "nff_fold": ("#7a1f12", "-", "NFF and NFF' appear"),
    "nbcs_end": ("#2457a6", "-", "end of NBCS"),
    "normal_end": ("0.1", (0, (5, 2)), "normal gas starts to pair"),
    "nig_onset": ("0.45", ":", "NIG appears"),
}


def title(result, hide=()):
    """The parameters of an input in words."""
    given = tomllib.loads(result.input).get("parameters", {})
    unequal = "gamma_left" in given
    words = (
        [rf"$(\gamma_L,\gamma_R)/\mu=({given['gamma_left']:g},\,{given['gamma_right']:g})$"]
        if unequal
        else []
    )
    for name, default in DEFAULTS.items():
        value = given.get(name, default)
        if unequal and name == "gamma":
            continue
        if name not in hide and (name != "inv_kfas" or value != -1):
            words.append(
                r"$\gamma\to 0$" if name == "gamma" and value == 0 else f"${KEYS[name]}={value:g}$"
            )
    return ", ".join(words)


def steady(result):
    """Every steady state in the plane of wave number and order parameter; crosses: states of equal couplings that unequal ones have lost, where they end."""
    figure = style.figure(8.2, 4.4)
    axes = figure.add_subplot()
    ended = result.summary.get("ended", [])
    for state in result.summary["branches"]:
        axes.plot(
            state["Q"],
            state["delta"],
            "o",
            ms=9,
            color=LOOKS[state["name"]][0],
            label=f"{state['name']}  $\\Delta_0={state['delta']:.5f}\\,\\mu$",
            clip_on=False,
        )
    for state in ended:
        axes.plot(
            state["Q"],
            state["delta"],
            "x",
            ms=9,
            mew=2,
            color=LOOKS[state["name"]][0],
            clip_on=False,
            label=rf"{state['name']} ended at $\frac{{\gamma_L-\gamma_R}}{{\gamma_L+\gamma_R}}={state['asymmetry']:.4f}$",
        )
    every = [*result.summary["branches"], *ended]
    axes.set(
        xlabel=r"wave number $Q/p_F$",
        ylabel=r"order parameter $\Delta_0/\mu$",
        xlim=(-0.01, 1.1 * max([s["Q"] for s in every] + [0.05])),
        ylim=(0, 1.08 * max([s["delta"] for s in every] + [0.05])),
    )
    if every:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    axes.set_title("steady states, " + title(result))
    return figure


# ---- branches -----------------------------------------------------------------------------------------------------------


def branches(result):
    """Order parameter and wave number along dmu (Fig. 4(a) of the paper); one panel for each value of a slow key (Fig. 5)."""
    slow = next((key for key in tomllib.loads(result.input)["sweep"] if key != "dmu"), None)
    if slow is None:
        figure = style.figure(10.5, 4.3)
        left, right = figure.subplots(1, 2)
        _deltas(left, result, ())
        _waves(right, result, ())
        figure.suptitle(title(result, hide=("dmu",)), fontsize=11)
        return figure
    rows = np.asarray(result[slow])
    if len(rows) > 9:
        return _family(result, slow, rows)
    wide = min(len(rows), 2 if len(rows) == 4 else 3)
    figure = style.figure(4.2 * wide, 3.5 * -(-len(rows) // wide))
    panels = figure.subplots(-(-len(rows) // wide), wide, squeeze=False, sharex=True, sharey=True)
    for k, axes in enumerate(panels.flat):
        if k < len(rows):
            _deltas(axes, result, (k,), legend=k == 0)
            axes.set_title(f"${KEYS[slow]}={rows[k]:g}$")
            axes.label_outer()
        else:
            axes.set_axis_off()
    figure.suptitle(title(result, hide=("dmu", slow)), fontsize=11)
    return figure


def _curve(result, name, row):
    """(D, Q, dmu) along one of the two curves, without padding; empty if there is none."""
    if f"{name}_D" not in result:
        return np.empty((3, 0))
    found = np.array([np.asarray(result[f"{name}_{key}"])[row] for key in ("D", "Q", "dmu")])
    return _smooth(found[:, np.isfinite(found[2])])


def _smooth(curve, between=12):
    """A curve (n, nodes) with more points between its nodes: monotone cubics over its length, which turn at its nodes alone."""
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(curve, axis=1), axis=0)))
    if curve.shape[1] < 3 or np.any(np.diff(length) <= 0):
        return curve
    fine = np.interp(
        np.arange(between * (len(length) - 1) + 1) / between, np.arange(len(length)), length
    )
    return PchipInterpolator(length, curve, axis=1)(fine)


def _parts(result, row):
    """(name, D, Q, dmu) of each branch, cut from the curves at their folds."""
    D, Q, dmu = _curve(result, "uniform", row)
    if len(D):
        k = int(np.argmax(dmu))
        yield "NIG", D[: k + 1], Q[: k + 1], dmu[: k + 1]
        yield "NBCS", *(np.append(v[k:], w) for v, w in ((D, D[-1]), (Q, 0), (dmu, 0.0)))
    D, Q, dmu = _curve(result, "twisted", row)
    if len(D):
        k = int(np.argmin(dmu))
        yield "NFF", D[: k + 1], Q[: k + 1], dmu[: k + 1]
        yield "NFF'", D[k:], Q[k:], dmu[k:]


def _points(axes, result, row, key, names=tuple(LOOKS)):
    for name in names:
        colour = LOOKS[name][0]
        values = np.asarray(result[f"{name.replace(chr(39), 'p')}_{key}"])[row]
        axes.plot(np.asarray(result.dmu), values, "o", ms=2.5, color=colour)


def _deltas(axes, result, row, legend=True):
    for name, D, _, dmu in _parts(result, row):
        if len(D) > 1:
            axes.plot(dmu, D, LOOKS[name][1], color=LOOKS[name][0], label=name)
    _points(axes, result, row, "delta")
    calm = np.asarray(result.NBCS_delta)[row][0]
    if np.asarray(result.dmu)[0] == 0 and np.isfinite(calm):
        axes.plot(0, calm, "o", ms=7, color="0.1", clip_on=False, zorder=5)
    axes.set(
        xlabel=r"$\delta\mu/\mu$",
        ylabel=r"order parameter $\Delta_0/\mu$",
        xlim=(0, np.asarray(result.dmu)[-1]),
        ylim=(0, None),
    )
    if legend:
        axes.legend(loc="lower left")


def _waves(axes, result, row):
    for name, _, Q, dmu in _parts(result, row):
        if name.startswith("NFF") and len(Q) > 1:
            axes.plot(dmu, Q, LOOKS[name][1], color=LOOKS[name][0], label=name)
    _points(axes, result, row, "Q", ("NFF", "NFF'"))
    axes.set(
        xlabel=r"$\delta\mu/\mu$",
        ylabel=r"wave number $Q/p_F$",
        xlim=(0, np.asarray(result.dmu)[-1]),
        ylim=(0, None),
    )
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")


def _family(result, slow, rows):
    """Both curves for many values of a slow key: how the branches merge."""
    import matplotlib

    figure = style.figure(10.5, 4.3)
    left, right = figure.subplots(1, 2)
    norm = matplotlib.colors.Normalize(rows[0], rows[-1])
    for k, value in enumerate(rows):
        colour = matplotlib.colormaps["viridis"](0.92 * norm(value))
        for name, D, Q, dmu in _parts(result, (k,)):
            dashes = "--" if name.startswith("NFF") else "-"
            left.plot(dmu, D, dashes, color=colour, lw=1.4)
            if name.startswith("NFF"):
                right.plot(dmu, Q, "--", color=colour, lw=1.4)
    left.plot([], [], "-", color="0.3", label="$Q=0$: NBCS and NIG")
    left.plot([], [], "--", color="0.3", label="$Q>0$: NFF and NFF'")
    left.legend(loc="upper right", bbox_to_anchor=(1.0, 1.14), ncol=2, fontsize=9)
    for axes, words in ((left, r"order parameter $\Delta_0/\mu$"), (right, r"wave number $Q/p_F$")):
        axes.set(xlabel=r"$\delta\mu/\mu$", ylabel=words, ylim=(0, None))
    left.set_xlim(0, None)
    figure.colorbar(
        matplotlib.cm.ScalarMappable(
            norm,
            matplotlib.colors.ListedColormap(
                matplotlib.colormaps["viridis"](np.linspace(0, 0.92, 256))
            ),
        ),
        ax=right,
        label=f"${KEYS[slow]}$",
    )
    figure.suptitle(title(result, hide=("dmu", slow)), fontsize=11)
    return figure


# ---- phase diagram ------------------------------------------------------------------------------------------------------


def phase_diagram(result):
    """Fig. 2(a) of the paper: a plane of it, or its surface over gamma and T."""
    keys = list(tomllib.loads(result.input)["sweep"])
    return _plane(result, keys[0]) if keys[1] == "dmu" else _surface(result, *keys)


def _plane(result, slow):
    figure = style.figure(7.6, 4.8)
    axes = figure.add_subplot()
    y, dmu, phase = np.asarray(result[slow]), np.asarray(result.dmu), np.asarray(result.phase)
    edge = {name: np.asarray(result[name]) for name in CURVES}
    top = result.summary.get(f"{slow}_c")
    if top is not None and y[0] < top < y[-1]:  # where both ends meet at dmu = 0
        k = np.searchsorted(y, top)
        edge = {
            name: np.insert(values, k, 0.0 if name in ("normal_end", "nbcs_end") else np.nan)
            for name, values in edge.items()
        }
        y = np.insert(y, k, top)
    y, edge = _between(y, edge)
    _fill(axes, y, dmu, edge)
    codes = np.unique(phase)
    for code in codes:
        if code in PHASES:
            axes.fill_between([], [], color=PHASES[code][0], label=PHASES[code][1])
    for name, (colour, dashes, text) in CURVES.items():
        if np.isfinite(edge[name]).any():
            axes.plot(edge[name], y, ls=dashes, color=colour, lw=1.8, label=text)
    axes.set(
        xlabel=f"${KEYS['dmu']}$",
        ylabel=f"${KEYS[slow]}$",
        xlim=(dmu[0], dmu[-1]),
        ylim=(y[0], y[-1]),
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    axes.set_title(title(result, hide=("dmu", slow)))
    return figure


def _between(y, edge, between=8):
    """Boundaries between the rows: monotone cubics of dmu^2, smooth where dmu -> 0 too; none beyond the rows where they occur."""
    fine = np.interp(np.arange(between * (len(y) - 1) + 1) / between, np.arange(len(y)), y)
    found = {}
    for name, values in edge.items():
        there = np.isfinite(values)
        inside = np.full(len(fine), np.nan)
        if there.sum() > 2:
            inside = np.sqrt(
                np.maximum(
                    PchipInterpolator(y[there], values[there] ** 2, extrapolate=False)(fine), 0.0
                )
            )
        found[name] = inside
    return fine, found


def _fill(axes, y, dmu, edge):
    """Regions between the boundaries, as smooth as these."""

    def curve(name, instead):
        return np.where(np.isnan(edge[name]), instead, edge[name])

    normal, end = curve("normal_end", 0.0), curve("nbcs_end", 0.0)
    fold = np.where(np.isnan(edge["nff_fold"]), normal, edge["nff_fold"])
    axes.set_facecolor(PHASES[4][0])
    for left, right, code in (
        (0 * y, np.minimum(end, np.minimum(fold, normal)), 1),
        (fold, np.minimum(normal, end), 3),
        (np.minimum(normal, end), end, 5),
        (end, np.maximum(normal, end), 2),
    ):
        axes.fill_betweenx(y, left, np.maximum(left, right), color=PHASES[code][0], lw=0)


def _surface(result, slow, fast):
    figure = style.figure(7.6, 6.0)
    axes = figure.add_subplot(projection="3d")
    x, y = np.meshgrid(np.asarray(result[slow]), np.asarray(result[fast]), indexing="ij")
    from matplotlib.patches import Patch

    handles = []
    turned = np.isfinite(np.asarray(result.nff_fold))
    for name, colour, text, alpha in (
        ("nff_fold", "#c2452d", "NFF and NFF' appear", 0.95),
        ("normal_end", "#3a3a3a", "NFF ends", 0.45),
        ("nbcs_end", "#5b8fc9", "NBCS ends", 0.32),
    ):
        z = np.array(result[name])
        if name == "normal_end":
            z[~turned] = np.nan
        if name == "nbcs_end":  # down to dmu = 0 on the first points without a condensate
            gone = np.isnan(z)
            there = np.pad(~gone, 1)
            z[gone & (there[2:, 1:-1] | there[:-2, 1:-1] | there[1:-1, 2:] | there[1:-1, :-2])] = (
                0.0
            )
        if np.isfinite(z).any():
            axes.plot_surface(
                x,
                y,
                z,
                color=colour,
                alpha=alpha,
                rstride=1,
                cstride=1,
                lw=0.2,
                edgecolor="0.4",
                antialiased=True,
                shade=False,
            )
            handles.append(Patch(color=colour, alpha=alpha, label=text))
    axes.set(xlabel=f"${KEYS[slow]}$", ylabel=f"${KEYS[fast]}$", zlabel=f"${KEYS['dmu']}$")
    axes.zaxis.labelpad = 4
    axes.view_init(elev=20, azim=48)
    axes.set_box_aspect(None, zoom=0.85)
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.62, 0.92))
    axes.set_zlim(0, None)
    axes.set_title(title(result, hide=("dmu", slow, fast)))
    return figure


# ---- what a state holds at each momentum --------------------------------------------------------------------------------


def _state(result):
    s = result.summary
    words = rf"$\Delta_0={s['delta']:.4f}\,\mu$" + (rf", $Q={s['Q']:.4f}\,p_F$" if s["Q"] else "")
    return (f"{s['branch']}: {words}, " if s["delta"] else "normal gas, ") + title(result)


def pair_amplitude(result):
    """Fig. 4(b) of the paper, and the two parts of Eqs. (93), (94)."""
    figure = style.figure(12.0, 4.4)
    x, z = np.asarray(result.p_x), np.asarray(result.p_z)
    panels = figure.subplots(1, 3, sharey=True)
    circle = np.linspace(0, 2 * np.pi, 361)
    names = {
        "P": "$P_p$",
        "pair_plus": r"$P^{\rm FF}_p(Q,\delta\mu)$",
        "pair_minus": r"$P^{\rm FF}_p(Q,-\delta\mu)$",
    }
    for axes, (name, text) in zip(panels, names.items()):
        values = np.asarray(result[name]).T
        signed = values.min() < -1e-3
        image = axes.pcolormesh(
            x,
            z,
            values,
            shading="nearest",
            rasterized=True,
            cmap="RdBu_r" if signed else "magma",
            vmin=-0.5 if signed else 0,
            vmax=0.5,
        )
        axes.plot(np.cos(circle), np.sin(circle), ":", color="0.3" if signed else "white", lw=0.9)
        axes.set(xlabel="$p_x/p_F$", aspect="equal", xlim=(x[0], x[-1]), ylim=(z[0], z[-1]))
        axes.set_title(text)
        figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    panels[0].set_ylabel("$p_z/p_F$")
    figure.suptitle(_state(result), fontsize=11)
    return figure


def momentum(result):
    """The momentum distribution with its two edges, whole and by reservoir."""
    figure = style.figure(10.5, 4.2)
    k = np.asarray(result.p)
    turned = result.summary["Q"] > 0
    panels = np.atleast_1d(figure.subplots(1, 2, sharey=True)) if turned else [figure.add_subplot()]
    for axes, name, text in zip(
        panels, ("n_z", "n_x"), ("along $Q$" if turned else "", "across $Q$")
    ):
        if result.summary["delta"]:
            axes.plot(k, np.asarray(result.n_normal), ":", color="0.45", label="normal gas")
        for side, colour, word in (
            ("L", style.COLOURS[4], r"reservoir $\mu+\delta\mu$ alone"),
            ("R", style.COLOURS[2], r"reservoir $\mu-\delta\mu$ alone"),
        ):
            axes.plot(k, np.asarray(result[f"{name}_{side}"]), color=colour, lw=1.1, label=word)
        axes.plot(
            k,
            np.asarray(result[name]),
            color=style.COLOURS[0],
            lw=2.2,
            label=result.summary["branch"].replace("normal", "both: normal gas"),
        )
        for edge in result.summary["expected_edges"]:
            for sign in (1, -1):
                axes.axvline(
                    sign * edge,
                    color="0.8",
                    lw=0.8,
                    zorder=0,
                    label=r"$k=\sqrt{1\mp\delta\mu/\mu}$" if edge < 1 and sign > 0 else None,
                )
        axes.set(
            xlabel="momentum " + ("$k_z/p_F$ " if turned and name == "n_z" else "$k/p_F$ ") + text,
            xlim=(k[0] if turned else max(k[0], 0), k[-1]),
        )
    panels[0].set_ylabel("occupation $n_k$")
    panels[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.suptitle(_state(result), fontsize=11)
    return figure


def current(result):
    """J(Q) at a fixed order parameter; beside it what the gap equation lacks."""
    figure = style.figure(10.0, 4.2)
    left, right = figure.subplots(1, 2)
    Q = np.asarray(result.Q)
    left.plot(Q, 1e3 * np.asarray(result.J), color=style.COLOURS[0])
    for zero in result.summary["zeros"]:
        left.plot(
            zero, 0, "o", color=style.COLOURS[1], ms=7, label=f"$J=0$ at $Q={zero:.5f}\\,p_F$"
        )
    right.plot(Q, np.asarray(result.gap), color=style.COLOURS[2])
    for axes, words in ((left, r"current $J(Q)$ $[10^{-3}]$"), (right, r"gap equation $g(Q)$")):
        axes.axhline(0, color="0.7", lw=0.9, zorder=0)
        axes.set(xlabel=r"wave number $Q/p_F$", ylabel=words, xlim=(Q[0], Q[-1]))
    if result.summary["zeros"]:
        left.legend()
    figure.suptitle(
        rf"$\Delta_0={result.summary['delta']:.5f}\,\mu$ held fixed, " + title(result), fontsize=11
    )
    return figure
