"""M(q, w) of the electron-hole condensate: elements per second against adaptive quadrature of the same integral at the same error.

    python tools/bench.d/exciton.py

The plain way integrates over k, cos and frequency: scipy's quad over frequency at each pair of momenta, on a regular grid of pairs
that is made finer until it meets the error. It is timed at some pairs and multiplied by how many it needs.
"""
import time

import numpy as np
from scipy.integrate import quad

from hpcneq.systems.exciton_bec import hydrodynamics, response, states

T = (np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]))


def main():
    state = states.solve(states.Drive(inv=-1.0, ratio=0.02101))
    q, w = 0.0149, np.array([5e-4j])
    response.matrices(state, q, w)
    for fine in (0.5, 1.0):
        begun = time.perf_counter()
        for _ in range(5):
            response.matrices(state, q, w, fine=fine)
        spent = (time.perf_counter() - begun) / 5
        error = np.abs(response.matrices(state, q, w, fine=fine) - response.matrices(state, q, w, fine=1.7)).max()
        print(f"panels {fine:g}: M in {1e3 * spent:.0f} ms, {4 / spent:.0f} elements/s, error {error:.0e}")
        plain(state, q, w[0], spent, error)


def plain(state, q, w, spent, error):
    """Print the ratio to adaptive quadrature in frequency on as many pairs as a regular rule needs for this error."""
    rate = frequency_integrals(state, q, w)
    pairs = regular(state, q, w, max(error, 1e-6))
    print(f"    adaptive quadrature over frequency: {1e3 * rate:.0f} ms a pair of momenta; a regular rule in (p, cos) needs {pairs} pairs for "
          f"{max(error, 1e-6):.0e}: {rate * pairs:.0f} s, {rate * pairs / spent:.0f} times as long")


def frequency_integrals(state, q, w, pairs=4):
    """Seconds for the four elements at one pair by quad in frequency."""
    def green(v, k):
        return np.linalg.inv((v + 1j * state.g) * np.eye(2) - (k**2 - state.mu) * np.diag([1, -1]) + state.delta * T[0])

    def keldysh(v, k):
        G = green(v, k)
        return G @ (-2j * np.diag([state.gb * np.sign(v - state.mt) + state.gv, state.gb * np.sign(v + state.mt) - state.gv])) @ G.conj().T

    def integrand(v, i, j, part, k):
        value = np.trace(T[i] @ green(v + w, k) @ T[j] @ keldysh(v, k + q)) + np.trace(T[i] @ keldysh(v, k) @ T[j] @ green(v - np.conj(w), k + q).conj().T)
        return value.real if part == 0 else value.imag

    begun = time.perf_counter()
    for k in np.linspace(0.8, 1.1, pairs):
        E = [np.hypot(x**2 - state.mu, state.delta) for x in (k, k + q)]
        edges = sorted([*E, *(-x for x in E), state.mt, -state.mt])
        for i in (0, 1):
            for j in (0, 1):
                for part in (0, 1):
                    quad(integrand, -5, 5, args=(i, j, part, k), points=edges, limit=200, epsabs=1e-7, epsrel=1e-7)
    return (time.perf_counter() - begun) / pairs


def regular(state, q, w, error):
    """Pairs that Gauss rules in p and cos with bubbles in closed form need, from halving until M22 changes by less than error."""
    last = None
    for points in (200, 400, 800, 1600, 3200, 6400, 12800):
        x, share = np.polynomial.legendre.leggauss(32)
        edges = np.linspace(0.0, 3.0, points // 32 + 2)
        half = 0.5 * np.diff(edges)
        p = ((edges[:-1] + half)[:, None] + half[:, None] * x).ravel()
        weight = (half[:, None] * share).ravel() * p**2
        angles = 16
        c, part = np.polynomial.legendre.leggauss(angles)
        k, kk = (np.sqrt(np.maximum(np.add.outer(p**2 + 0.25 * q**2, np.zeros(angles)) + s * np.outer(p, c) * q, 0)).ravel() for s in (1, -1))
        Pi = hydrodynamics.bubbles(k, kk, w, state.delta, state.mu, state.mt, state.gb, state.gv)
        value = (np.outer(weight, part).ravel() @ Pi[0, 0]) / (4 * np.pi**2)
        if last is not None and abs(value - last) < error:
            return len(k)
        last = value
    return len(k)


main()
