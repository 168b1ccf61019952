"""Stationary states: without pairs, and with pairs whose phase turns at a constant rate.

Porta et al. 2019, Figs. 2 to 7. With pairs s_k ~ exp(i w t) at constant populations and coherence,
so that Delta turns with -w: the unknowns are the even fields at k >= 0 and w. The equations,
polynomials of second degree in them, leave the number of electrons and the phase of Delta free: the
number takes the place of one equation that follows from the others, and Delta is real. Without
pairs the number is conserved in every set of momenta that phonons connect (with steps of 6 and 2 of
the grid, even and odd ones keep apart): one electron for each momentum of the set, as in the filled
lower band.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from .collisions import Semiconductor


class Stationary:
    """Residual and Jacobian of a stationary state of a model with one V and one Omega.

    An unknown is [n11, n22, Re n21, Im n21] at k >= 0, (4 h,), and with pairs [Re s, Im s, w],
    (6 h + 1,).
    """

    def __init__(self, model: Semiconductor, pairs: bool):
        """pairs : whether there are any."""
        self.model, self.pairs = model, pairs
        n = len(model.bands.k)
        self.n, self.half = n, (n + 1) // 2
        self.size = (6 * self.half + 1) if pairs else 4 * self.half
        together = (model.M1 != 0) | (model.M2 != 0)
        folded = np.abs(np.arange(n) - n // 2)
        links = np.zeros((self.half, self.half), bool)
        np.logical_or.at(
            links, (folded[:, None] + 0 * folded, folded[None, :] + 0 * folded[:, None]), together
        )
        count, which = connected_components(links, directed=False)
        self.sets = (
            np.array([which == j for j in range(count)])
            if not pairs
            else np.ones((1, self.half), bool)
        )
        self.places = np.argmax(
            self.sets, axis=1
        )  # whose equation of n11 the number of the set takes
        self.shares = self.sets * np.where(np.arange(self.half) > 0, 2.0, 1.0)
        self.shares /= self.shares.sum(axis=1, keepdims=True)

    @property
    def moving(self) -> np.ndarray:
        """(size,): 1 where an equation is a rate of change, 0 where it is a constraint."""
        mask = np.ones(self.size)
        mask[self.places] = 0.0
        if self.pairs:
            mask[-1] = 0.0
        return mask

    def pack(
        self,
        n11: np.ndarray,
        n22: np.ndarray,
        n21: np.ndarray,
        s: np.ndarray | None = None,
        w: float = 0.0,
    ) -> np.ndarray:
        """The unknown of given fields, (n,) each; the pairs' phase is turned to a real Delta."""
        parts = [n11, n22, n21.real, n21.imag]
        if self.pairs:
            total = s @ self.model.bands.weight
            s = s * np.conj(total) / abs(total)
            parts += [s.real, s.imag]
        parts = [part[self.n // 2 :] for part in parts]
        if self.pairs:
            parts.append(np.array([w]))
        return np.concatenate(parts)

    def unpack(self, x: np.ndarray) -> tuple:
        """(n11, n22, n21, s, w) over all k, (..., n), of unknowns (..., size)."""

        def whole(j):
            part = x[..., j * self.half : (j + 1) * self.half]
            return np.concatenate([part[..., :0:-1], part], axis=-1)

        n21 = whole(2) + 1j * whole(3)
        if not self.pairs:
            return whole(0), whole(1), n21, np.zeros_like(n21), 0.0
        return whole(0), whole(1), n21, whole(4) + 1j * whole(5), x[..., -1]

    def residual(self, x: np.ndarray) -> np.ndarray:
        """(..., size): rates of change in the frame that turns with Delta.

        The number of electrons and the phase are among them.
        """
        n11, n22, n21, s, w = self.unpack(x)
        d11, d22, d21, ds = self.model.rhs(0.0, n11, n22, n21, s)
        keep = slice(self.n // 2, None)
        parts = [d[..., keep] for d in (d11, d22, d21.real, d21.imag)]
        parts[0] = parts[0].copy()
        parts[0][..., self.places] = (n11 + n22)[..., keep] @ self.shares.T - 1.0
        if self.pairs:
            ds = ds - 1j * np.asarray(w)[..., None] * s
            phase = (s @ self.model.bands.weight).imag[..., None]
            parts += [ds.real[..., keep], ds.imag[..., keep], phase]
        return np.concatenate(parts, axis=-1)

    def jacobian(self, x: np.ndarray, step: float = 0.5) -> np.ndarray:
        """(size, size), by central differences.

        They are exact for polynomials of second degree whatever the step.
        """
        moved = step * np.eye(self.size)
        return ((self.residual(x + moved) - self.residual(x - moved)) / (2 * step)).T
