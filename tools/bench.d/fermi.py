"""Fermi gas: one pair (g, J) against a plain momentum sum, all branches, Fig. 2(a) on two ranks.

python tools/bench.d/fermi.py [quick]       # quick leaves out the 21 x 21 surface of Fig. 2(a)
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hpcneq.systems.fermi_gas.physics import gap_and_current, radial_grid, state_curves
from hpcneq.systems.fermi_gas.physics.gap_and_current import Gas
from hpcneq.systems.fermi_gas.physics.occupation import Baths

INPUTS = Path(__file__).resolve().parents[2] / "inputs" / "fermi-gas"
CASES = (
    ("gamma = .005, T = 0", Baths(0.005, 0.0, 0.145)),
    ("gamma -> 0, T = .02", Baths(0.0, 0.02, 0.145)),
    ("gamma -> 0, T = 0", Baths(0.0, 0.0, 0.145)),
    ("gamma = .01, T = .02", Baths(0.01, 0.02, 0.13)),
)


def clocked(function, seconds=0.3):
    """Best seconds per call, and the answer."""
    best, answer, end = np.inf, None, time.perf_counter() + seconds
    while answer is None or time.perf_counter() < end:
        begun = time.perf_counter()
        answer = function()
        best = min(best, time.perf_counter() - begun)
    return best, answer


def plain(gas, D, Q, dp):
    """(g, J) on equal panels of 12 points over 0 < p < LAST that know nothing of kinks."""
    p, weight = radial_grid.nodes(
        np.linspace(0, radial_grid.LAST, int(np.ceil(radial_grid.LAST / dp)) + 1)
    )
    g, J = gap_and_current.densities(p, D, Q, gas.baths) @ weight
    return np.array([g + 0.25 * np.pi * gas.inv, J])


def sums():
    """One (g, J) on graded panels beside equal panels that are as good to 1e-9, if they get there
    below 1e-4 pF.
    """
    print(
        "(g, J) of a state            time/ms   points   error     equal panels: time/ms   "
        "error    ratio"
    )
    for name, baths in CASES:
        gas, D, Q = Gas(baths), 0.1, 0.15
        exact = np.array(gap_and_current.both(Gas(baths, fine=4), D, Q))
        t, value = clocked(lambda gas=gas, D=D, Q=Q: gap_and_current.both(gas, D, Q))
        for dp in (0.02, 0.005, 0.001, 1e-4):
            slow, other = clocked(lambda gas=gas, D=D, Q=Q, dp=dp: plain(gas, D, Q, dp), 0.0)
            if np.abs(other - exact).max() < 1e-9:
                break
        print(
            f"{name:25s} {1e3 * t:10.2f} {len(gas.grid(D, Q)[0]):8d} "
            f"{np.abs(np.array(value) - exact).max():8.0e} {1e3 * slow:22.1f} "
            f"{np.abs(other - exact).max():10.0e} {slow / t:7.1f}"
        )


def points():
    """Every branch at a point, from nothing."""
    for name, baths in CASES:
        begun = time.perf_counter()
        found = state_curves.find(Gas(baths))
        spent = time.perf_counter() - begun
        print(
            f"all branches at {name}: {spent:.1f} s, {len(found)} states (goal 30 s: "
            f"{'ok' if spent < 30 else 'TOO SLOW'})"
        )


def run(name, ranks, folder):
    """Wall seconds of an input on some ranks, starting Python included."""
    begun = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "hpcneq",
        "run",
        str(INPUTS / f"{name}.toml"),
        "-o",
        str(Path(folder, f"{name}-{ranks}.h5")),
        "--force",
        "--quiet",
    ]
    subprocess.run((["mpiexec", "-n", str(ranks)] if ranks > 1 else []) + command, check=True)
    return time.perf_counter() - begun


def maps(quick):
    """A plane of Fig. 2(a) on one and two ranks; its surface, 21 x 21, on two."""
    with tempfile.TemporaryDirectory() as folder:
        one, two = (run("fig2a-gamma", ranks, folder) for ranks in (1, 2))
        print(
            f"Fig. 2(a), the plane T = 0, 41 x 121: {one:.1f} s on 1 rank, {two:.1f} s on "
            f"2, efficiency {100 * one / (2 * two):.0f}%"
        )
        if not quick:
            spent = run("fig2a", 2, folder)
            print(
                f"Fig. 2(a), the surface 21 x 21 on 2 ranks: {spent:.0f} s (goal 600 s: "
                f"{'ok' if spent < 600 else 'TOO SLOW'})"
            )


if __name__ == "__main__":
    sums()
    points()
    maps("quick" in sys.argv[1:])
