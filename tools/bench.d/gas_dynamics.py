"""Fermi gas: one M of each variant, evolution steps of the models against copying the state.

python tools/bench.d/gas_dynamics.py
"""

import time

import numpy as np

from hpcneq import parallel
from hpcneq.maths import poles
from hpcneq.solvers.mean_field import FieldState
from hpcneq.solvers.propagated_fields import PropagatedState
from hpcneq.systems.fermi_gas.physics import (
    dynamics,
    linear_kinetics,
    memory_dynamics,
    memory_stepping,
    ramp,
)
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from hpcneq.systems.fermi_gas.physics.response import Kinetic, Response
from hpcneq.systems.fermi_gas.shared.evolution_grid import EXPONENTIAL
from hpcneq.systems.fermi_gas.shared.modes import modes_of
from hpcneq.systems.fermi_gas.shared.run_cost import seconds_a_step

BATHS = Baths(0.005, 0.0, 0.145)
STATES = {"NBCS": (0.21259971, 0.0), "NFF": (0.05450344, 0.18269617)}


def seconds(function, rounds=7):
    """CPU seconds of one call, the best of some rounds."""
    best = np.inf
    for _ in range(rounds):
        begun = time.process_time()
        function()
        best = min(best, time.process_time() - begun)
    return best


def one_by_one(r):
    """Seconds of M as a sum over every pair of levels (variants A and C)."""
    pairs, rate = Kinetic(r, r.points), 0.01 + 0.02j
    return seconds(lambda: pairs.static.reshape(4, -1) @ (rate / (rate + pairs.c)).ravel())


def responses():
    """Milliseconds of one M (to be under 50), at rest and for a wave."""
    for name, (D, Q) in STATES.items():
        for q in (0.0, 1e-3):
            for variant in ("A", "C", "D"):
                r = Response(BATHS, D, Q, q, variant=variant)
                for k in range(20):
                    r(0.01j + 1e-3 * k)  # after a few points many pairs become few poles
                each = seconds(lambda r=r: r(0.01j + 1e-9 * np.random.rand()))
                n = len(r.points.p)
                print(
                    f"M, {name:4s} q = {q:5g}, variant {variant}: {1e3 * each:6.2f} ms, {n} "
                    f"momenta, {1e9 * each / n:5.0f} ns each "
                    f"(goal 50 ms: {'ok' if each < 0.05 else 'TOO SLOW'})"
                    + (
                        ""
                        if variant == "D"
                        else f", all pairs one by one {1e3 * one_by_one(r):.2f} ms"
                    )
                )


def verdicts():
    """Seconds until every growing mode of a state is counted and the slow ones are known, |q| =
    0.001.
    """
    for name, (D, Q) in STATES.items():
        for variant in ("C", "D"):
            begun = time.perf_counter()
            found = modes_of(Response(BATHS, D, Q, 1e-3, variant=variant), parallel.solo())
            print(
                f"modes of {name:4s}, variant {variant}: {time.perf_counter() - begun:.2f} "
                f"s, {found.samples} M, {found.unstable} grow, "
                f"slowest Re lambda = {found.modes[0].z.imag:.3e}"
            )


def steps():
    """Right-hand sides of the models and their share of a copy of the state."""
    for name, fine in (("NBCS", 1.0), ("NFF", 0.5)):
        D, Q = STATES[name]
        args = (BATHS, -1.0, ramp.Ramp(0.145, 0.145), D + 1e-3, (D, Q), 2.0, 0.02, fine)
        fit = poles.fit("aaa", 0.0, BATHS.width, 4.6, 1e-5)
        made = {
            "linear": lambda D=D, Q=Q, fine=fine: linear_kinetics.Linear(
                [Response(BATHS, D, Q, fine=fine)], [[1e-3, 1e-3]], 2.0, 150.0
            ),
            "kinetic": lambda args=args: dynamics.Kinetic(*args),
            f"memory, {2 * len(fit)} modes": lambda fit=fit, args=args: memory_dynamics.Memory(
                fit, *args
            ),
        }
        found = {}
        for model, make in made.items():
            system = make()
            state = FieldState(system, parallel.solo())
            out = np.zeros_like(state.flat)
            each, copy = (
                seconds(lambda state=state, out=out: state.rhs(0.0, 1, state.flat, out)),
                seconds(lambda out=out, state=state: np.copyto(out, state.flat)),
            )
            found[model] = each
            short = 0.5 / system.fastest
            step = min(seconds_a_step(system, short, FieldState)[0] for _ in range(2))
            print(
                f"{name:4s} {model:17s}: {1e3 * each:7.3f} ms a right-hand side, "
                f"{system.items * linear_kinetics.CHUNK} momenta, "
                f"{state.nbytes / 2**20:6.1f} MB, copy {1e3 * copy:.3f} ms "
                f"({100 * copy / each:.0f}%), RK4 step {1e3 * step:.2f} ms = "
                f"{step / copy:.0f} copies "
                f"({100 * (1 - 4 * each / step):.0f}% outside the right-hand sides), step "
                f"limit {2.78 / system.fastest:.3f}"
            )
        stepped = memory_stepping.SteppedMemory(fit, *args)
        dt = EXPONENTIAL / stepped.turning
        step, _ = seconds_a_step(stepped, dt, PropagatedState)
        print(f"{name:4s} memory, exponential step of {dt:.3f}: {1e3 * step:.2f} ms")
        kinetic, memory = list(found.values())[1:]
        print(f"{name:4s} memory over adiabatic: {memory / kinetic:.1f} times the time")


if parallel.world().rank == 0:
    responses()
    verdicts()
    steps()
