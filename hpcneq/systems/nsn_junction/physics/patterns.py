"""Patterns of the order parameter: seeds, random noise, harmonics, and what a pattern is called.

Along x only (Lx,), or over sites (Lx, Ly). Energies in units of the hopping.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from . import hartree
from .grids import finite
from .junction import Junction, Lattice
from .operating_point import Point
from .stripe_states import GapProblem

NORMAL_BELOW = 1e-2  # largest |Delta| of a state called normal
DOMINANT = 0.8  # share of the weight |Delta_q|^2 that names a pattern
CROSSED = 0.25  # smallest ratio of the two waves of a crossed pattern


# ---- along x -----------------------------------------------------------------------------------


def cosine(lattice: Lattice, n: int, amplitude: float) -> np.ndarray:
    """amplitude cos(2 pi n x / Lx) on the independent sites: an FFLO seed, even about x = 0."""
    x = np.unique(lattice.expand)
    return amplitude * np.cos(2 * np.pi * n * x / lattice.Lx)


def centre(delta: np.ndarray, n: int) -> np.ndarray:
    """The pattern (Lx,) turned and shifted so that its n-th harmonic is a real cosine about x = 0.

    Of a state that SNES found somewhere along its zero modes, this is the copy that sits on the
    lattice's mirror axis, where a pattern pinned by the lattice has an exact root; made even to the
    last bit, which Newton's method keeps.
    """
    L = len(delta)
    waves = np.fft.fft(delta)
    k = np.rint(np.fft.fftfreq(L) * L)
    a, b = np.angle(waves[n]), np.angle(waves[-n])
    turned = waves * np.exp(-0.5j * (a + b)) * np.exp(-0.5j * (a - b) * k / n)
    moved = np.fft.ifft(turned)
    return 0.5 * (moved + np.roll(moved[::-1], 1))


def noise(lattice: Lattice, sigma: float, seed: int) -> np.ndarray:
    """Complex Gaussian noise on each independent site, see `site_noise`."""
    return site_noise(len(np.unique(lattice.expand)), sigma, seed)


def site_noise(count: int, sigma: float, seed: int) -> np.ndarray:
    """Complex Gaussian noise, <|noise|^2> = sigma^2, (count,), Philox keyed by (seed, site)."""
    pairs = [
        np.random.Generator(np.random.Philox(key=[seed, site])).normal(size=2)
        for site in range(count)
    ]
    return sigma / np.sqrt(2) * np.array([a + 1j * b for a, b in pairs])


def harmonics(delta: np.ndarray) -> np.ndarray:
    """|Delta_n| of a pattern (Lx,) for n = 0 .. Lx // 2, the larger of +n and -n."""
    size = np.abs(np.fft.fft(delta)) / len(delta)
    half = len(delta) // 2 + 1
    opposite = np.concatenate([size[:1], size[:0:-1]])
    return np.maximum(size, opposite)[:half]


def describe_stripes(delta: np.ndarray) -> dict:
    """Largest and rms modulus, dominant wave number and name of a pattern (Lx,)."""
    largest = float(np.abs(delta).max())
    n = int(np.argmax(harmonics(delta)))
    if largest < NORMAL_BELOW:
        name = "normal"
    else:
        name = "bcs" if n == 0 else "fflo"
    return {
        "delta_max": largest,
        "delta_rms": float(np.sqrt(np.mean(np.abs(delta) ** 2))),
        "wave_number": n,
        "state": name,
    }


def pair_susceptibilities(junction: Junction, eV: float, waves: Iterable[int]) -> list[float]:
    """U C(Q = 2 pi n / Lx) of the normal state on this lattice, for each n; > 1: unstable.

    Kawamura & Ohashi 2025, Eq. (53), from the linearised gap equation itself, so that it belongs to
    the fitted leads and the finite lattice.
    """
    problem = GapProblem(junction, eV, real=True)
    weight = junction.lattice.count
    size = len(weight)
    normal = problem.prepare(normal_field(junction, eV), range(problem.items))
    change, strength = np.zeros(len(problem.flat(np.zeros(size)))), []
    for n in waves:
        change[:size] = seed = cosine(junction.lattice, n, 1.0)
        answer = problem.tangent_partials(normal, change).sum(0)[:size]
        strength.append(float((weight * seed) @ answer / ((weight * seed) @ seed)))
    return strength


