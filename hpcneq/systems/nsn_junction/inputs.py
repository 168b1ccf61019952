"""The input tables of the nsn-junction: parameters, leads, numerics, initial states.

A key is declared in one table and repeated in others with `like`; limits that only some tasks have
are refused by `shared.refusals`. Energies are in units of the hopping t_par, times in its inverse.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...config.schema import key, like

LARGEST = 1e3  # energies beyond this are mistakes: the band is 8 wide
MOST_SITES = 100000  # along one direction


# ---- parameters and leads -----------------------------------------------------------------------


@dataclass(frozen=True)
class Parameters:
    """Attractive Hubbard model between two leads at constant bias."""

    U: float = key(3.0, doc="on-site attraction", unit="t_par", above=0, max=LARGEST)
    mu: float = key(
        0.0,
        doc="chemical potential of the superconductor (0: half filling)",
        unit="t_par",
        min=-LARGEST,
        max=LARGEST,
    )
    gamma: float = key(0.01, doc="coupling to each lead", unit="t_par", min=0, max=LARGEST)
    h: float = key(0.0, doc="Zeeman field", unit="t_par", min=-LARGEST, max=LARGEST)
    T: float = key(0.02, doc="temperature of the leads", unit="t_par", min=0, max=LARGEST)
    eV: float = key(
        0.0,
        doc="bias between the leads; where it may change in time also {from, to, "
        "kind = step|ramp|pulse|sine, at, duration, ...} or a two-column file (t, eV)",
        unit="t_par",
        min=-LARGEST,
        max=LARGEST,
        names_file=True,
    )
    hartree: bool = key(
        False,
        doc="density n and magnetization m, found with the gap, shift the levels: mu by "
        "U (n - 1)/2 and h by -U m/2",
    )


@dataclass(frozen=True)
class EvolveParameters(Parameters):
    """The same with a bias that may change in time."""

    eV: float | dict | str = like(Parameters, "eV")


@dataclass(frozen=True)
class OnsetParameters(Parameters):
    """The same; of h, T and eV the one that is left out is the one in which onsets are sought.

    Without h critical fields are sought, without T transition temperatures, without eV onsets in
    eV >= 0.
    """

    h: float | None = like(Parameters, "h", None)
    T: float | None = like(Parameters, "T", None)
    eV: float | None = like(Parameters, "eV", None)


@dataclass(frozen=True)
class ModesParameters(Parameters):
    """The same, and the wave numbers whose modes are asked for."""

    q: float | list[float] = key(
        0.0,
        doc="wave number along x of the modes, or a list; on a finite lattice the nearest "
        "2 pi n/Lx",
        unit="1/lattice constant",
    )


@dataclass(frozen=True)
class LeadTable:
    """One lead's own values; what is left out is that of [parameters]."""

    gamma: float | None = like(Parameters, "gamma", None, doc="coupling")
    T: float | None = like(Parameters, "T", None, doc="temperature")
    mu: float | None = like(Parameters, "mu", None, doc="chemical potential at zero bias")


@dataclass(frozen=True)
class Leads:
    """The left lead is at +eV/2, the right one at -eV/2."""

    left: LeadTable = field(default_factory=LeadTable)
    right: LeadTable = field(default_factory=LeadTable)


@dataclass(frozen=True)
class SiteTable:
    """Boundaries, disorder and vector potential; read with symmetry = "full" only."""

    boundary_x: str = key("periodic", doc="boundary along x", choices=["periodic", "open"])
    boundary_y: str = key("periodic", doc="boundary along y", choices=["periodic", "open"])
    file: str | None = key(
        None,
        doc='HDF5 file with data sets "potential" and/or "pairing" (Lx, Ly): '
        "energy and attraction U of every site",
        names_file=True,
    )
    disorder: float = key(
        0.0,
        doc="random site energies in [-disorder/2, disorder/2]",
        unit="t_par",
        min=0,
        max=LARGEST,
    )
    pairing_disorder: float = key(
        0.0, doc="the same for U of every site", unit="t_par", min=0, max=LARGEST
    )
    seed: int = key(1, doc="key of the disorder", min=0)
    A_x: float | dict | str = key(
        0.0,
        doc="vector potential along x (phase of a hop): a number, "
        "{from, to, kind = step|ramp|pulse|sine, ...}, or a two-column file",
        unit="1/lattice constant",
        min=-LARGEST,
        max=LARGEST,
        names_file=True,
    )
    A_y: float | dict | str = key(
        0.0,
        doc="vector potential along y, given as that along x",
        unit="1/lattice constant",
        min=-LARGEST,
        max=LARGEST,
        names_file=True,
    )


