"""Driven-dissipative electron-hole condensates in the BCS-BEC crossover: Hanai, Littlewood and Ohashi (2018)."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs

HERE = __name__
TASKS = (
    Task(
        name="steady",
        doc="the uniform condensed steady state: order parameter, mu, mu_b",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.steady:steady",
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.states:steady",
    ),
    Task(
        name="branches",
        doc="the condensate over ratio = gamma_v/gamma_b, and where it ends; inv_kfas, gamma_b, T_b or p_c as the slow key",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.steady:branches",
        sweep=(
            "ratio",
            "inv_kfas",
            "gamma_b",
            "T_b",
            "p_c",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.states:branches",
    ),
    Task(
        name="spectrum",
        doc="occupied spectral weight L(p, w), occupation n_p, carriers in the upper branch",
        tables={"parameters": inputs.Parameters, "numerics": inputs.SpectrumNumerics},
        run=f"{HERE}.tasks.steady:spectrum",
        sweep=(
            "p",
            "w",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.states:spectrum",
    ),
    Task(
        name="coefficients",
        doc="alpha11, alpha21, beta22 and the etas of M at small q and w; effective interaction and its two terms",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.coefficients:coefficients",
        sweep=("ratio",),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.states:coefficients",
    ),
    Task(
        name="phase-diagram",
        doc="normal state, stable and unstable condensate, boundaries A, B, C, growth rates, over inv_kfas and ratio",
        tables={"parameters": inputs.Parameters, "numerics": inputs.DiagramNumerics},
        run=f"{HERE}.tasks.phase_diagram:phase_diagram",
        sweep=(
            "inv_kfas",
            "ratio",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.states:phase_diagram",
    ),
    Task(
        name="response",
        doc="M(q, w) of the condensate, full or with one part of Pi, its determinant, Im M^-1, where Re det M changes sign",
        tables={"parameters": inputs.ResponseParameters, "numerics": inputs.ResponseNumerics},
        run=f"{HERE}.tasks.response:response",
        sweep=(
            "q",
            "w",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.response:response",
    ),
    Task(
        name="boundary",
        doc="the decay at which the condensate loses its stability in one way, its momentum and frequency",
        tables={"parameters": inputs.BoundaryParameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.boundary:boundary",
        sweep=(
            "inv_kfas",
            "gamma_b",
            "T_b",
            "p_c",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.modes:boundary",
    ),
    Task(
        name="modes",
        doc="modes of the condensate over q (and ratio): complex frequencies, growth rates, the gapless mode's velocity and damping",
        tables={"parameters": inputs.ModesParameters, "numerics": inputs.ModesNumerics},
        run=f"{HERE}.tasks.modes:modes",
        sweep=(
            "ratio",
            "q",
        ),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:estimate",
        figure=f"{HERE}.figures.modes:modes",
    ),
)
SYSTEM = System(
    name="exciton-bec",
    doc="Driven-dissipative electron-hole condensates in the BCS-BEC crossover: Hanai, Littlewood and Ohashi (2018).",
    paper="",
    tasks=TASKS,
)
