"""Voltage-driven superconductor between two normal-metal leads, in a Zeeman field."""

from __future__ import annotations

from ...tasks import System, Task
from . import (
    ensemble_inputs,
    inputs,
    maps_inputs,
    modes_inputs,
    site_inputs,
    spectrum_inputs,
    static_inputs,
)

HERE = __name__
TASKS = (
    Task(
        name="evolve",
        doc="time evolution after a change of the bias, by auxiliary modes",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": inputs.EvolveNumerics,
            "initial": inputs.Initial,
            "leads": inputs.Leads,
            "sites": site_inputs.SiteTable,
        },
        run=f"{HERE}.tasks.evolve:evolve",
        timed=True,
        petsc=(
            "evolve",
            "initial",
        ),
        ts_types=("exponential", "rk", "arkimex"),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.evolve:evolve",
    ),
    Task(
        name="phase-diagram",
        doc="regions and their boundaries over two of eV, h, T",
        tables={"parameters": maps_inputs.MapParameters, "numerics": maps_inputs.MapNumerics},
        run=f"{HERE}.tasks.phase_diagram:phase_diagram",
        sweep=(
            "eV",
            "h",
            "T",
        ),
        petsc=("steady",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.phase_diagram:phase_diagram",
    ),
    Task(
        name="steady",
        doc="every uniform steady state, its stability, and that of the normal state",
        tables={
            "parameters": static_inputs.StaticParameters,
            "numerics": static_inputs.StaticNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.steady:steady",
        petsc=("steady",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.static:steady",
    ),
    Task(
        name="tmatrix",
        doc="static pair susceptibility C(Q) of the normal state and where it is largest",
        tables={
            "parameters": static_inputs.StaticParameters,
            "numerics": static_inputs.StaticNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.steady:tmatrix",
        sweep=("Q",),
        petsc=("steady",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.static:tmatrix",
    ),
    Task(
        name="onset",
        doc="onsets of uniform and of FFLO pairing, folds, the Clogston limit",
        tables={
            "parameters": static_inputs.OnsetParameters,
            "numerics": static_inputs.OnsetNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.onset:onset",
        sweep=(
            "T",
            "h",
            "eV",
            "gamma",
            "U",
        ),
        petsc=("steady",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.static:onset",
    ),
    Task(
        name="branches",
        doc="every branch of uniform states over eV or h, with its folds and its stability; T as the slow key",
        tables={
            "parameters": static_inputs.StaticParameters,
            "numerics": static_inputs.BranchNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.branches:branches",
        sweep=(
            "eV",
            "h",
            "T",
        ),
        petsc=(
            "steady",
            "branches",
        ),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.static:branches",
    ),
    Task(
        name="iv",
        doc="current and differential conductance along every branch",
        tables={
            "parameters": static_inputs.StaticParameters,
            "numerics": static_inputs.BranchNumerics,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.branches:iv",
        sweep=("eV",),
        petsc=(
            "steady",
            "branches",
        ),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.static:iv",
    ),
    Task(
        name="spectrum",
        doc="local density of states, its occupied part, momentum distribution of a stationary state or of a run's last state",
        tables={
            "parameters": spectrum_inputs.SpectrumParameters,
            "numerics": spectrum_inputs.SpectrumNumerics,
            "initial": spectrum_inputs.SpectrumInitial,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.spectrum:spectrum",
        sweep=("w",),
        petsc=("initial",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.spectrum:spectrum",
    ),
    Task(
        name="ensemble",
        doc="one quench from many seeds of the noise: the distribution of the final wave number",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": ensemble_inputs.EnsembleNumerics,
            "initial": inputs.Initial,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.ensemble:ensemble",
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
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.ensemble:ensemble",
    ),
    Task(
        name="modes",
        doc="modes of a uniform state: growth rates, frequencies, number of growing ones, over q",
        tables={
            "parameters": modes_inputs.ModesParameters,
            "numerics": modes_inputs.ModesNumerics,
            "initial": modes_inputs.ModesInitial,
            "leads": inputs.Leads,
        },
        run=f"{HERE}.tasks.modes:modes",
        sweep=("q",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.modes:modes",
    ),
    Task(
        name="pattern",
        doc="a stationary order parameter, free on every site, self-consistent from a seed",
        tables={
            "parameters": inputs.EvolveParameters,
            "numerics": site_inputs.PatternNumerics,
            "initial": site_inputs.PatternInitial,
            "sites": site_inputs.SiteTable,
        },
        run=f"{HERE}.tasks.pattern:pattern",
        petsc=("initial",),
        cost=f"{HERE}.tasks.evolve:estimate",
        figure=f"{HERE}.figures.pattern:pattern",
    ),
)
SYSTEM = System(
    name="nsn-junction",
    doc="Voltage-driven superconductor between two normal-metal leads, in a Zeeman field.",
    paper="",
    tasks=TASKS,
)
