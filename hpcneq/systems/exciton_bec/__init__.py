"""Driven-dissipative electron-hole condensates in the BCS-BEC crossover: Hanai et al. (2017)."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs, quantities

HERE = __name__
OVER_RATIO = {"from": 0.0, "to": 1.1, "points": 12}
TASKS = (
    Task(
        name="steady",
        doc="the uniform condensed steady state: order parameter, mu, mu_b, stability",
        tables={"parameters": inputs.Parameters, "numerics": inputs.SteadyNumerics},
        run=f"{HERE}.tasks.steady:run",
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:steady",
        figure=f"{HERE}.figures.steady:draw",
        quantities=quantities.STEADY,
        example={"parameters": {"ratio": 0.1}},
    ),
    Task(
        name="branches",
        doc="the condensate over ratio = gamma_v/gamma_b, and where it ends; "
        "inv_kfas, gamma_b, T_b or p_c as the slow key",
        tables={"parameters": inputs.Parameters, "numerics": inputs.BranchNumerics},
        run=f"{HERE}.tasks.branches:run",
        sweep=("ratio", "inv_kfas", "gamma_b", "T_b", "p_c"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:branches",
        cost=f"{HERE}.shared.cost:branches",
        figure=f"{HERE}.figures.branches:draw",
        beside={"evolve": f"{HERE}.figures.branches:draw_fates"},
        quantities=quantities.BRANCHES,
        example={"sweep": {"ratio": OVER_RATIO}},
    ),
    Task(
        name="spectrum",
        doc="occupied spectral weight L(p, w), occupation n_p, carriers in the upper branch",
        tables={"parameters": inputs.Parameters, "numerics": inputs.SpectrumNumerics},
        run=f"{HERE}.tasks.spectrum:run",
        sweep=("p", "w"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:spectrum",
        cost=f"{HERE}.shared.cost:spectrum",
        figure=f"{HERE}.figures.spectrum:draw",
        quantities=quantities.SPECTRUM,
        example={"parameters": {"ratio": 0.1}, "numerics": {"points": 51}},
    ),
    Task(
        name="coefficients",
        doc="alpha11, alpha21, beta22 and the etas of M at small q and w; "
        "effective interaction and its two terms",
        tables={"parameters": inputs.Parameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.coefficients:run",
        sweep=("ratio",),
        petsc=("steady",),
        cost=f"{HERE}.shared.cost:coefficients",
        figure=f"{HERE}.figures.coefficients:draw",
        quantities=quantities.COEFFICIENTS,
        example={"parameters": {"inv_kfas": 1.0}, "sweep": {"ratio": [0.001, 0.002, 0.004]}},
    ),
    Task(
        name="phase-diagram",
        doc="normal state, stable and unstable condensate, boundaries A, B, C, growth rates, "
        "over inv_kfas and ratio",
        tables={"parameters": inputs.Parameters, "numerics": inputs.DiagramNumerics},
        run=f"{HERE}.tasks.phase_diagram:run",
        sweep=("inv_kfas", "ratio"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:phase_diagram",
        cost=f"{HERE}.shared.cost:phase_diagram",
        figure=f"{HERE}.figures.phase_diagram:draw",
        quantities=quantities.PHASE_DIAGRAM,
        example={"sweep": {"inv_kfas": [-1.0, 1.0], "ratio": OVER_RATIO}},
    ),
    Task(
        name="response",
        doc="M(q, w) of the condensate, full or with one part of Pi, its determinant, Im M^-1, "
        "where Re det M changes sign",
        tables={"parameters": inputs.ResponseParameters, "numerics": inputs.ResponseNumerics},
        run=f"{HERE}.tasks.response:run",
        sweep=("q", "w"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:response",
        cost=f"{HERE}.shared.cost:response",
        figure=f"{HERE}.figures.response:draw",
        quantities=quantities.RESPONSE,
        example={
            "parameters": {"inv_kfas": 1.0, "ratio": 0.1},
            "sweep": {"q": [0.1, 0.3], "w": {"from": 0.01, "to": 0.4, "points": 5}},
            "numerics": {"panels": 0.4},
        },
    ),
    Task(
        name="boundary",
        doc="the decay at which the condensate loses its stability in one way, "
        "its momentum and frequency",
        tables={"parameters": inputs.BoundaryParameters, "numerics": inputs.Numerics},
        run=f"{HERE}.tasks.boundary:run",
        sweep=("inv_kfas", "gamma_b", "T_b", "p_c"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:boundary",
        cost=f"{HERE}.shared.cost:boundary",
        figure=f"{HERE}.figures.boundary:draw",
        quantities=quantities.BOUNDARY,
        example={"parameters": {"kind": "A"}, "sweep": {"inv_kfas": [0.6, 1.0]}},
    ),
    Task(
        name="modes",
        doc="modes of the condensate over q (and ratio): complex frequencies, growth rates, "
        "the gapless mode's velocity and damping",
        tables={"parameters": inputs.ModesParameters, "numerics": inputs.ModesNumerics},
        run=f"{HERE}.tasks.modes:run",
        sweep=("ratio", "q"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:modes",
        cost=f"{HERE}.shared.cost:modes",
        figure=f"{HERE}.figures.modes:draw",
        quantities=quantities.MODES,
        example={
            "parameters": {"inv_kfas": 1.0, "ratio": 0.1, "q": 0.1},
            "numerics": {"count": False},
        },
    ),
    Task(
        name="evolve",
        doc="the condensate in a supercell after a kick: growth, bursts, patterns, limit cycles",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.EvolveNumerics,
            "initial": inputs.EvolveInitial,
        },
        run=f"{HERE}.tasks.evolve:run",
        timed=True,
        petsc=("evolve",),
        ts_types=("exponential",),
        refuse=f"{HERE}.shared.refusals:evolve",
        cost=f"{HERE}.shared.cost:evolve",
        figure=f"{HERE}.figures.evolve:draw",
        quantities=quantities.EVOLVE,
        example={
            "parameters": {"inv_kfas": 0.5, "ratio": 0.5, "gamma_b": 0.02, "T_b": 0.05},
            "numerics": {
                "p_c": 25.0,
                "wave_number": 0.5,
                "supercell": {
                    "harmonics": 2,
                    "bloch_points": 2,
                    "panels": 1,
                    "p_max": 2.0,
                    "y_max": 4.0,
                },
            },
            "run": {"t_max": 12.0, "output_every": 0.5},
        },
    ),
    Task(
        name="pattern",
        doc="stationary states that are not uniform, with the modes of the cell that grow on them",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.PatternNumerics,
            "initial": inputs.PatternInitial,
        },
        run=f"{HERE}.tasks.pattern:run",
        sweep=("ratio", "inv_kfas", "wave_number", "amplitude"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:pattern",
        cost=f"{HERE}.shared.cost:pattern",
        figure=f"{HERE}.figures.pattern:draw",
        quantities=quantities.PATTERN,
        example={
            "parameters": {"inv_kfas": 0.5, "ratio": 0.5, "gamma_b": 0.02, "T_b": 0.05},
            "numerics": {
                "p_c": 25.0,
                "wave_number": 0.5,
                "stability": False,
                "supercell": {
                    "harmonics": 3,
                    "bloch_points": 2,
                    "panels": 1,
                    "p_max": 2.0,
                    "y_max": 4.0,
                },
            },
            "initial": {"delta_0": 0.2, "delta_1": 0.16},
        },
    ),
)
SYSTEM = System(
    name="exciton-bec",
    doc="Driven-dissipative electron-hole condensates in the BCS-BEC crossover: "
    "Hanai, Littlewood and Ohashi (2017).",
    paper="R. Hanai, P. B. Littlewood and Y. Ohashi, Phys. Rev. B 96, 125206 (2017)",
    tasks=TASKS,
)
