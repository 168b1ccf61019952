"""Semiconductor with a laser, phonons and recombination."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs

HERE = __name__
TASKS = (
    Task(
        name="evolve",
        doc="populations, coherence and pairs in time after the laser is switched on",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.Numerics,
            "initial": inputs.Initial,
        },
        run=f"{HERE}.tasks.evolve:evolve",
        timed=True,
        petsc=("evolve",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.all:evolve",
    ),
    Task(
        name="effective",
        doc="populations at t_max against two bands at rest with interband pairing",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.Numerics,
            "initial": inputs.Initial,
        },
        run=f"{HERE}.tasks.evolve:effective",
        timed=True,
        petsc=("evolve",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.all:effective",
    ),
    Task(
        name="steady",
        doc="stationary state with pairs, and without, by SNES; a curve over one parameter",
        tables={"parameters": inputs.Parameters, "numerics": inputs.SteadyNumerics},
        run=f"{HERE}.tasks.steady:steady",
        sweep=(
            "V",
            "Omega",
            "Gamma_ph",
            "Gamma_rr",
            "A1",
            "A2",
            "v",
            "n_B",
            "points",
        ),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.all:steady",
    ),
    Task(
        name="threshold",
        doc="interaction V_c at which pairs begin to grow, with both forms of recombination",
        tables={"parameters": inputs.Parameters, "numerics": inputs.ThresholdNumerics},
        run=f"{HERE}.tasks.threshold:threshold",
        sweep=(
            "Omega",
            "Gamma_ph",
            "Gamma_rr",
            "A1",
            "A2",
            "v",
            "n_B",
            "points",
        ),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.all:threshold",
    ),
    Task(
        name="map",
        doc="order parameter at t_max over one or two parameters",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.Numerics,
            "initial": inputs.MapInitial,
        },
        run=f"{HERE}.tasks.threshold:map",
        sweep=(
            "V",
            "Omega",
            "Gamma_ph",
            "Gamma_rr",
            "A1",
            "A2",
            "v",
            "n_B",
        ),
        timed=True,
        petsc=("evolve",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.all:map",
    ),
)
SYSTEM = System(
    name="phonon-semiconductor",
    doc="Semiconductor with a laser, phonons and recombination.",
    paper="",
    tasks=TASKS,
)
