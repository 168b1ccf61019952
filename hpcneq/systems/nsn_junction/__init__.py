"""Voltage-driven superconductor between two normal-metal leads, in a Zeeman field."""

from __future__ import annotations

from ...tasks import System, Task
from . import inputs, quantities

HERE = __name__
SMALL = {"lattice": "finite", "Lx": 9, "Ly": 5}  # the lattice of small examples
DYNAMIC = (
    Task(
        name="evolve",
        doc="time evolution after a change of the bias, by auxiliary modes",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": inputs.EvolveNumerics,
            "initial": inputs.Initial,
            "leads": inputs.Leads,
            "sites": inputs.SiteTable,
        },
        run=f"{HERE}.tasks.evolve:run",
        timed=True,
        petsc=(
            "evolve",
            "initial",
        ),
        ts_types=("exponential", "rk", "arkimex"),
        refuse=f"{HERE}.shared.refusals:evolve",
        cost=f"{HERE}.shared.cost:evolve",
        figure=f"{HERE}.figures.evolve:draw",
        quantities=quantities.EVOLVE,
        example={
            "parameters": {"h": 0.3, "T": 0.05, "gamma": 0.05, "eV": {"from": 0.0, "to": 0.6}},
            "numerics": {"Lx": 9, "Ly": 3},
            "initial": {"state": "bcs"},
            "run": {"t_max": 5.0},
        },
    ),
    Task(
        name="ensemble",
        doc="one quench from many seeds of the noise: the distribution of the final wave number",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": inputs.EnsembleNumerics,
            "initial": inputs.Initial,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.ensemble:run",
        sweep=(
            "seed",
            "dt",
        ),
        timed=True,
        petsc=(
            "evolve",
            "initial",
        ),
        ts_types=("exponential", "rk", "arkimex"),
        refuse=f"{HERE}.shared.refusals:ensemble",
        cost=f"{HERE}.shared.cost:ensemble",
        figure=f"{HERE}.figures.ensemble:draw",
        quantities=quantities.ENSEMBLE,
        example={
            "parameters": {"h": 0.3, "T": 0.05, "gamma": 0.05, "eV": {"from": 0.0, "to": 0.6}},
            "numerics": {"Lx": 9, "Ly": 3},
            "initial": {"state": "bcs"},
            "sweep": {"seed": [1, 2, 3]},
            "run": {"t_max": 5.0},
        },
    ),
    Task(
        name="pattern",
        doc="a stationary order parameter, free on every site, self-consistent from a seed",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": inputs.PatternNumerics,
            "initial": inputs.PatternInitial,
            "sites": inputs.SiteTable,
        },
        run=f"{HERE}.tasks.pattern:run",
        petsc=("initial",),
        refuse=f"{HERE}.shared.refusals:pattern",
        cost=f"{HERE}.shared.cost:pattern",
        figure=f"{HERE}.figures.pattern:draw",
        quantities=quantities.PATTERN,
        example={
            "parameters": {"U": 5.0, "h": 0.3, "T": 0.05, "gamma": 0.05},
            "numerics": {"Lx": 6, "Ly": 6, "pole_error": 1e-3},
            "initial": {"state": "crossed", "wave_number": 1},
        },
    ),
)
STATIC = (
    Task(
        name="steady",
        doc="every uniform steady state, its stability, and that of the normal state",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.StaticNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.steady:run",
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:steady",
        cost=f"{HERE}.shared.cost:steady",
        figure=f"{HERE}.figures.steady:draw",
        quantities=quantities.STEADY,
        example={"parameters": {"h": 0.58, "eV": 0.8}, "numerics": SMALL},
    ),
    Task(
        name="tmatrix",
        doc="static pair susceptibility C(Q) of the normal state and where it is largest",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.StaticNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.tmatrix:run",
        sweep=("Q",),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:tmatrix",
        cost=f"{HERE}.shared.cost:tmatrix",
        figure=f"{HERE}.figures.tmatrix:draw",
        quantities=quantities.TMATRIX,
        example={"parameters": {"h": 0.58, "eV": 0.8}, "numerics": SMALL},
    ),
    Task(
        name="onset",
        doc="onsets of uniform and of FFLO pairing, folds, the Clogston limit",
        tables={
            "parameters": inputs.OnsetParameters,
            "numerics": inputs.OnsetNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.onset:run",
        sweep=("T", "h", "eV", "gamma", "U"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:onset",
        cost=f"{HERE}.shared.cost:onset",
        figure=f"{HERE}.figures.onset:draw",
        quantities=quantities.ONSET,
        example={"parameters": {"h": 0.58, "T": 0.1}, "numerics": SMALL},
    ),
    Task(
        name="branches",
        doc="every branch of uniform states over eV or h, its folds and stability; T as slow key",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.BranchNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.branches:run",
        sweep=("eV", "h", "T"),
        petsc=("steady", "branches"),
        refuse=f"{HERE}.shared.refusals:branches",
        cost=f"{HERE}.shared.cost:branches",
        figure=f"{HERE}.figures.branches:draw",
        quantities=quantities.BRANCHES,
        example={
            "parameters": {"h": 0.58},
            "numerics": SMALL | {"step": 0.1},
            "sweep": {"eV": {"from": 0.0, "to": 2.0, "points": 5}},
        },
    ),
    Task(
        name="iv",
        doc="current and differential conductance along every branch",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.BranchNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.iv:run",
        sweep=("eV",),
        petsc=("steady", "branches"),
        refuse=f"{HERE}.shared.refusals:iv",
        cost=f"{HERE}.shared.cost:iv",
        figure=f"{HERE}.figures.iv:draw",
        quantities=quantities.IV,
        example={
            "parameters": {"h": 0.58},
            "numerics": SMALL | {"step": 0.1},
            "sweep": {"eV": {"from": 0.0, "to": 2.0, "points": 5}},
        },
    ),
    Task(
        name="phase-diagram",
        doc="regions and their boundaries over two of eV, h, T",
        tables={"parameters": inputs.Parameters, "numerics": inputs.MapNumerics},
        run=f"{HERE}.tasks.phase_diagram:run",
        sweep=("eV", "h", "T"),
        petsc=("steady",),
        refuse=f"{HERE}.shared.refusals:phase_diagram",
        cost=f"{HERE}.shared.cost:phase_diagram",
        figure=f"{HERE}.figures.phase_diagram:draw",
        quantities=quantities.PHASE_DIAGRAM,
        example={
            "parameters": {"h": 0.58},
            "numerics": SMALL,
            "sweep": {"T": [0.1, 0.16], "eV": {"from": 0.0, "to": 1.6, "points": 5}},
        },
    ),
)
SPECTRA = (
    Task(
        name="modes",
        doc="modes of a uniform state: growth rates, frequencies, number of growing ones, over q",
        tables={
            "parameters": inputs.ModesParameters,
            "numerics": inputs.ModesNumerics,
            "initial": inputs.ModesInitial,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.modes:run",
        sweep=("q",),
        refuse=f"{HERE}.shared.refusals:modes",
        cost=f"{HERE}.shared.cost:modes",
        figure=f"{HERE}.figures.modes:draw",
        quantities=quantities.MODES,
        example={
            "parameters": {"h": 0.3, "T": 0.05, "gamma": 0.05},
            "numerics": {"Lx": 9, "Ly": 5},
            "sweep": {"q": [0.0, 0.7]},
        },
    ),
    Task(
        name="spectrum",
        doc="local density of states, its occupied part, momentum distribution of a stationary "
        "state or of a run's last state",
        tables={
            "parameters": inputs.Parameters,
            "numerics": inputs.SpectrumNumerics,
            "initial": inputs.SpectrumInitial,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.spectrum:run",
        sweep=("w",),
        petsc=("initial",),
        refuse=f"{HERE}.shared.refusals:spectrum",
        cost=f"{HERE}.shared.cost:spectrum",
        figure=f"{HERE}.figures.spectrum:draw",
        quantities=quantities.SPECTRUM,
        example={
            "parameters": {"h": 0.58, "eV": 0.8},
            "numerics": {"Lx": 9, "Ly": 5},
            "initial": {"state": "normal"},
        },
    ),
)
SYSTEM = System(
    name="nsn-junction",
    doc="Voltage-driven superconductor between two normal-metal leads, in a Zeeman field.",
    paper="T. Kawamura and Y. Ohashi, Engineering nonequilibrium superconducting phases in a "
    "voltage-driven superconductor under an external magnetic field (2025)",
    tasks=DYNAMIC + STATIC + SPECTRA,
)
