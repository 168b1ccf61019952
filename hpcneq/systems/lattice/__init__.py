"""The user's own tight-binding model between normal, structured and superconducting leads."""

from __future__ import annotations

from ...tasks import System, Task
from . import driven_quantities, inputs, quantities, response_quantities

HERE = __name__
COMMON = {
    "model": inputs.ModelTable,
    "interaction": inputs.Interaction,
    "pairing": inputs.Pairing,
    "leads": inputs.Leads,
    "disorder": inputs.Disorder,
    "vector_potential": inputs.VectorPotential,
}
CHAIN = {
    "cell": {
        "vectors": [[1.0]],
        "orbitals": [{"name": "s", "at": [0.0]}],
        "size": [4],
        "periodic": [False],
    },
    "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}],
}
LEADS = {
    "left": {"kind": "wide", "sites": {"x": "min"}, "gamma": 0.5, "T": 0.1, "bias": 0.5},
    "right": {"kind": "wide", "sites": {"x": "max"}, "gamma": 0.5, "T": 0.1, "bias": -0.5},
}
ISLAND = {"model": CHAIN, "interaction": {"U": 3.0}, "leads": LEADS}

STEADY = Task(
    name="steady",
    doc="self-consistent stationary states at a bias, or along it, with their stability",
    tables={
        "parameters": inputs.Parameters,
        **COMMON,
        "numerics": inputs.SteadyNumerics,
        "initial": inputs.Initial,
    },
    run=f"{HERE}.tasks.steady:run",
    sweep=("eV",),
    petsc=("steady",),
    refuse=f"{HERE}.shared.refusals:steady",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.cost:steady",
    figure=f"{HERE}.figures.steady:draw",
    quantities=quantities.STEADY,
    example={**ISLAND, "parameters": {"eV": 0.5}, "numerics": {"seeds": 1}},
)
EVOLVE = Task(
    name="evolve",
    doc="time evolution after changes of bias, phases, vector potential or attraction",
    tables={
        "parameters": inputs.EvolveParameters,
        **COMMON,
        "numerics": inputs.EvolveNumerics,
        "initial": inputs.EvolveInitial,
    },
    run=f"{HERE}.tasks.evolve:run",
    timed=True,
    petsc=("evolve", "steady"),
    ts_types=("exponential", "rk"),
    refuse=f"{HERE}.shared.refusals:evolve",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.cost:evolve",
    figure=f"{HERE}.figures.evolve:draw",
    quantities=quantities.EVOLVE,
    example={
        **ISLAND,
        "parameters": {"eV": {"from": 0.0, "to": 1.0, "kind": "step"}},
        "run": {"t_max": 2.0, "output_every": 0.5},
    },
)
SPECTRUM = Task(
    name="spectrum",
    doc="local density of states and its occupied part; spectral functions of plane waves",
    tables={
        "parameters": inputs.SpectrumParameters,
        **COMMON,
        "numerics": inputs.SpectrumNumerics,
        "initial": inputs.Initial,
    },
    run=f"{HERE}.tasks.spectrum:run",
    petsc=("steady",),
    refuse=f"{HERE}.shared.refusals:spectrum",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.cost:spectrum",
    figure=f"{HERE}.figures.spectrum:draw",
    quantities=quantities.SPECTRUM,
    example={**ISLAND, "numerics": {"points": 61}},
)
TRANSPORT = Task(
    name="transport",
    doc="currents and conductances of every lead over the bias",
    tables={
        "parameters": inputs.Parameters,
        **COMMON,
        "numerics": inputs.TransportNumerics,
        "initial": inputs.Initial,
    },
    run=f"{HERE}.tasks.transport:run",
    sweep=("eV", "phase"),
    petsc=("steady",),
    refuse=f"{HERE}.shared.refusals:transport",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.cost:transport",
    figure=f"{HERE}.figures.transport:draw",
    quantities=quantities.TRANSPORT,
    example={
        "model": CHAIN,
        "leads": LEADS,
        "sweep": {"eV": {"from": 0.0, "to": 1.0, "points": 3}},
    },
)
MODES = Task(
    name="modes",
    doc="growth rates and frequencies of the linear modes of a stationary state",
    tables={
        "parameters": inputs.ModesParameters,
        **COMMON,
        "numerics": inputs.ModesNumerics,
        "initial": inputs.Initial,
    },
    run=f"{HERE}.tasks.modes:run",
    sweep=("eV", "phase", "U", "V", "gamma", "T", "level", "h"),
    petsc=("steady",),
    refuse=f"{HERE}.shared.response_refusals:modes",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.response_costs:modes",
    figure=f"{HERE}.figures.modes:draw",
    quantities=response_quantities.MODES,
    example={**ISLAND, "initial": {"state": "normal"}, "parameters": {"eV": 0.5}},
)
PROBED = {
    "parameters": inputs.EvolveParameters,
    **COMMON,
    "numerics": inputs.ProbeNumerics,
    "initial": inputs.EvolveInitial,
}
STEP = {"eV": {"from": 0.0, "to": 1.0, "kind": "step"}}
SHORT = {"dt": 0.2, "points": 41, "seeds": 1}
PHOTOEMISSION = Task(
    name="photoemission",
    doc="spectral function over wave vectors as a pulse of light sees it after a change",
    tables={**PROBED, "probe": inputs.PhotonProbe},
    run=f"{HERE}.tasks.photoemission:run",
    petsc=("steady",),
    refuse=f"{HERE}.shared.probe_input:photoemission",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.response_costs:probe",
    figure=f"{HERE}.figures.photoemission:draw",
    quantities=response_quantities.PHOTOEMISSION,
    example={
        **ISLAND,
        "parameters": STEP,
        "probe": {"times": [0.0, 4.0], "width": 1.0, "path": [[0.0], [3.1416]]},
        "numerics": SHORT,
    },
)
TUNNELLING = Task(
    name="tunnelling",
    doc="local density of states under a weak tip during a probe after a change",
    tables={**PROBED, "probe": inputs.TipProbe},
    run=f"{HERE}.tasks.tunnelling:run",
    petsc=("steady",),
    refuse=f"{HERE}.shared.probe_input:tunnelling",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.response_costs:probe",
    figure=f"{HERE}.figures.tunnelling:draw",
    quantities=response_quantities.TUNNELLING,
    example={
        **ISLAND,
        "parameters": STEP,
        "probe": {"times": [0.0, 4.0], "width": 1.0},
        "numerics": SHORT,
    },
)
CONDUCTIVITY = Task(
    name="conductivity",
    doc="optical conductivity of a stationary state, with the response of the mean field",
    tables={
        "parameters": inputs.ConductivityParameters,
        **COMMON,
        "numerics": inputs.ConductivityNumerics,
        "initial": inputs.Initial,
    },
    run=f"{HERE}.tasks.conductivity:run",
    petsc=("steady",),
    refuse=f"{HERE}.shared.response_refusals:conductivity",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.response_costs:conductivity",
    figure=f"{HERE}.figures.conductivity:draw",
    quantities=response_quantities.CONDUCTIVITY,
    example={**ISLAND, "numerics": {"points": 24, "seeds": 1}},
)
PERIODIC = Task(
    name="periodic",
    doc="the periodic state under sines of bias, potentials, A or U, found directly",
    tables={
        "parameters": inputs.PeriodicParameters,
        **COMMON,
        "numerics": inputs.PeriodicNumerics,
        "initial": inputs.Initial,
    },
    run=f"{HERE}.tasks.periodic:run",
    sweep=("frequency",),
    petsc=("steady",),
    refuse=f"{HERE}.shared.response_refusals:periodic",
    doubts=f"{HERE}.shared.doubts:doubts",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.response_costs:periodic",
    figure=f"{HERE}.figures.periodic:draw",
    quantities=driven_quantities.PERIODIC,
    example={
        "model": {**CHAIN, "cell": {**CHAIN["cell"], "size": [1]}, "hop": []},
        "leads": {
            "left": {"kind": "wide", "sites": [0], "gamma": 0.25, "T": 0.1, "bias": 1.0},
            "right": {"kind": "wide", "sites": [0], "gamma": 0.25, "T": 0.1},
        },
        "parameters": {"eV": {"from": 0.5, "amplitude": 1.0, "kind": "sine", "frequency": 2.0}},
    },
)
PUMP_PROBE = Task(
    name="pump-probe",
    doc="optical conductivity at delays after a pulse, by weak kicks of the vector potential",
    tables={
        "parameters": inputs.PumpProbeParameters,
        **COMMON,
        "numerics": inputs.PumpProbeNumerics,
        "initial": inputs.EvolveInitial,
    },
    run=f"{HERE}.tasks.pump_probe:run",
    sweep=("delay",),
    petsc=("steady",),
    refuse=f"{HERE}.shared.probe_input:pump_probe",
    code=f"{HERE}.shared.model_input:runs_code",
    cost=f"{HERE}.shared.response_costs:pump_probe",
    figure=f"{HERE}.figures.pump_probe:draw",
    quantities=driven_quantities.PUMP_PROBE,
    example={
        **ISLAND,
        "parameters": STEP,
        "sweep": {"delay": {"from": 0.0, "to": 4.0, "points": 2}},
        "numerics": {"dt": 0.2, "length": 4.0, "width": 1.0, "points": 11, "seeds": 0},
    },
)
SYSTEM = System(
    "lattice",
    "Your own tight-binding model between normal, structured and superconducting leads",
    "none",
    (
        *(STEADY, EVOLVE, SPECTRUM, TRANSPORT, MODES, PHOTOEMISSION, TUNNELLING),
        *(CONDUCTIVITY, PERIODIC, PUMP_PROBE),
    ),
)
