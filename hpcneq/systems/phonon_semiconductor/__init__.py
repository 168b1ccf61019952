"""Semiconductor with a laser, phonons and recombination."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs, quantities

HERE = __name__
EVOLUTION = {
    "parameters": inputs.Parameters,
    "numerics": inputs.Numerics,
    "initial": inputs.Initial,
}
TASKS = (
    Task(
        name="evolve",
        doc="populations, coherence and pairs in time after the laser is switched on",
        tables=EVOLUTION,
        run=f"{HERE}.tasks.evolve:run",
        timed=True,
        petsc=("evolve",),
        refuse=f"{HERE}.shared.refusals:evolve",
        cost=f"{HERE}.shared.cost:evolve",
        figure=f"{HERE}.figures.evolve:draw",
        quantities=quantities.EVOLVE,
        example={
            "parameters": {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "numerics": {"points": 51},
            "initial": {"seed": 1e-2},
            "run": {"t_max": 800.0, "output_every": 5.0},
        },
    ),
    Task(
        name="effective",
        doc="populations at t_max against two bands at rest with interband pairing",
        tables=EVOLUTION,
        run=f"{HERE}.tasks.effective:run",
        timed=True,
        petsc=("evolve",),
        refuse=f"{HERE}.shared.refusals:effective",
        cost=f"{HERE}.shared.cost:evolve",
        figure=f"{HERE}.figures.effective:draw",
        quantities=quantities.EFFECTIVE,
        example={
            "parameters": {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "numerics": {"points": 51},
            "initial": {"seed": 1e-2},
            "run": {"t_max": 800.0},
        },
    ),
    Task(
        name="steady",
        doc="stationary state with pairs, and without, by SNES; a curve over one parameter",
        tables={"parameters": inputs.Parameters, "numerics": inputs.SteadyNumerics},
        run=f"{HERE}.tasks.steady:run",
        sweep=(*inputs.SWEPT, "points"),
        petsc=("evolve", "steady"),
        refuse=f"{HERE}.shared.refusals:steady",
        cost=f"{HERE}.shared.cost:steady",
        figure=f"{HERE}.figures.steady:draw",
        quantities=quantities.STEADY,
        example={
            "parameters": {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "numerics": {"points": 51},
        },
    ),
    Task(
        name="threshold",
        doc="interaction V_c at which pairs begin to grow, with both forms of recombination",
        tables={"parameters": inputs.Parameters, "numerics": inputs.ThresholdNumerics},
        run=f"{HERE}.tasks.threshold:run",
        sweep=(*inputs.SWEPT[1:], "points"),
        petsc=("evolve", "steady"),
        refuse=f"{HERE}.shared.refusals:threshold",
        cost=f"{HERE}.shared.cost:threshold",
        figure=f"{HERE}.figures.threshold:draw",
        quantities=quantities.THRESHOLD,
        example={
            "parameters": {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "sweep": {"Omega": [0.1, 0.3]},
            "numerics": {"points": 31},
        },
    ),
    Task(
        name="map",
        doc="order parameter at t_max over one or two parameters",
        tables={**EVOLUTION, "initial": inputs.MapInitial},
        run=f"{HERE}.tasks.map:run",
        sweep=inputs.SWEPT,
        timed=True,
        petsc=("evolve", "steady"),
        refuse=f"{HERE}.shared.refusals:parameter_map",
        cost=f"{HERE}.shared.cost:parameter_map",
        figure=f"{HERE}.figures.map:draw",
        quantities=quantities.MAP,
        example={
            "parameters": {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "sweep": {"Omega": [0.1, 0.25], "V": [2.0, 3.0, 4.0, 5.0]},
            "numerics": {"points": 51},
            "initial": {"seed": 1e-2},
            "run": {"t_max": 800.0},
        },
    ),
)
SYSTEM = System(
    name="phonon-semiconductor",
    doc="Semiconductor with a laser, phonons and recombination.",
    paper="S. Porta, L. Privitera, N. Traverso Ziani, M. Sassetti, F. Cavaliere and B. Trauzettel, "
    "Phys. Rev. B 100, 024513 (2019)",
    tasks=TASKS,
)
