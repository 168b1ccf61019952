"""Words and colours that several figures of the nsn-junction share; curves joined from tables."""

from __future__ import annotations

import numpy as np

from ....figures import style

STABILITY = {
    1: ("stable", "-", style.STABLE),
    0: ("unstable", "--", style.UNSTABLE),
    2: ("metastable", ":", style.METASTABLE),
    3: ("unknown", "-.", "0.5"),
}  # code: word, dashes, colour
AXES = {
    "eV": r"bias $eV/t_\parallel$",
    "h": r"Zeeman field $h/t_\parallel$",
    "T": r"temperature $T/t_\parallel$",
    "gamma": r"coupling $\gamma/t_\parallel$",
    "U": r"attraction $U/t_\parallel$",
}


def joined(
    a: np.ndarray, table: np.ndarray, reach: float, least: int = 2
) -> list[tuple[list, list]]:
    """Curves [(a, value)] of at least so many points through a (rows, n) table with nan.

    Each value goes on at the nearest of the next row, if within reach.
    """
    curves: list[tuple[list, list]] = []
    open_ends: list[tuple[list, list]] = []
    for x, row in zip(a, table):
        left = sorted(row[~np.isnan(row)])

        def distance(curve: tuple[list, list], left: list = left) -> float:
            return min((abs(v - curve[1][-1]) for v in left), default=np.inf)

        still_open = []
        for curve in sorted(open_ends, key=distance):
            nearest = min(left, key=lambda v, end=curve[1][-1]: abs(v - end), default=None)
            if nearest is not None and abs(nearest - curve[1][-1]) <= reach:
                curve[0].append(x)
                curve[1].append(nearest)
                left.remove(nearest)
                still_open.append(curve)
        for value in left:
            curves.append(([x], [value]))
            still_open.append(curves[-1])
        open_ends = still_open
    return [curve for curve in curves if len(curve[0]) >= least]


END_MARKS = (
    ("tricritical", "tricritical point", {"marker": "o", "color": "0.1"}),
    ("lifshitz", "Lifshitz point", {"marker": "D", "color": "0.1", "mfc": "w"}),
)


def ended(
    curves: list[tuple[list, list]], ends: list[list[float]], slow: np.ndarray, reach: float
) -> list[tuple[list, list]]:
    """The curves of `joined` (least = 1), each led on to the points [value, a, ...] at its ends.

    A point belongs to the nearest end of a curve within ``reach`` and one row of ``slow``.
    """
    row = float(np.max(np.diff(slow))) if len(slow) > 1 else 0.0
    for value, a, *_ in ends:
        for at, values in curves:
            for side, place in ((0, 0), (-1, len(at))):
                beyond = (a - at[side]) * (1 if side else -1) >= 0
                near = abs(a - at[side]) <= row and abs(value - values[side]) <= reach
                if beyond and near:
                    at.insert(place, a)
                    values.insert(place, value)
                    break
    return [curve for curve in curves if len(curve[0]) > 1]


def pieces(depth: np.ndarray, number: np.ndarray, code: np.ndarray) -> list[np.ndarray]:
    """Runs of points, as indices, of one row, one branch and one stability."""
    changes = (np.diff(depth) != 0) | (np.diff(number) != 0) | (np.diff(code) != 0)
    parts = np.split(np.arange(len(code)), np.flatnonzero(changes) + 1)
    return [part for part in parts if len(part) > 1]
