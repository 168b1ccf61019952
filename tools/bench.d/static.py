"""Static sums and maps: a gap sum and C(Q) against plain momentum sums, the maps of Fig. 3.

python tools/bench.d/static.py [quick]       # quick leaves out the maps
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hpcneq.systems.nsn_junction.physics import onsets, uniform_states

INPUTS = Path(__file__).resolve().parents[2] / "inputs" / "nsn-junction"
MAPS = ("fig3a", "fig3b1", "fig3b2", "fig3b3", "fig3b4")


def clocked(function, seconds=0.3):
    """Best seconds per call, and the answer."""
    best, answer, end = np.inf, None, time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        answer = function()
        best = min(best, time.perf_counter() - begun)
    return best, answer


def sums():
    """One gap sum and one C(Q), infinite lattice, beside the plain sums over L x L momenta that are
    as good to 1e-6.
    """
    print("sum                       T     time/ms   plain k sum/ms   difference   goal/ms")
    for T, L in ((0.02, 300), (0.0, 600)):
        point, grid, plain = (
            uniform_states.Point(h=0.58, T=T, eV=0.8),
            uniform_states.infinite(),
            uniform_states.finite(L, L),
        )
        Q = 2 * np.pi * round(0.25 * L / (2 * np.pi)) / L
        for name, goal, one in (
            ("gap sum F(D)", 1.0, lambda g, point=point: uniform_states.gap_sum(0.35, point, g)),
            ("C(Q)", 10.0, lambda g, Q=Q, point=point: uniform_states.pair_sum(Q, point, g)),
        ):
            t, value = clocked(lambda one=one, grid=grid: one(grid))
            slow, other = clocked(lambda one=one, plain=plain: one(plain), 0.05)
            print(
                f"{name:22s} {T:5.2f} {1e3 * t:10.3f} {1e3 * slow:14.1f} "
                f"{abs(value - other):14.1e} {goal:8.0f}   {'ok' if 1e3 * t < goal else 'TOO SLOW'}"
            )
    t, found = clocked(
        lambda: onsets.roots(
            uniform_states.Point(h=0.58, T=0.02, eV=0.8), uniform_states.infinite()
        )
    )
    print(f"all roots of one point: {1e3 * t:.1f} ms ({len(found)} roots)")


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


def maps():
    """Fig. 3 whole on two ranks, and the farm's efficiency on one of its panels."""
    with tempfile.TemporaryDirectory() as folder:
        spent = {name: run(name, 2, folder) for name in MAPS}
        print(
            "Fig. 3 on 2 ranks: "
            + ", ".join(f"{name} {t:.1f} s" for name, t in spent.items())
            + f"; whole {sum(spent.values()):.0f} s (goal 120 s)"
        )
        alone = run("fig3b3", 1, folder)
        print(
            f"farm on 2 ranks: {alone:.1f} s -> {spent['fig3b3']:.1f} s, efficiency "
            f"{100 * alone / (2 * spent['fig3b3']):.0f}%"
        )


if __name__ == "__main__":
    sums()
    if "quick" not in sys.argv[1:]:
        maps()
