"""Where steady states appear, merge and end along dmu: each edge with the equations it solves.

Kawamura, Hanai and Ohashi (2022), Table I and Fig. 2(a); the paper's numbers are 1% low.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import gap_and_current, state_curves
from .gap_and_current import Gas
from .state_curves import Curves

NBCS, NIG, NFF, NFF_PRIME = (1 << bit for bit in range(4))  # in a mask of states


@dataclass(frozen=True)
class Edge:
    """dmu, Delta and Q of an edge, and the kind of equations it solves."""

    kind: str
    dmu: float
    delta: float = 0.0
    Q: float = 0.0


def seeds(gas: Gas, known: Curves) -> dict[str, Edge]:
    """{name: Edge} : the edges of a gas's Curves, as exact as the curves are.

    Names that do not occur are left out. "nig_onset", "nbcs_end": of the states with Q = 0;
    "nff_fold", "nff_end", "nffp_end": of those with Q > 0; "normal_end": of the normal gas.
    """
    base, turned = known.uniform, known.twisted
    if base is None:
        return {}
    onset = Edge("onset", base.dmu[0])
    edges = {}
    if gas.baths.blur == 0:
        edges["nig_onset"] = onset
        edges["nbcs_end"] = Edge("sharp", base.D[-1], base.D[-1])
    elif base.folds:
        D = base.folds[-1]
        edges["nig_onset"] = onset
        edges["nbcs_end"] = Edge("fold", base.at(D)[1], D)
    else:
        edges["nbcs_end"] = onset
    if turned is None:
        return edges | {"normal_end": onset}
    starts = turned.D[0] == 0 and turned.Q[0] > 0
    edges["normal_end"] = onset
    if starts:
        edges["normal_end"] = Edge("pairing", turned.dmu[0], 0.0, turned.Q[0])
    if turned.folds:
        D = turned.folds[0]
        edges["nff_fold"] = Edge("twisted fold", turned.at(D)[1], D, turned.at(D)[0])
        if starts:
            edges["nff_end"] = edges["normal_end"]
    if turned.Q[-1] == 0:
        kind = "sharp" if gas.baths.blur == 0 else "join"
        edges["nffp_end"] = Edge(kind, turned.dmu[-1], turned.D[-1])
    return edges


def equations(gas: Gas, edge: Edge) -> tuple[Callable, list[float]]:
    """(function, start) : what is zero at an edge, as a function of its unknowns, and their seeds.

    Unknowns are dmu and those of Delta and Q that are not 0; at the sharp end of levels without
    width Delta alone.
    """
    held = gas.at(edge.dmu).held(edge.delta, edge.Q)

    def onset(x):
        return [gap_and_current.gap(held.at(x[0]), 0.0, 0.0)]

    def sharp(x):
        return [gap_and_current.gap(held.at(0.0), x[0], 0.0)]

    def pairing(x):
        gas = held.at(x[0])
        slope = gap_and_current.slopes(gas, 0.0, x[1])[1] / x[1]
        return [gap_and_current.gap(gas, 0.0, x[1]), slope]

    def fold(x):
        gas = held.at(x[0])
        return [gap_and_current.gap(gas, x[1], 0.0), gap_and_current.slopes(gas, x[1], 0.0)[0]]

    def join(x):
        gas = held.at(x[0])
        return [gap_and_current.gap(gas, x[1], 0.0), gap_and_current.stiffness(gas, x[1], 0.0)]

    def twisted_fold(x):
        gas, D, Q = held.at(x[0]), x[1], x[2]
        return [*state_curves.equations(gas, D, Q), determinant(gas, D, Q)]

    return {
        "onset": (onset, [edge.dmu]),
        "sharp": (sharp, [edge.delta]),
        "pairing": (pairing, [edge.dmu, edge.Q]),
        "fold": (fold, [edge.dmu, edge.delta]),
        "join": (join, [edge.dmu, edge.delta]),
        "twisted fold": (twisted_fold, [edge.dmu, edge.delta, edge.Q]),
    }[edge.kind]


def determinant(gas: Gas, D: float, Q: float) -> float:
    """d(g, J)/d(D, Q): 0 where two states with Q > 0 meet; dJ/dD = -2 D dg/dQ."""
    g_D, g_Q = gap_and_current.slopes(gas, D, Q)
    J_D = -2 * D * gap_and_current.slopes(gas.uncut, D, Q)[1]
    return g_D * gap_and_current.current_slope(gas, D, Q) - g_Q * J_D


def polished(edge: Edge, x: np.ndarray) -> Edge:
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


def names_at(gas: Gas, edges: dict[str, Edge], known: Curves) -> int:
    """Bit mask of the states at the gas's dmu from its edges: 1 NBCS, 2 NIG, 4 NFF, 8 NFF'."""
    dmu, top = gas.baths.dmu, {name: edge.dmu for name, edge in edges.items()}
    mask = 0
    if dmu < top.get("nbcs_end", 0.0):
        mask |= NBCS
        if top.get("nig_onset", np.inf) < dmu:
            mask |= NIG
    fold = top.get("nff_fold", None)
    if fold is not None and dmu > fold:
        if dmu < top.get("nff_end", 0.0):
            mask |= NFF
        if dmu < top.get("nffp_end", 0.0):
            mask |= NFF_PRIME
    if fold is None and known.twisted is not None:
        first, last = known.twisted.dmu[0], known.twisted.dmu[-1]
        low, high = sorted((first, last))
        if low < dmu < high:
            mask |= NFF_PRIME if last > first else NFF
    return mask
