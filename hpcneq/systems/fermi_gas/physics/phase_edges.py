"""Where steady states appear, merge and end along dmu: each edge with the equations it is a root of.

Kawamura, Hanai and Ohashi (2022), Table I and Fig. 2(a); the paper's numbers are 1% low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import gap_and_current, state_curves


@dataclass(frozen=True)
class Edge:
    """dmu, Delta and Q of an edge, and the kind of equations it solves."""

    kind: str
    dmu: float
    delta: float = 0.0
    Q: float = 0.0


def seeds(gas, known):
    """{name: Edge} : the edges of a gas's Curves, as exact as the curves are; names that do not occur are left out."""
    base, turned = known.uniform, known.twisted
    if base is None:
        return {}
    found = {}
    if gas.baths.blur == 0:
        found["nig_onset"] = Edge("onset", base.dmu[0])
        found["nbcs_end"] = Edge("sharp", base.D[-1], base.D[-1])
    elif base.folds:
        D = base.folds[-1]
        found["nig_onset"] = Edge("onset", base.dmu[0])
        found["nbcs_end"] = Edge("fold", base.at(D)[1], D)
    else:
        found["nbcs_end"] = Edge("onset", base.dmu[0])
    if turned is None:
        found["normal_end"] = Edge("onset", base.dmu[0])
        return found
    starts = turned.D[0] == 0 and turned.Q[0] > 0
    found["normal_end"] = (
        Edge("pairing", turned.dmu[0], 0.0, turned.Q[0]) if starts else Edge("onset", base.dmu[0])
    )
    if turned.folds:
        D = turned.folds[0]
        found["nff_fold"] = Edge("twisted fold", turned.at(D)[1], D, turned.at(D)[0])
        if starts:
            found["nff_end"] = found["normal_end"]
    if turned.Q[-1] == 0:
        found["nffp_end"] = Edge(
            "sharp" if gas.baths.blur == 0 else "join", turned.dmu[-1], turned.D[-1]
        )
    return found


def equations(gas, edge):
    """(function, start) : what is zero at an edge, as a function of its unknowns, and their seeds."""
    held = gas.at(edge.dmu).held(edge.delta, edge.Q)
    g = gap_and_current.gap
    if edge.kind == "onset":
        return lambda x: [g(held.at(x[0]), 0.0, 0.0)], [edge.dmu]
    if edge.kind == "sharp":
        return lambda x: [g(held.at(0.0), x[0], 0.0)], [edge.delta]
    if edge.kind == "pairing":
        return lambda x: [
            g(held.at(x[0]), 0.0, x[1]),
            gap_and_current.slopes(held.at(x[0]), 0.0, x[1])[1] / x[1],
        ], [edge.dmu, edge.Q]
    if edge.kind == "fold":
        return lambda x: [
            g(held.at(x[0]), x[1], 0.0),
            gap_and_current.slopes(held.at(x[0]), x[1], 0.0)[0],
        ], [edge.dmu, edge.delta]
    if edge.kind == "join":
        return lambda x: [
            g(held.at(x[0]), x[1], 0.0),
            gap_and_current.stiffness(held.at(x[0]), x[1], 0.0),
        ], [edge.dmu, edge.delta]

    def twisted_fold(x):
        here, D, Q = held.at(x[0]), x[1], x[2]
        return [*state_curves.equations(here, D, Q), determinant(here, D, Q)]

    return twisted_fold, [edge.dmu, edge.delta, edge.Q]


def determinant(gas, D, Q):
    """d(g, J)/d(D, Q): 0 where two states with Q > 0 meet; dJ/dD = -2 D dg/dQ."""
    g_D, g_Q = gap_and_current.slopes(gas, D, Q)
    return g_D * gap_and_current.current_slope(gas, D, Q) + 2 * D * g_Q**2


def polished(edge, x):
    """The Edge at the root ``x`` of its equations."""
    if edge.kind == "sharp":
        return Edge("sharp", x[0], x[0])
    values = {
        "onset": (x[0], 0.0, 0.0),
        "pairing": (x[0], 0.0, x[-1]),
        "fold": (x[0], x[-1], 0.0),
        "join": (x[0], x[-1], 0.0),
    }
    return Edge(edge.kind, *(float(v) for v in values.get(edge.kind, x)))


def names_at(gas, found, known):
    """Bit mask of the states at the gas's dmu from its edges: 1 NBCS, 2 NIG, 4 NFF, 8 NFF'."""
    dmu, top = gas.baths.dmu, {name: edge.dmu for name, edge in found.items()}
    mask = 0
    if dmu < top.get("nbcs_end", 0.0):
        mask |= 1 | 2 * (top.get("nig_onset", np.inf) < dmu)
    fold = top.get("nff_fold", None)
    if fold is not None and dmu > fold:
        mask |= 4 * (dmu < top.get("nff_end", 0.0)) | 8 * (dmu < top.get("nffp_end", 0.0))
    if fold is None and known.twisted is not None:
        low, high = sorted((known.twisted.dmu[0], known.twisted.dmu[-1]))
        mask |= (8 if known.twisted.dmu[-1] > known.twisted.dmu[0] else 4) * (low < dmu < high)
    return int(mask)
