"""Figures of the nsn-junction's static tasks: steady states, T-matrix, onsets, branches, I(V)."""

from __future__ import annotations

import tomllib

import numpy as np

from ....figures import style

STABILITY = {
    1: ("stable", "-", style.COLOURS[1]),
    0: ("unstable", "--", style.COLOURS[2]),
    2: ("metastable", ":", style.COLOURS[0]),
}
LABELS = {
    "eV": r"bias $eV/t_\parallel$",
    "h": r"Zeeman field $h/t_\parallel$",
    "T": r"temperature $T_{\rm env}/t_\parallel$",
    "gamma": r"coupling $\gamma/t_\parallel$",
    "U": r"attraction $U/t_\parallel$",
}
LINES = (
    ("bcs_onset", "BCS onset", "-", style.COLOURS[1]),
    ("fflo_onset", "FFLO onset", "--", style.COLOURS[0]),
    ("fold", "fold of a uniform branch", "-.", style.COLOURS[2]),
    ("clogston", "Chandrasekhar-Clogston limit", ":", "0.15"),
    ("fflo_bcs", "FFLO = BCS in free energy", "-", style.COLOURS[3]),
)


def _given(result, hide=()):
    """The parameters of an input in words."""
    tree = tomllib.loads(result.input)
    given, defaults = (
        tree.get("parameters", {}),
        (("U", 3.0), ("h", 0.0), ("T", 0.02), ("eV", 0.0), ("gamma", 0.01)),
    )
    words = [
        rf"${name}={given.get(name, default):g}$"
        for name, default in defaults
        if name not in hide and name not in tree.get("sweep", {})
    ]
    return "NSN junction, " + ", ".join(words).replace("gamma", r"\gamma").replace(
        "T=", r"T_{\rm env}="
    )


def steady(result):
    """U F(D) over the trial order parameter, the steady states where it is 1."""
    figure = style.figure(6.4, 4.4)
    axes = figure.add_subplot()
    axes.plot(result.D, result.U_F, color="0.2")
    axes.axhline(1, color="0.7", lw=1, zorder=0)
    delta, code = np.asarray(result.delta), np.asarray(result.stability_code)
    for value, (name, _, colour) in STABILITY.items():
        if np.any(code == value):
            axes.plot(
                delta[code == value],
                np.ones((code == value).sum()),
                "o",
                color=colour,
                ms=9,
                label=name,
            )
    axes.plot(
        0,
        np.asarray(result.U_F)[0],
        "s",
        color="0.2",
        ms=7,
        label=f"normal state, {result.summary['normal']}",
        clip_on=False,
    )
    axes.set(
        xlabel=r"order parameter $\Delta/t_\parallel$",
        ylabel=r"$U\,F(\Delta)$",
        xlim=(0, result.D[-1]),
    )
    axes.legend()
    axes.set_title(_given(result))
    return figure