def normal_field(junction: Junction, eV: float) -> np.ndarray:
    """The mean field of the normal state, real.

    Its Hartree shifts are those of the leads themselves, or without for leads that do not mirror
    each other.
    """
    field = junction.field(np.zeros(len(junction.lattice.count)))
    if junction.hartree and junction.at_rest(eV):
        point = Point(
            junction.U, junction.mu, h=junction.h, eV=eV, leads=junction.leads, hartree=True
        )
        lattice = junction.lattice
        excess, m = hartree.densities(np.zeros(1), point, finite(lattice.Lx, lattice.Ly))[:, 0]
        size = len(lattice.count)
        field[size : 2 * size] = junction.U * (0.5 - 0.5 * (excess - m))
        field[2 * size :] = junction.U * (0.5 + 0.5 * (excess + m))
    return field


# ---- over sites --------------------------------------------------------------------------------


def site_seed(Lx: int, Ly: int, state: str, n: int | None, amplitude: float) -> np.ndarray:
    """(Lx, Ly) start of a search.

    state : "bcs", uniform; "fflo", amplitude cos(2 pi n x/Lx); "crossed", 0.7 of that plus the same
    along y.
    """
    x, y = np.arange(Lx)[:, None], np.arange(Ly)
    if state == "bcs":
        return np.full((Lx, Ly), float(amplitude))
    along_x = np.cos(2 * np.pi * n * x / Lx) + 0.0 * y
    if state == "fflo":
        return amplitude * along_x
    return 0.7 * amplitude * (along_x + np.cos(2 * np.pi * max(1, round(n * Ly / Lx)) * y / Ly))


def structure(delta: np.ndarray) -> np.ndarray:
    """|Delta_q|^2 of a pattern (Lx, Ly), summed over the signs of q_x and q_y.

    (Lx // 2 + 1, Ly // 2 + 1); adds up to the mean of |Delta|^2.
    """
    weight = np.abs(np.fft.fft2(delta) / delta.size) ** 2
    for axis, L in enumerate(delta.shape):
        weight = np.moveaxis(weight, axis, 0)
        half = weight[: L // 2 + 1].copy()
        if L > 2:
            half[1 : (L + 1) // 2] += weight[: -((L - 1) // 2) - 1 : -1]
        weight = np.moveaxis(half, 0, axis)
    return weight


def describe_sites(delta: np.ndarray) -> dict:
    """Largest and rms modulus, dominant wave numbers and name of a pattern (Lx, Ly).

    bcs and fflo hold four fifths of the weight |Delta_q|^2 at q = 0 or at one q along an axis and
    its partner; crossed has them along x and y; anything else is mixed. ``stripe_fraction`` is the
    part of the weight that does not depend on y.
    """
    largest, weight = float(np.abs(delta).max()), structure(delta)
    nx, ny = (int(k) for k in np.unravel_index(np.argmax(weight), weight.shape))
    total = max(float(weight.sum()), 1e-300)
    name = "normal" if largest < NORMAL_BELOW else _name(weight, total, nx, ny)
    return {
        "delta_max": largest,
        "delta_rms": float(np.sqrt(np.mean(np.abs(delta) ** 2))),
        "wave_number": nx,
        "wave_number_y": ny,
        "stripe_fraction": float(weight[:, 0].sum() / total),
        "state": name,
    }


def _name(weight: np.ndarray, total: float, nx: int, ny: int) -> str:
    """What a condensate with this structure, largest at (nx, ny), is called."""
    if weight[nx, ny] / total > DOMINANT and (nx == 0 or ny == 0):
        return "bcs" if nx == ny == 0 else "fflo"
    along = weight[1:, 0].max(initial=0.0), weight[0, 1:].max(initial=0.0)
    if sum(along) / total > DOMINANT and min(along) > CROSSED * max(along):
        return "crossed"
    return "mixed"