# ---- numerics: momentum sums --------------------------------------------------------------------


@dataclass(frozen=True)
class StaticNumerics:
    """The lattice and the accuracy of its momentum sums."""

    lattice: str = key(
        "infinite",
        doc="infinite: the thermodynamic limit; finite: sums over Lx x Ly momenta, as in evolve",
        choices=["infinite", "finite"],
    )
    Lx: int = key(101, doc="sites along x", min=1, max=MOST_SITES)
    Ly: int = key(11, doc="sites along y", min=1, max=MOST_SITES)
    error: float = key(
        1e-9, doc="bound on the errors of the infinite lattice's momentum sums", above=0, below=1
    )


@dataclass(frozen=True)
class MapNumerics(StaticNumerics):
    """The same with looser sums."""

    error: float = like(StaticNumerics, "error", 1e-6)


@dataclass(frozen=True)
class OnsetNumerics(StaticNumerics):
    """The same, and how densely onsets are sought."""

    scan_step: float = key(
        0.05,
        doc="step of the scan for onsets; folds do not depend on it",
        unit="t_par",
        above=0,
        max=1,
    )
    scan_to: float | None = key(
        None,
        doc="end of the scan; default: where no pair survives, judged by the gap at rest",
        unit="t_par",
        above=0,
        max=LARGEST,
    )
    fflo_line: bool = key(
        False,
        doc="critical fields at rest: also the field at which the FFLO state's own free energy "
        "passes the uniform state's (infinite lattice; some 10 s)",
    )


@dataclass(frozen=True)
class BranchNumerics(StaticNumerics):
    """The same, and how finely branches are followed."""

    control: str = key(
        "arclength",
        doc="arclength passes folds; parameter stops at them",
        choices=["arclength", "parameter"],
    )
    step: float = key(
        0.02,
        doc="first and largest step along a branch, in (delta, eV)",
        unit="t_par",
        above=0,
        max=0.2,
    )


@dataclass(frozen=True)
class ModesNumerics(StaticNumerics):
    """Lattice and search; on the infinite lattice each q != 0 takes minutes."""

    lattice: str = like(StaticNumerics, "lattice", "finite")
    Lx: int = like(StaticNumerics, "Lx", 51)
    error: float = like(StaticNumerics, "error", 1e-4)
    floor: float = key(
        0.5,
        doc="modes are sought down to this fraction of the decay rate min(2G, G + pi T) "
        "at which they dissolve",
        min=0,
        max=0.9,
    )


# ---- numerics: evolutions and states on a lattice -----------------------------------------------


@dataclass(frozen=True)
class LatticeNumerics:
    """Lattice, symmetry of the order parameter, poles of the leads' Fermi functions, time step."""

    Lx: int = like(StaticNumerics, "Lx")
    Ly: int = like(StaticNumerics, "Ly")
    symmetry: str = key(
        "stripe",
        doc="stripe: Delta depends on x; stripe-parity: and is even about x = 0; "
        "full: Delta is free on every site",
        choices=["stripe", "stripe-parity", "full"],
    )
    poles: str = key("aaa", doc="expansion of the Fermi function", choices=["aaa", "ozaki"])
    pole_error: float = key(
        1e-6,
        doc="largest error of the broadened Fermi function the poles may have",
        above=0,
        below=1,
    )
    pole_window: float | None = key(
        None,
        doc="energies up to which the poles must be accurate; default: the largest level plus bias",
        unit="t_par",
        above=0,
    )
    dt: float = key(
        0.25,
        doc="time step of an evolution; the error falls as dt^4",
        unit="1/t_par",
        above=0,
        max=2,
    )


@dataclass(frozen=True)
class SpectrumNumerics(LatticeNumerics):
    """Lattice and poles; dt is used for a start from a file only."""

    symmetry: str = like(LatticeNumerics, "symmetry", choices=["stripe"])


