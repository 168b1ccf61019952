"""Time from the command to the first time step, on 1, 2, 4, ... ranks, kernels cached or not.

usage: tools/bench start [RANKS ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INPUT = """\
system = "nsn-junction"
task = "evolve"
[parameters]
T = 0.1
[numerics]
Lx = 5
Ly = 2
symmetry = "full"
dt = 0.25
pole_error = 1e-3
error_estimate = false
[initial]
state = "normal"
[run]
t_max = 0.25
"""


def timed(ranks: int, folder: Path) -> tuple[float, float]:
    """(seconds to the first line, that is to loaded libraries; to the end of one step)."""
    words = ["mpiexec", "-n", str(ranks), sys.executable, "-m", "hpcneq", "run", "in.toml"]
    begun = time.monotonic()
    run = subprocess.Popen(
        [*words, "--force"],
        cwd=folder,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")},
        stdout=subprocess.PIPE,
        text=True,
    )
    run.stdout.readline()
    first = time.monotonic() - begun
    run.stdout.read()
    if run.wait():
        raise SystemExit(f"the run failed with exit code {run.returncode}")
    return first, time.monotonic() - begun


def main() -> None:
    """One row a number of ranks."""
    counts = [int(word) for word in sys.argv[1:]] or [1, 2, 4, 8]
    cores = len(os.sched_getaffinity(0))
    print(f"one step of 5 x 2 sites, {cores} cores (more ranks share them)")
    print("  ranks   cache   libraries loaded   one step done")
    for ranks in counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "in.toml").write_text(INPUT)
            for cache in ("empty", "warm"):
                loaded, done = timed(ranks, folder)
                print(f"  {ranks:5d}   {cache:5s}   {loaded:14.1f} s   {done:11.1f} s", flush=True)


main()
