"""Attractive Fermi gas between two reservoirs of different chemical potential."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs, quantities

HERE = __name__
TASKS = (
    Task(
        name="steady",
        doc="every steady state at (gamma, T, dmu): order parameter and wave number, polished",
        tables={"parameters": inputs.SteadyParameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.steady:run",
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:steady",
        cost=f"{HERE}.shared.cost:steady",
        figure=f"{HERE}.figures.steady:draw",
        quantities=quantities.STEADY,
        example={"parameters": {"gamma": 0.04, "dmu": 0.02}},
    ),
    Task(
        name="branches",
        doc="all branches along dmu, and where each begins and ends",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.branches:run",
        sweep=("dmu", "gamma", "T", "inv_kfas"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:branches",
        cost=f"{HERE}.shared.cost:branches",
        figure=f"{HERE}.figures.branches:draw",
        quantities=quantities.BRANCHES,
        example={"parameters": {"gamma": 0.04}, "sweep": {"dmu": [0.0, 0.03, 0.06]}},
    ),
    Task(
        name="phase-diagram",
        doc="which states exist over two of gamma, T, dmu, and the boundaries",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.phase_diagram:run",
        sweep=("dmu", "gamma", "T", "inv_kfas"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:phase_diagram",
        cost=f"{HERE}.shared.cost:phase_diagram",
        figure=f"{HERE}.figures.phase_diagram:draw",
        quantities=quantities.PHASE_DIAGRAM,
        example={
            "sweep": {
                "gamma": [0.03, 0.05],
                "dmu": {"from": 0.0, "to": 0.15, "points": 16},
            }
        },
    ),
    Task(
        name="pair-amplitude",
        doc="pair amplitude P(p_x, p_z) of a steady state, and its two Fulde-Ferrell parts",
        tables={"parameters": inputs.BranchParameters, "numerics": inputs.PlaneNumerics},
        run=f"{HERE}.tasks.pair_amplitude:run",
        sweep=("p_x", "p_z"),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:pair_amplitudes",
        figure=f"{HERE}.figures.pair_amplitude:draw",
        quantities=quantities.PAIR_AMPLITUDE,
        example={
            "parameters": {"gamma": 0.005, "dmu": 0.145, "branch": "NIG"},
            "numerics": {"points": 61},
        },
    ),
    Task(
        name="momentum",
        doc="momentum distribution with the edges of the two reservoirs",
        tables={"parameters": inputs.MomentumParameters, "numerics": inputs.PlaneNumerics},
        run=f"{HERE}.tasks.momentum:run",
        sweep=("p",),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:momentum",
        figure=f"{HERE}.figures.momentum:draw",
        quantities=quantities.MOMENTUM,
        example={"parameters": {"gamma": 0.005, "dmu": 0.2, "branch": "normal"}},
    ),
    Task(
        name="current",
        doc="net current J(Q) at a fixed order parameter",
        tables={"parameters": inputs.CurrentParameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.current:run",
        sweep=("Q",),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:current",
        cost=f"{HERE}.shared.cost:current",
        figure=f"{HERE}.figures.current:draw",
        quantities=quantities.CURRENT,
        example={
            "parameters": {"gamma": 0.005, "dmu": 0.145, "delta": 0.1},
            "sweep": {"Q": {"from": 0.0, "to": 0.3, "points": 31}},
        },
    ),
    Task(
        name="stability",
        doc="linear stability of a branch: growth rate, frequency, number of growing modes; "
        "maps over gamma, T, dmu, q, angle",
        tables={"parameters": inputs.StabilityParameters, "numerics": inputs.WaveNumerics},
        run=f"{HERE}.tasks.stability:run",
        sweep=("gamma", "T", "dmu", "q", "angle"),
        refuse=f"{HERE}.shared.refusals:stability",
        cost=f"{HERE}.shared.cost:stability",
        figure=f"{HERE}.figures.stability:draw",
        quantities=quantities.STABILITY,
        example={
            "parameters": {"gamma": 0.02, "dmu": 0.05},
            "sweep": {"q": [0.0, 0.01, 0.02]},
            "numerics": {"fine": 0.25, "angles": 8},
        },
    ),
    Task(
        name="evolve",
        doc="a branch in time after a kick: linearised (several runs at once by [sweep]), "
        "or in full, adiabatic or with memory",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": inputs.EvolveNumerics,
            "initial": inputs.EvolveInitial,
        },
        run=f"{HERE}.tasks.evolve:run",
        sweep=("gamma", "T", "dmu", "q", "angle"),
        timed=True,
        petsc=("evolve",),
        ts_types=("rk", "exponential"),
        refuse=f"{HERE}.shared.refusals:evolve",
        cost=f"{HERE}.shared.run_cost:evolve",
        figure=f"{HERE}.figures.evolve:draw",
        idle=f"{HERE}.figures.evolve:idle",
        quantities=quantities.EVOLVE,
        example={
            "parameters": {"gamma": 0.02, "dmu": 0.05},
            "numerics": {"fine": 0.25, "p_c": 1.5},
            "run": {"t_max": 60.0, "output_every": 1.0},
        },
    ),
    Task(
        name="pattern",
        doc="Larkin-Ovchinnikov states: waves of both senses, their potential and stability",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.PatternNumerics,
            "initial": inputs.PatternInitial,
        },
        run=f"{HERE}.tasks.pattern:run",
        sweep=("dmu", "wave_number"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:pattern",
        cost=f"{HERE}.shared.cost:pattern",
        figure=f"{HERE}.figures.pattern:draw",
        beside={"evolve": f"{HERE}.figures.pattern:draw_winners"},
        quantities=quantities.PATTERN,
        example={
            "parameters": {"gamma": 0.01, "dmu": 0.13, "T": 0.02},
            "numerics": {
                "wave_number": 0.2,
                "stability": False,
                "error_estimate": False,
                "supercell": {
                    "harmonics": 3,
                    "bloch_points": 4,
                    "panels": 2,
                    "p_max": 1.6,
                    "y_max": 3.0,
                },
            },
        },
    ),
)
SYSTEM = System(
    name="fermi-gas",
    doc="Attractive Fermi gas between two reservoirs of different chemical potential",
    paper="T. Kawamura, R. Hanai and Y. Ohashi, "
    "Proposed Fermi-surface reservoir engineering and application to realizing unconventional "
    "Fermi superfluids in a driven-dissipative nonequilibrium Fermi gas, "
    "Phys. Rev. A 106, 013311 (2022)",
    tasks=TASKS,
)
