"""One line through the junction's phase diagram: its boundaries along one parameter, and the region at each point.

Kawamura and Ohashi (2025), Figs. 3, 5(a), 8. The boundaries are solved for; between two of them the region is asked for
at a few points only, and everywhere if those differ (a first-order line, which no onset shows).
"""

from __future__ import annotations

import numpy as np

from . import onsets

REGIONS = ("normal", "bcs", "fflo", "bistable-with-fflo", "bistable-with-normal")
SPACING = {"eV": 0.04, "h": 0.02, "T": 0.01}  # of the scans for boundaries


def line(point, grid, along, values):
    """Boundaries and regions along one parameter ("eV" | "h" | "T") through ``point``.

    values : (n,) ascending. Returns {"regions": (n,) indices into ``REGIONS``, "bcs_onset", "fflo_onset", "fflo_Q", "fold",
    "fold_delta", "h_cc": lists}; ``h_cc`` (the Chandrasekhar-Clogston field) for along = "h" at eV = 0 only. An FFLO onset has Q > 0.
    """
    count = int(np.ceil((values[-1] - values[0]) / SPACING[along])) + 1
    scanned = np.linspace(values[0], values[-1], count) if len(values) > 1 else np.asarray(values)
    bcs = onsets.bcs_onsets(point, grid, scanned, along)
    fflo = [(x, Q) for x, Q in zip(*onsets.fflo_onsets(point, grid, scanned, along)) if Q > 1e-6]
    folds, deltas = onsets.folds(point, grid, scanned, along)
    found = {
        "bcs_onset": list(map(float, bcs)),
        "fflo_onset": [float(x) for x, _ in fflo],
        "fflo_Q": [float(Q) for _, Q in fflo],
        "fold": list(map(float, folds)),
        "fold_delta": list(map(float, deltas)),
        "h_cc": [],
    }
    if along == "h" and point.eV == 0:
        limit = onsets.clogston_limit(point, grid)
        found["h_cc"] = [limit] if values[0] <= limit <= values[-1] else []
    edges = sorted(found["bcs_onset"] + found["fflo_onset"] + found["fold"] + found["h_cc"])
    return {"regions": regions(point, grid, along, values, edges), **found}


def regions(point, grid, along, values, edges):
    """Region of each value, (n,) int64; ``edges`` are values where it may change."""
    code = np.full(len(values), -1, np.int64)

    def at(i):
        if code[i] < 0:
            code[i] = REGIONS.index(onsets.region(point.at(**{along: float(values[i])}), grid))
        return code[i]

    def fill(i, j):
        if at(i) == at(j) and at((i + j) // 2) == at(i):
            code[i : j + 1] = code[i]
        elif j - i > 1:
            fill(i, (i + j) // 2)
            fill((i + j) // 2, j)

    starts = np.concatenate([[0], np.searchsorted(values, edges), [len(values)]])
    for i, j in zip(starts, starts[1:]):
        if j > i:
            fill(i, j - 1)
    return code
