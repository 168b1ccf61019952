"""Probes with an envelope in time: which vectors they look at, and their sums over two times.

    A(w, t) = Re int dt1 dt2 s(t1 - t) s(t2 - t) e^{iw(t1 - t2)} <k| rho(t1, t2) |k>,
    s(t) = (pi sigma^2)^{-1/4} exp(-t^2 / 2 sigma^2),

so that int dw/2pi A = int dt1 s(t1 - t)^2 n_k(t1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .nambu import Form

REACH = 5.0  # of sigma: where an envelope is cut off, 4e-6 of its height


@dataclass(frozen=True)
class Vectors:
    """What is looked at: K (M, p), to which item of the result each column belongs, and which are
    holes: of these the conjugate counts, and filled and empty change places.
    """

    columns: np.ndarray
    item: np.ndarray
    hole: np.ndarray
    weight: float

    @property
    def items(self) -> int:
        """Of the result."""
        return int(self.item.max()) + 1

    def summed(self, values: np.ndarray) -> np.ndarray:
        """Mean over spins: (..., items) from (..., p)."""
        total = np.zeros((*values.shape[:-1], self.items), values.dtype)
        np.add.at(total.reshape(-1, self.items).T, self.item, values.reshape(-1, len(self.item)).T)
        return total * self.weight

    def both(self, filled: np.ndarray, single: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(<c^+(t2) c(t1)>, {c(t1), c^+(t2)}) (..., p) from those of the Nambu components."""
        ours = np.where(self.hole, single.conj(), single)
        return np.where(self.hole, (single - filled).conj(), filled), ours


def plane_waves(form: Form, position: np.ndarray, waves: np.ndarray) -> Vectors:
    """Plane waves (items, d) over all orbitals, mean over spins."""
    phase = np.exp(1j * position @ waves.T) / np.sqrt(form.sites)
    return _of_sites(form, phase)


def sites(form: Form, chosen: np.ndarray) -> Vectors:
    """Single sites, mean over spins."""
    single = np.zeros((form.sites, len(chosen)), complex)
    single[chosen, np.arange(len(chosen))] = 1.0
    return _of_sites(form, single)


def _of_sites(form: Form, amplitude: np.ndarray) -> Vectors:
    """Of amplitudes (n, items)."""
    count = amplitude.shape[1]
    item = np.arange(count)
    if form.spin == "z":
        empty = np.zeros_like(amplitude)
        columns = np.block([[amplitude, empty], [empty, amplitude.conj()]])
        hole = np.repeat([False, True], count)
        return Vectors(columns, np.tile(item, 2), hole, 0.5)
    inner = form.inner
    columns = np.zeros((form.size, inner * count), complex)
    for spin in range(inner):
        columns[spin : form.electrons : inner, spin * count : (spin + 1) * count] = amplitude
    hole = np.zeros(inner * count, bool)
    return Vectors(columns, np.tile(item, inner), hole, 1.0 / inner)


class Envelopes:
    """Sums over t1 >= t2 of a grid of times with ``step``, for probes at ``times``.

    filled, single : (times, energies, items), the transforms of both functions. thermal :
    temperature of a tip, which broadens the second.
    """

    def __init__(
        self,
        times: np.ndarray,
        sigma: float,
        energies: np.ndarray,
        items: int,
        step: float,
        thermal: float = 0.0,
    ) -> None:
        self.times, self.sigma = times, sigma
        self.energies, self.step = energies, step
        self.thermal = thermal
        self.filled = np.zeros((len(times), len(energies), items))
        self.single = np.zeros_like(self.filled)
        self.occupation = np.zeros((len(times), items))

    def envelope(self, t: np.ndarray | float) -> np.ndarray:
        """s(t - times), (times, ...)."""
        x = (np.asarray(t)[None] - self.times.reshape(-1, *[1] * np.ndim(t))) / self.sigma
        s = np.exp(-0.5 * x**2) / (np.pi * self.sigma**2) ** 0.25
        return np.where(np.abs(x) <= REACH, s, 0.0)

    def add(self, t1: float, t2: np.ndarray, filled: np.ndarray, single: np.ndarray) -> None:
        """Terms of one t1 and several t2 <= t1, the functions (t2, items)."""
        late, early = self.envelope(t1), self.envelope(t2)
        twice = np.where(t2 < t1 - 1e-9 * self.step, 2.0, 1.0) * self.step**2
        x = np.pi * self.thermal * (t1 - t2)
        cold = np.where(x > 1e-9, x / np.sinh(np.minimum(np.maximum(x, 1e-9), 700.0)), 1.0)
        wave = np.exp(1j * np.multiply.outer(self.energies, t1 - t2)) * twice
        for m in np.flatnonzero(late):
            weights = wave * (late[m] * early[m])
            self.filled[m] += (weights @ filled).real
            self.single[m] += ((weights * cold) @ single).real

    def add_occupation(self, t: float, now: np.ndarray) -> None:
        """The terms n(t) (items,) of the sum rule."""
        self.occupation += self.step * np.multiply.outer(self.envelope(t) ** 2, now)


def whole_zone(vectors: np.ndarray, size: list[int]) -> np.ndarray:
    """All wave vectors (prod size, D) of a crystal of ``size`` cells along ``vectors`` (d, D)."""
    reciprocal = 2 * np.pi * np.linalg.pinv(vectors).T
    shares = [(np.arange(n) - n // 2) / n for n in size]
    grid = np.stack(np.meshgrid(*shares, indexing="ij"), axis=-1).reshape(-1, len(size))
    return np.asarray(grid @ reciprocal)


def along_path(corners: np.ndarray, points: int) -> np.ndarray:
    """Wave vectors from corner to corner, ``points`` steps a part."""
    part = np.arange(points)[:, None] / points
    rows = [a + part * (b - a) for a, b in zip(corners, corners[1:])]
    return np.concatenate([*rows, corners[-1:]])