def tmatrix(result):
    """The inverse T-matrix 1/U - C(Q) along x (Fig. 5(b) of the paper): pairs grow where it is negative."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    Q, value = np.asarray(result.Q), np.asarray(result.inverse_T)
    axes.plot(Q, value, color=style.COLOURS[0], label="along $x$")
    if "C_diagonal" in result:
        U = tomllib.loads(result.input).get("parameters", {}).get("U", 3.0)
        axes.plot(
            Q,
            1 / U - np.asarray(result.C_diagonal),
            color="0.6",
            lw=1.3,
            ls="--",
            label="along the diagonal",
        )
        axes.legend(loc="best")
    axes.fill_between(Q, np.minimum(value, 0), 0, color=style.COLOURS[1], alpha=0.3, lw=0)
    axes.axhline(0, color="0.6", lw=0.9, zorder=0)
    best, least = result.summary["Q_max"], result.summary["inverse_T_min"]
    axes.plot(best, least, "o", color=style.COLOURS[1], clip_on=False)
    axes.annotate(
        f"$Q={best:.4f}$, $U\\,C={result.summary['U_C_max']:.4f}$",
        (best, least),
        xytext=(12, -2),
        textcoords="offset points",
        va="top",
    )
    axes.margins(y=0.12)
    axes.set(
        xlabel=r"pair momentum $Q$ (1/lattice constant)",
        ylabel=r"$1/U-C(Q)\;(1/t_\parallel)$",
        xlim=(Q[0], Q[-1]),
    )
    axes.set_title(_given(result))
    return figure


def onset(result):
    """Onsets against the swept parameter (Figs. 5(a) and 8 of the paper); without a sweep, along one line."""
    from .phase_diagram import joined

    figure = style.figure(6.6, 4.4)
    axes = figure.add_subplot()
    along, sweep = (
        result.summary["along"],
        next(iter(tomllib.loads(result.input).get("sweep", {})), None),
    )
    for name, label, dashes, colour in LINES:
        if name not in result or np.asarray(result[name]).size == 0:
            continue
        table = np.asarray(result[name])
        if sweep is None:
            for x in table:
                axes.axvline(x, ls=dashes, color=colour, label=label)
                label = None
            continue
        reach = 0.15 * np.nanmax(table) if np.isfinite(table).any() else 1.0
        for at, values in joined(np.asarray(result[sweep]), table, reach):
            axes.plot(values, at, dashes, color=colour, label=label)
            label = None
    axes.set(xlabel=LABELS[along], ylabel=LABELS[sweep] if sweep else "")
    axes.set_xlim(left=0)
    if sweep:
        axes.set_ylim(np.min(result[sweep]), None)
    else:
        axes.set_yticks([])
    axes.legend()
    axes.set_title(_given(result, hide=(along,)))
    return figure


def branches(result):
    """Order parameter along every branch, by stability (Fig. 7 of the paper); with a slow key, one line in depth for each value."""
    along = "eV" if "eV" in result else "h"
    slow = next((key for key in tomllib.loads(result.input)["sweep"] if key != along), None)
    figure = style.figure(6.8, 4.6) if slow is None else style.figure(8.4, 6.2)
    axes = figure.add_subplot() if slow is None else figure.add_subplot(projection="3d")
    x, delta, code, number = (
        np.asarray(result[name]) for name in (along, "delta", "stability_code", "branch")
    )
    depth = np.asarray(result[slow]) if slow else np.zeros(len(x))
    seen = set()
    for piece in _pieces(depth, number, code):
        name, dashes, colour = STABILITY[int(code[piece[0]])]
        label = name if name not in seen else None
        seen.add(name)
        where = (x[piece], delta[piece]) if slow is None else (x[piece], depth[piece], delta[piece])
        axes.plot(*where, dashes, color=colour, label=label)
    axes.set_xlabel(LABELS[along])
    if slow is None:
        axes.set(ylabel=r"order parameter $\Delta/t_\parallel$", xlim=(0, None), ylim=(0, None))
        _mark_edges(axes, result, along)
    else:
        _floor(axes, result, along, slow)
        axes.set_ylabel(LABELS[slow], labelpad=9)
        axes.set_zlabel(r"$\Delta/t_\parallel$", labelpad=4)
        axes.set_box_aspect(None, zoom=0.88)
        axes.set_zlim(bottom=0)
        axes.view_init(28, -62)
    axes.legend(loc="upper center" if slow is None else "upper right")
    axes.set_title(_given(result, hide=(along,)))
    return figure


def _pieces(depth, number, code):
    """Runs of points of one row, one branch and one stability."""
    change = (
        np.flatnonzero((np.diff(depth) != 0) | (np.diff(number) != 0) | (np.diff(code) != 0)) + 1
    )
    return [piece for piece in np.split(np.arange(len(code)), change) if len(piece) > 1]


def _mark_edges(axes, result, along):
    """Vertical lines where the stable branches end at folds."""
    for end, side in (("min", r"\min"), ("max", r"\max")):
        x = result.summary.get(f"{along}_{end}")
        if x is not None and any(abs(x - f) < 1e-6 for f in result.summary["folds"]):
            axes.axvline(x, color="0.6", lw=1, ls="-.", zorder=0)
            name = "V" if along == "eV" else "h"
            axes.annotate(
                rf"${name}_{{{side}}}$",
                (x, 0.02),
                xycoords=("data", "axes fraction"),
                xytext=(3, 0),
                textcoords="offset points",
            )


def _floor(axes, result, along, slow):
    """V_min and V_max in the plane of the two parameters."""
    at = np.unique(np.asarray(result[slow]))
    for end in ("min", "max"):
        values = result.summary[f"{along}_{end}"]
        pairs = [(v, t) for v, t in zip(values, at) if v is not None]
        if pairs:
            axes.plot(*np.array(pairs).T, zs=0, zdir="z", color="0.4", ls="-.", lw=1.2)


def iv(result):
    """Current and differential conductance per site along every branch of uniform states, and of the normal state."""
    figure = style.figure(6.8, 6.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.plot(
        result.eV, 1e3 * np.asarray(result.I_normal), color="0.5", lw=1.4, label="normal state"
    )
    lower.plot(result.eV, 1e3 * np.asarray(result.dI_dV_normal), color="0.5", lw=1.4)
    x, code, number = (
        np.asarray(result[name]) for name in ("branch_eV", "branch_stability_code", "branch")
    )
    seen = set()
    for piece in _pieces(np.zeros(len(x)), number, code):
        name, dashes, colour = STABILITY[int(code[piece[0]])]
        upper.plot(
            x[piece],
            1e3 * np.asarray(result.branch_I)[piece],
            dashes,
            color=colour,
            label=name if name not in seen else None,
        )
        lower.plot(x[piece], 1e3 * np.asarray(result.branch_dI_dV)[piece], dashes, color=colour)
        seen.add(name)
    usual = 1e3 * np.nanmax(np.abs(result.dI_dV_normal))
    lower.set_ylim(-0.6 * usual, 2.2 * usual)  # it diverges at folds
    lower.axhline(0, color="0.8", lw=0.8, zorder=0)
    upper.set_ylabel(r"$I\;(10^{-3}\,t_\parallel$/site)")
    lower.set(
        ylabel=r"$dI/d(eV)\;(10^{-3}$/site)",
        xlabel=LABELS["eV"],
        xlim=(result.eV[0], result.eV[-1]),
    )
    upper.legend()
    upper.set_title(_given(result))
    return figure
