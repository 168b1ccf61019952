"""Figure of the task ``phase-diagram`` of the nsn-junction: regions and their boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....figures import regions, style
from .labels import AXES, END_MARKS, ended, joined

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

# region: words, colour; the colours of Kawamura and Ohashi's Fig. 3, chosen to differ in lightness
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
ENDS = {
    "bcs_onset": ("bcs_ends",),
    "fflo_onset": ("lifshitz", "fflo_ends"),
    "fold": ("tricritical", "fold_ends"),
    "h_cc": ("tricritical",),
}  # where a curve may end, by names in the summary
REACH = 0.2  # of the axis: points of neighbouring lines farther apart are not joined


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Regions in colour, boundaries as curves; temperature upwards, else the second swept key."""
    style.size(canvas, 7.4, 4.6)
    axes = canvas.add_subplot()
    slow, fast = result.sweep
    upright = fast == "T" or (fast == "h" and slow == "eV")  # the fast axis upwards
    across, up = (slow, fast) if upright else (fast, slow)
    lines = _lines(result, slow, fast)
    handles = _draw_regions(axes, result, lines, upright)
    handles += _draw_boundaries(axes, result, lines, upright)
    x, y = np.asarray(result[across]), np.asarray(result[up])
    axes.set(xlabel=AXES[across], ylabel=AXES[up], xlim=_span(x), ylim=_span(y))
    axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=10)
    for spine in axes.spines.values():
        spine.set_visible(True)


def _lines(result, slow: str, fast: str) -> list[regions.Line]:
    """The lines of the diagram, cut at the boundaries that were solved on them."""
    tables = [np.asarray(result[name]) for name in CURVES]
    solved = np.concatenate([table.reshape(len(result[slow]), -1) for table in tables], axis=1)
    values, codes = np.asarray(result[fast]), np.array(result.region)
    if fast == "eV" and len(values) > 1 and values[0] == 0:
        # at rest alone the state of least free energy counts: one line, no region
        apart = ~(solved < values[1]).any(axis=1)
        codes[apart, 0] = codes[apart, 1]
    return [regions.line(values, *row) for row in zip(codes, solved)]


def _draw_regions(axes, result, lines: list[regions.Line], upright: bool) -> list:
    """The plane of regions; a patch of each for the legend."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    slow, fast = (np.asarray(result[key]) for key in result.sweep)
    ends = [end for kinds in ENDS.values() for kind in kinds for end in _ends(result, kind)]
    code = regions.picture(lines, slow, ends, len(REGIONS))
    sides = (slow, fast) if upright else (fast, slow)
    axes.imshow(
        code.T if upright else code,
        extent=[end for values in sides for end in _span(values)],
        origin="lower",
        aspect="auto",
        cmap=ListedColormap([colour for _, colour in REGIONS]),
        vmin=-0.5,
        vmax=len(REGIONS) - 0.5,
        interpolation="nearest",
    )
    return [
        Patch(facecolor=REGIONS[k][1], edgecolor="0.6", label=REGIONS[k][0])
        for k in np.unique(code)
    ]


def _span(values: np.ndarray) -> tuple[float, float]:
    """The ends of an axis; around a single value."""
    if len(values) == 1:
        return values[0] - 0.5, values[0] + 0.5
    return values[0], values[-1]


def _ends(result, kind: str) -> list:
    """Points of the summary where lines end; none in results of other versions."""
    return list(result.summary.get(kind, ()))


def _draw_boundaries(axes, result, lines: list[regions.Line], upright: bool) -> list:
    """The boundaries, thin where they part no regions; a curve of each for the legend."""
    slow, fast = (np.asarray(result[key]) for key in result.sweep)
    reach = REACH * (fast[-1] - fast[0])
    edges = dict(zip(slow.tolist(), (line.edges for line in lines)))
    handles = []
    for name, (words, dashes, colour) in CURVES.items():
        ends = [end for kind in ENDS[name] for end in _ends(result, kind)]
        curves = ended(joined(slow, np.asarray(result[name]), reach, 1), ends, slow, reach)
        drawn = []
        for at, values in curves:
            for piece, parts in _by_what_it_parts(at, values, edges):
                columns = (piece[0], piece[1]) if upright else (piece[1], piece[0])
                look = {"lw": 1.7} if parts else {"lw": 0.9, "alpha": 0.7}
                drawn += axes.plot(*columns, dashes, color=colour, **look)
        for curve in sorted(drawn, key=lambda one: -one.get_linewidth())[:1]:
            curve.set_label(words)
            handles.append(curve)
    for name, words, look in END_MARKS:
        places = [(y, x) if upright else (x, y) for x, y, *_ in _ends(result, name)]
        if places:
            handles += axes.plot(*zip(*places), ls="", ms=5, label=words, zorder=4, **look)
    return handles


def _by_what_it_parts(at: list, values: list, edges: dict) -> list[tuple[tuple, bool]]:
    """Pieces ((places, values), whether it parts regions) of a curve.

    A point between two lines of the diagram, where the curve ends, goes with its neighbour.
    """
    near = [
        place in edges and bool(np.isclose(edges[place], value, rtol=1e-9, atol=1e-9).any())
        for place, value in zip(at, values)
    ]
    for k, neighbour in ((0, 1), (-1, -2)):
        if at[k] not in edges:
            near[k] = near[neighbour]
    pieces, begin = [], 0
    for k in range(1, len(at)):
        if k == len(at) - 1 or (near[k] != near[k - 1] and k - begin >= 1):
            pieces.append(((at[begin : k + 1], values[begin : k + 1]), near[k - 1] or near[k]))
            begin = k
    return pieces


# ---- protocols on the diagram -------------------------------------------------------------------


def draw_protocols(result: Result, others: list[Result], canvas: Figure | SubFigure) -> None:
    """The diagram with an arrow for each evolution, from its first bias to its last (Fig. 4(a)).

    others : results of ``evolve``. Raises InputError where the diagram is not over eV.
    """
    if "eV" not in result.sweep:
        raise InputError(f"{result.path}: protocols are drawn over eV, which it does not sweep")
    draw(result, canvas)
    axes = canvas.axes[0]
    (other,) = (key for key in result.sweep if key != "eV")
    upright = axes.get_xlabel() == AXES["eV"]
    high = axes.get_ylim()[1] if upright else axes.get_xlim()[1]
    for k, run in enumerate(others):
        eV = np.asarray(run.eV)
        begin = float(run.summary.get("eV_initial", eV[0]))
        place = float(run.parameters[other]) + 0.035 * k * high  # apart, if all have one T
        ends = [(begin, place), (float(eV[-1]), place)]
        if not upright:
            ends = [(y, x) for x, y in ends]
        look = {"arrowstyle": "-|>", "color": "0.05", "lw": 1.6, "mutation_scale": 13}
        axes.annotate("", xy=ends[1], xytext=ends[0], arrowprops=look, zorder=6)
        halo = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75}
        place = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
        words = rf"${begin:g}\to{eV[-1]:g}$"
        axes.annotate(words, max(ends), fontsize=8, bbox=halo, zorder=7, **place)
