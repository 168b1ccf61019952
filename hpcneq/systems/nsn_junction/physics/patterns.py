"""Starts for the order parameter: seeds of patterns, which of them to try, random noise, what a state is called."""

from __future__ import annotations

import numpy as np

NORMAL_BELOW = 1e-2  # largest |Delta| (units of the hopping) of a state called normal


def cosine(lattice, n, amplitude):
    """amplitude cos(2 pi n x / Lx) on the independent sites: an FFLO seed, even about x = 0."""
    x = np.unique(lattice.expand)
    return amplitude * np.cos(2 * np.pi * n * x / lattice.Lx)


def centre(delta, n):
    """The pattern turned and shifted so that its n-th harmonic is a real cosine about x = 0.

    Of a state that SNES found somewhere along its zero modes, this is the copy that sits on the lattice's
    mirror axis, where a pattern pinned by the lattice has an exact root; made even to the last bit, which
    Newton's method keeps.
    """
    L = len(delta)
    harmonics = np.fft.fft(delta)
    k = np.rint(np.fft.fftfreq(L) * L)
    a, b = np.angle(harmonics[n]), np.angle(harmonics[-n])
    turned = harmonics * np.exp(-0.5j * (a + b)) * np.exp(-0.5j * (a - b) * k / n)
    moved = np.fft.ifft(turned)
    return 0.5 * (moved + np.roll(moved[::-1], 1))


def noise(lattice, sigma, seed):
    """Complex Gaussian noise with <|noise|^2> = sigma^2 on each independent site, Philox keyed by (seed, site)."""
    return site_noise(len(np.unique(lattice.expand)), sigma, seed)


def site_noise(count, sigma, seed):
    """The same for ``count`` sites."""
    pairs = [
        np.random.Generator(np.random.Philox(key=[seed, site])).normal(size=2)
        for site in range(count)
    ]
    return sigma / np.sqrt(2) * np.array([a + 1j * b for a, b in pairs])


def harmonics(delta):
    """|Delta_n| for n = 0 .. Lx // 2, the larger of +n and -n: (Lx // 2 + 1,), in units of the hopping."""
    size = np.abs(np.fft.fft(delta)) / len(delta)
    half = len(delta) // 2 + 1
    mirrored = np.concatenate([size[:1], size[:0:-1]])
    return np.maximum(size, mirrored)[:half]


def describe(delta):
    """Headline numbers of an order parameter (Lx,): largest and rms modulus, dominant wave number, name."""
    largest = float(np.abs(delta).max())
    n = int(np.argmax(harmonics(delta)))
    name = "normal" if largest < NORMAL_BELOW else "bcs" if n == 0 else "fflo"
    return {
        "delta_max": largest,
        "delta_rms": float(np.sqrt(np.mean(np.abs(delta) ** 2))),
        "wave_number": n,
        "state": name,
    }


def pair_susceptibility(junction, eV, n):
    """U C(Q = 2 pi n / Lx) of the normal state on this lattice, Kawamura & Ohashi 2025, Eq. (53); > 1: unstable.

    From the linearised gap equation itself, so that it belongs to the fitted leads and the finite lattice.
    """
    from .stripe_states import GapProblem

    problem = GapProblem(junction, eV, real=True)
    zero = np.zeros(len(junction.lattice.count))
    seed = cosine(junction.lattice, n, 1.0)
    answer = problem.tangent_partials(problem.prepare(zero, range(problem.items)), seed).sum(0)
    weight = junction.lattice.count
    return float((weight * seed) @ answer / ((weight * seed) @ seed))