@dataclass(frozen=True)
class SteppedNumerics(LatticeNumerics):
    """The same, and how an evolution steps."""

    corrector: int = key(0, doc="further passes over the modes in each step", min=0, max=5)
    precision: str = key(
        "double", doc="mixed: single-precision modes, if full G^<", choices=["double", "mixed"]
    )
    error_estimate: bool = key(
        True,
        doc="estimate the errors from two more runs with twice the step, "
        "one of them with ten times the pole error (as long again)",
    )


@dataclass(frozen=True)
class EnsembleNumerics(SteppedNumerics):
    """Those of ``evolve``; errors are what runs with other steps and seeds show."""

    error_estimate: bool = like(
        SteppedNumerics, "error_estimate", False, doc="not used: sweep dt instead"
    )


@dataclass(frozen=True)
class PatternNumerics(SteppedNumerics):
    """Those of ``evolve`` that a stationary pattern has; no time step."""

    Lx: int = like(StaticNumerics, "Lx", 21)
    Ly: int = like(StaticNumerics, "Ly", 21)
    symmetry: str = like(LatticeNumerics, "symmetry", "full", choices=["full"])


# ---- initial states -----------------------------------------------------------------------------


@dataclass(frozen=True)
class ModesInitial:
    """The uniform state whose modes are asked for."""

    state: str = key("bcs", doc="bcs: a root of the gap equation", choices=["normal", "bcs"])
    root: int = key(-1, doc="which root, ascending from 0; -1: the largest")


@dataclass(frozen=True)
class SpectrumInitial:
    """The state looked at."""

    state: str = key(
        "auto",
        doc="a stationary state (auto: the one of lowest free energy, at zero bias only), "
        "or the last state of another run",
        choices=["auto", "normal", "bcs", "fflo", "file"],
    )
    wave_number: int | None = key(
        None, doc="periods of an fflo state along Lx; default: the best", min=1
    )
    file: str | None = key(
        None, doc='result file of an evolution, for state = "file"', names_file=True
    )

    def __post_init__(self) -> None:
        if self.wave_number is not None and self.state != "fflo":
            raise ValueError(f'wave_number = {self.wave_number}: only state = "fflo" has one')
        if (self.file is None) == (self.state == "file"):
            raise ValueError('file: goes with state = "file", and with no other')


@dataclass(frozen=True)
class Initial:
    """The stationary state before t = 0."""

    state: str = like(
        SpectrumInitial,
        "state",
        choices=["auto", "normal", "bcs", "fflo", "crossed", "pattern", "file"],
        doc="auto: the state of lowest free energy (at zero bias only); file: the last state of "
        'another run, with its modes; with symmetry = "full" also crossed: stripes along x and y, '
        "and pattern: found from the order parameter in another result",
    )
    wave_number: int | None = like(
        SpectrumInitial,
        "wave_number",
        doc="periods of an fflo start along Lx; default: the best",
    )
    file: str | None = like(
        SpectrumInitial,
        "file",
        doc='result file: for state = "file" of a finished evolution, its checkpoints beside it; '
        'for state = "pattern" any with delta of this lattice',
    )
    noise: float = key(
        1e-3,
        doc="standard deviation of a random complex addition to Delta; patterns grow from it",
        unit="t_par",
        min=0,
    )
    noise_sites: bool = key(
        True, doc='with symmetry = "full": every site has its own noise; false: every x'
    )
    seed: int | None = key(None, doc="key of that noise; default: [run] seed", min=0)

    def __post_init__(self) -> None:
        if self.wave_number is not None and self.state not in ("fflo", "crossed"):
            raise ValueError(
                f'wave_number = {self.wave_number}: only state = "fflo" or "crossed" has one'
            )
        if (self.file is None) == (self.state in ("file", "pattern")):
            raise ValueError('file: goes with state = "file" or "pattern", and with no other')


@dataclass(frozen=True)
class PatternInitial(Initial):
    """From where the pattern is looked for."""

    state: str = like(
        Initial,
        "state",
        "crossed",
        choices=["bcs", "fflo", "crossed", "pattern"],
        doc="seed: uniform, a stripe along x, stripes along x and y, the order parameter in a file",
    )
    wave_number: int | None = like(
        Initial,
        "wave_number",
        doc="periods of the seed along Lx; default: the best of the normal state",
    )
    noise: float = like(
        Initial, "noise", 0.0, doc="standard deviation of a random complex addition to the seed"
    )
