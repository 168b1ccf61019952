"""Supercells: seconds a step and share of the GEMM peak, small to long cells.

python tools/bench.d/supercell.py [small] [medium] [long] [whole] [slow] [fourfold] [bcs]
# default: all
"""

import sys
import time
from dataclasses import replace

import numpy as np

from hpcneq import driver
from hpcneq.config import load
from hpcneq.parallel import solo
from hpcneq.solvers.supercell.state import SupercellState
from hpcneq.solvers.supercell.stepping import DriftExact
from hpcneq.systems.exciton_bec.shared.condensate import condensate_at
from hpcneq.systems.exciton_bec.shared.cost import evolve as cost_of
from hpcneq.systems.exciton_bec.shared.drive import drive_of
from hpcneq.systems.exciton_bec.tasks.evolve import system_of
from hpcneq.tasks.supercell import with_step

CELLS = {
    "small": {"wave_number": 0.53},
    "medium": {"wave_number": 0.2, "bloch_points": 4},
    "long": {"wave_number": 0.13, "bloch_points": 1},
    "whole": {"wave_number": 0.13, "bloch_points": 1, "even": False},
    "slow": {"wave_number": 0.2, "p_max": 4.7, "y_max": 20.0, "bloch_points": 6, "panels": 4},
    "fourfold": {
        "wave_number": 0.2,
        "length": 40 * np.pi,
        "p_max": 4.7,
        "y_max": 20.0,
        "bloch_points": 2,
        "panels": 4,
    },
    "bcs": {"wave_number": 0.05, "p_max": 2.0, "y_max": 4.0, "bloch_points": 2, "panels": 8},
}
STEPS = {"small": 40, "medium": 5, "long": 3, "whole": 2, "slow": 1, "fourfold": 1, "bcs": 1}
NODES = {"fourfold": 4, "bcs": 12}  # blocks that are timed, where all would take minutes
COLD = {"ratio": 0.1, "gamma_b": 1e-3, "T_b": 0.0}  # long memory
BATHS = {
    "slow": {"inv_kfas": 1.0, **COLD},
    "fourfold": {"inv_kfas": 1.0, **COLD},
    "bcs": {"inv_kfas": -1.0, **COLD},
}
ENDS = {"slow": 600, "fourfold": 600, "bcs": 2500}  # t to which core-hours are told
WARM = {"inv_kfas": 0.5, "ratio": 0.5, "gamma_b": 0.01, "T_b": 0.02}


def given_of(name, precision):
    """The input of a cell around a condensate with a warm bath, or a cold and slow one."""
    cell = {"harmonics": 4, "p_max": 3.4, "y_max": 10.0} | CELLS[name]
    wave = cell.pop("wave_number")
    numerics = {"p_c": 25.0, "wave_number": wave, "supercell": cell, "precision": precision}
    given = {
        "system": "exciton-bec",
        "task": "evolve",
        "parameters": BATHS.get(name, WARM),
        "numerics": numerics | {"error_estimate": False},
        "initial": {"kick": 1e-3},
        "run": {"t_max": 60.0, "output_every": 0.5},
    }
    return load.load(given, driver.catalogue())


def peak(dtype, size=600, seconds=0.5):
    """GF/s of a product of large matrices."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(dtype)
    out, count = np.empty_like(a), 0
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        np.matmul(a, a, out=out)
        count += 1
    return 8e-9 * size**3 * count / (time.process_time() - begun)


def measure(name, precision):
    """Print one cell."""
    given = given_of(name, precision)
    system = system_of(given, condensate_at(drive_of(given)))[0]
    given = with_step(given, system)
    dtype = {"double": np.complex128, "mixed": np.complex64}[precision]
    whole, dt = system.medium.box, given.numerics.dt
    nodes = slice(0, NODES.get(name))
    across = whole.transverse[nodes], whole.transverse_weights[nodes]
    few = replace(whole, transverse=across[0], transverse_weights=across[1])
    part = replace(system, medium=replace(system.medium, box=few))
    state = SupercellState(part, solo(), dtype)
    method = DriftExact(state)
    method.start(0.0, dt)
    method.advance(0.0, dt)
    method.flops, begun = 0.0, time.process_time()
    for k in range(1, STEPS[name] + 1):
        method.advance(k * dt, dt)
    spent = time.process_time() - begun
    size = whole.blocks / few.blocks
    each = spent / STEPS[name] * size
    top, rate = peak(dtype), 1e-9 * method.flops / spent
    cost, steps = cost_of(given, 1), np.ceil(given.run.t_max / dt)
    medium = system.medium
    print(
        f"{name}, {precision}: {medium.box.blocks} blocks of {medium.size} levels, "
        f"{medium.modes} modes: {each:.4f} s a step of {dt:.3f} "
        f"(check: {cost.core_seconds / steps:.4f} s), {rate:.1f} GF/s in products = "
        f"{100 * rate / top:.0f}% of large products ({top:.0f} GF/s), "
        f"{state.nbytes * size / 2**20:.0f} MB"
    )
    if name in ENDS:
        print(f"    to t = {ENDS[name]}: {each * ENDS[name] / dt / 3600:.1f} core-hours")


if __name__ == "__main__":
    for name in sys.argv[1:] or CELLS:
        for precision in ("double", "mixed"):
            measure(name, precision)
