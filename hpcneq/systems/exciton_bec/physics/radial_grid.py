"""Radial momentum sums with breakpoints graded down to the width of every feature."""

from __future__ import annotations

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
RATIO = 2.0  # of neighbouring panels


def features(D, mu, mt, g):
    """[(momentum, width)] of what is narrow in p: the Fermi edge of the pairs (E least), and E(p) = |mt|, where levels meet the bath's edge.

    A level's width g covers g/v in p with v = dE/dp; where v vanishes, sqrt of the curvature.
    """
    found = [(np.sqrt(max(mu, 0.0)), max(np.hypot(D, g), 1e-9))]
    if abs(mt) > D:
        xi = np.sqrt(mt**2 - D**2)
        found += [
            (np.sqrt(mu + s * xi), max(g * min(1.0, 0.3 + xi / abs(mt)), 1e-9))
            for s in (1, -1)
            if mu + s * xi > 0
        ]
    elif abs(abs(mt) - D) < 10 * g:
        found.append((np.sqrt(max(mu, 0.0)), g))
    return [(p, width / (2 * p) if p**2 > width else np.sqrt(width)) for p, width in found]


def grid(D, mu, mt, g, p_c, fine=1):
    """(p, weight) : nodes of int_0^p_c dp, (n,) each. ``fine`` multiplies the panels.

    From each feature outward panels double in length; far out the momentum itself is the scale.
    """
    cuts = [0.0, p_c]
    for p, width in features(D, mu, mt, g):
        if p >= p_c:
            continue
        steps = (
            0.5 * width * RATIO ** np.arange(0, max(1, int(np.ceil(np.log2(2 * p_c / width))) + 1))
        )
        cuts += [p, *(p + steps), *(p - steps)]
    cuts = np.unique(np.clip(cuts, 0.0, p_c))
    cuts = cuts[np.concatenate([[True], np.diff(cuts) > 1e-13 * p_c])]
    if fine > 1:
        cuts = np.unique(
            np.concatenate(
                [cuts[:-1] + (cuts[1:] - cuts[:-1]) * k / fine for k in range(fine)] + [cuts[-1:]]
            )
        )
    half = 0.5 * np.diff(cuts)
    return ((cuts[:-1] + half)[:, None] + half[:, None] * NODES).ravel(), (
        half[:, None] * WEIGHTS
    ).ravel()
