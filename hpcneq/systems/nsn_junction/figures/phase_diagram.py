"""Figures of the nsn-junction's phase diagrams."""

from __future__ import annotations

import numpy as np

from ....figures import style

# region: words, colour; the colours of Kawamura and Ohashi's Fig. 3, chosen to differ in lightness as well
REGIONS = (
    ("normal", "#ffffff"),
    ("BCS", "#5b8fc9"),
    ("FFLO", "#f3dc6b"),
    ("FFLO or BCS", "#86c18a"),
    ("normal or BCS", "#d9795d"),
)
CURVES = {
    "bcs_onset": ("BCS onset", "-", "#12294d"),
    "fflo_onset": ("FFLO onset", "--", "#1d5c2e"),
    "fold": ("fold of the BCS branches", "-.", "#7a1f12"),
    "h_cc": ("Chandrasekhar-Clogston", ":", "0.15"),
}
LABELS = {
    "eV": r"bias $eV/t_\parallel$",
    "h": r"Zeeman field $h/t_\parallel$",
    "T": r"temperature $T_{\rm env}/t_\parallel$",
}
REACH = 0.12  # of the axis: points of neighbouring lines farther apart are not joined


def phase_diagram(result):
    """Regions in colour, boundaries as curves; temperature upwards, else the second sweep key upwards."""
    import tomllib

    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    slow, fast = list(tomllib.loads(result.input)["sweep"])
    upright = fast == "T" or (fast == "h" and slow == "eV")  # the fast axis upwards
    figure = style.figure(7.4, 4.6)
    axes = figure.add_subplot()
    code = np.asarray(result.region)
    a, b = np.asarray(result[slow]), np.asarray(result[fast])
    x, y, shown = (a, b, code.T) if upright else (b, a, code)
    axes.pcolormesh(
        x,
        y,
        shown,
        cmap=ListedColormap([colour for _, colour in REGIONS]),
        vmin=-0.5,
        vmax=len(REGIONS) - 0.5,
        shading="nearest",
        rasterized=True,
    )
    span = b[-1] - b[0]
    handles = [
        Patch(facecolor=REGIONS[k][1], edgecolor="0.6", label=REGIONS[k][0])
        for k in np.unique(code)
    ]
    for name, (words, dashes, colour) in CURVES.items():
        label = words
        for s, f in joined(a, np.asarray(result[name]), REACH * span):
            (line,) = axes.plot(
                *((s, f) if upright else (f, s)), dashes, color=colour, lw=1.7, label=label
            )
            if label:
                handles.append(line)
            label = None
    axes.set(
        xlabel=LABELS[slow if upright else fast],
        ylabel=LABELS[fast if upright else slow],
        xlim=(x[0], x[-1]),
        ylim=(y[0], y[-1]),
    )
    axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=10)
    given = tomllib.loads(result.input).get("parameters", {})
    fixed = ", ".join(
        f"${name}={given.get(name, default):g}$"
        for name, default in (("U", 3.0), ("h", 0.0), ("T", 0.02), ("eV", 0.0))
        if name not in (slow, fast)
    )
    axes.set_title(f"NSN junction, {fixed}" + rf", $\gamma={given.get('gamma', 0.01):g}$")
    for spine in axes.spines.values():
        spine.set_visible(True)
    return figure


def joined(a, table, reach):
    """Curves [(a, value)] through a (rows, n) table with nan: each value goes on at the nearest of the next row, if within reach."""
    curves, open_ends = [], []
    for x, row in zip(a, table):
        left = sorted(row[~np.isnan(row)])
        still = []
        for curve in sorted(
            open_ends, key=lambda c: min((abs(v - c[1][-1]) for v in left), default=np.inf)
        ):
            nearest = min(left, key=lambda v: abs(v - curve[1][-1]), default=None)
            if nearest is not None and abs(nearest - curve[1][-1]) <= reach:
                curve[0].append(x)
                curve[1].append(nearest)
                left.remove(nearest)
                still.append(curve)
        for value in left:
            curves.append(([x], [value]))
            still.append(curves[-1])
        open_ends = still
    return [curve for curve in curves if len(curve[0]) > 1]
