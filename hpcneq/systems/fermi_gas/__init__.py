"""Attractive Fermi gas between two reservoirs of different chemical potential: Kawamura, Hanai and Ohashi (2022)."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs, wave_inputs

HERE = __name__
TASKS = (
    Task(
        name="steady",
        doc="every steady state at (gamma, T, dmu): order parameter and wave number, polished",
        tables={"parameters": inputs.SteadyParameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.steady:steady",
        petsc=("steady",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.states:steady",
    ),
    Task(
        name="branches",
        doc="all branches along dmu, and where each begins and ends",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.steady:branches",
        sweep=(
            "dmu",
            "gamma",
            "T",
            "inv_kfas",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.states:branches",
    ),
    Task(
        name="phase-diagram",
        doc="which states exist over two of gamma, T, dmu, and the boundaries",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.phase_diagram:phase_diagram",
        sweep=(
            "dmu",
            "gamma",
            "T",
            "inv_kfas",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.states:phase_diagram",
    ),
    Task(
        name="pair-amplitude",
        doc="pair amplitude P(p_x, p_z) of a steady state, and its two Fulde-Ferrell parts",
        tables={"parameters": inputs.BranchParameters, "numerics": inputs.PlaneNumerics},
        run=f"{HERE}.tasks.pairs:pair_amplitude",
        sweep=(
            "p_x",
            "p_z",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.states:pair_amplitude",
    ),
    Task(
        name="momentum",
        doc="momentum distribution with the edges of the two reservoirs",
        tables={"parameters": inputs.MomentumParameters, "numerics": inputs.PlaneNumerics},
        run=f"{HERE}.tasks.pairs:momentum",
        sweep=("p",),
        petsc=("steady",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.states:momentum",
    ),
    Task(
        name="current",
        doc="net current J(Q) at a fixed order parameter",
        tables={"parameters": inputs.CurrentParameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.pairs:current",
        sweep=("Q",),
        petsc=("steady",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.states:current",
    ),
    Task(
        name="stability",
        doc="linear stability of a branch: growth rate, frequency, number of growing modes; maps over gamma, T, dmu, q, angle",
        tables={"parameters": inputs.WaveParameters, "numerics": wave_inputs.StabilityNumerics},
        run=f"{HERE}.tasks.stability:stability",
        sweep=(
            "gamma",
            "T",
            "dmu",
            "q",
            "angle",
        ),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.dynamics:stability",
    ),
    Task(
        name="evolve",
        doc="a branch in time after a kick: linearised (several runs at once by [sweep]), or in full, adiabatic or with memory",
        tables={
            "parameters": wave_inputs.EvolveParameters,
            "numerics": wave_inputs.EvolveNumerics,
            "initial": wave_inputs.EvolveInitial,
        },
        run=f"{HERE}.tasks.evolve:evolve",
        sweep=(
            "gamma",
            "T",
            "dmu",
            "q",
            "angle",
        ),
        timed=True,
        petsc=("evolve",),
        cost=f"{HERE}.shared.estimates:estimate",
        figure=f"{HERE}.figures.dynamics:evolve",
    ),
)
SYSTEM = System(
    name="fermi-gas",
    doc="Attractive Fermi gas between two reservoirs of different chemical potential: Kawamura, Hanai and Ohashi (2022).",
    paper="",
    tasks=TASKS,
)
