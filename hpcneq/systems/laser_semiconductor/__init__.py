"""Semiconductor with a laser and particle reservoirs."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs, quantities

HERE = __name__
TASKS = (
    Task(
        name="steady",
        doc="order parameter and threshold beside the paper's formulas; a curve over one key",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.steady:run",
        sweep=inputs.SWEPT,
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:steady",
        cost=f"{HERE}.shared.cost:static",
        figure=f"{HERE}.figures.steady:draw",
        quantities=quantities.STEADY,
        example={"sweep": {"V": {"from": 1.0, "to": 10.0, "points": 19}}},
    ),
    Task(
        name="growth",
        doc="growth rate and frequency of pairing in the driven normal state",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.growth:run",
        sweep=inputs.SWEPT,
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:growth",
        cost=f"{HERE}.shared.cost:static",
        figure=f"{HERE}.figures.growth:draw",
        quantities=quantities.GROWTH_TASK,
        example={"sweep": {"V": {"from": -10.0, "to": 10.0, "points": 21}}},
    ),
    Task(
        name="keldysh",
        doc="saddle point of the Keldysh action against the gap equation",
        tables={"parameters": inputs.KeldyshParameters, "numerics": inputs.KeldyshNumerics},
        run=f"{HERE}.tasks.keldysh:run",
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:keldysh",
        cost=f"{HERE}.shared.cost:static",
        figure=f"{HERE}.figures.keldysh:draw",
        quantities=quantities.KELDYSH,
        example={"parameters": {"V": 5.0}},
    ),
    Task(
        name="map",
        doc="order parameter, threshold and growth rate over two parameters",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.map:run",
        sweep=inputs.SWEPT,
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:parameter_map",
        cost=f"{HERE}.shared.cost:static",
        figure=f"{HERE}.figures.map:draw",
        quantities=quantities.MAP,
        example={
            "sweep": {
                "Omega": [0.01, 0.03, 0.1, 0.3],
                "V": {"from": 1.0, "to": 10.0, "points": 7},
            }
        },
    ),
    Task(
        name="evolve",
        doc="time evolution of pairing; [sweep] V: several runs at once",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.EvolveNumerics,
            "initial": inputs.Initial,
        },
        run=f"{HERE}.tasks.evolve:run",
        sweep=("V",),
        timed=True,
        petsc=("evolve",),
        refuse=f"{HERE}.shared.refusals:evolve",
        cost=f"{HERE}.shared.cost:evolve",
        figure=f"{HERE}.figures.evolve:draw",
        quantities=quantities.EVOLVE,
        example={
            "parameters": {"gamma1": 0.8},
            "sweep": {"V": [5.0, 2.3]},
            "numerics": {"points": 101},
            "run": {"t_max": 800.0, "output_every": 4.0},
        },
    ),
)
SYSTEM = System(
    name="laser-semiconductor",
    doc="Semiconductor with a laser and particle reservoirs.",
    paper="G. Goldstein, C. Aron and C. Chamon, Phys. Rev. B 91, 054517 (2015)",
    tasks=TASKS,
)
