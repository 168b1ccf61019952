"""Linear response: time of one M(q, z), the share of its digamma functions, a search for modes.

python tools/bench.d/modes.py
"""

import time

import numpy as np

from hpcneq.maths import fermi
from hpcneq.parallel import solo
from hpcneq.solvers import modes
from hpcneq.systems.nsn_junction.physics import onsets, uniform_states
from hpcneq.systems.nsn_junction.physics.response import UniformResponse


def best(function, repeat=5):
    """Shortest of several runs, s."""
    spent = []
    for k in range(repeat):
        begun = time.perf_counter()
        function(k)
        spent.append(time.perf_counter() - begun)
    return min(spent)


def main():
    energies = np.linspace(-4, 4, 4096) - 0.01j
    digamma = best(lambda k: fermi.retarded_fermi(energies, 0.02, 0.02)) / len(energies)
    print(f"complex digamma: {1e9 * digamma:.0f} ns")
    point = uniform_states.Point(h=0.58, T=0.02, eV=1.15)
    for name, grid, q in (
        ("51 x 11", uniform_states.finite(51, 11), 2 * np.pi / 51),
        ("501 x 101", uniform_states.finite(501, 101), 2 * np.pi / 501),
        ("infinite, q = 0", uniform_states.infinite(1e-4), 0.0),
        ("infinite, q = .3", uniform_states.infinite(1e-4), 0.3),
    ):
        state = UniformResponse(onsets.roots(point, grid)[-1], point, grid)
        state(q, 0.05j)
        spent = best(lambda k, state=state, q=q: state(q, 0.1 + (0.01 + 0.001 * k) * 1j))
        pairs = state._momenta(q)[0].size
        share = 8 * digamma * pairs / spent  # two leads at e'_i - z and at e_j + z
        print(
            f"{name:18s} {pairs:7d} pairs of momenta: M in {1e3 * spent:8.2f} ms, "
            f"{1e9 * spent / pairs:5.0f} ns a pair, "
            f"{100 * share:.0f}% of it digammas"
        )
    grid = uniform_states.finite(51, 11)
    state = UniformResponse(onsets.roots(point, grid)[-1], point, grid).at_root()
    begun = time.perf_counter()
    found = modes.spectrum(state, 2 * np.pi / 51, solo())
    print(
        f"all modes of one q on 51 x 11: {time.perf_counter() - begun:.1f} s, "
        f"{found.samples} evaluations of M"
    )


main()
