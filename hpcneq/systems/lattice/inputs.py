"""The input tables of the lattice: model, interaction, leads, numerics, initial states.

Energies are in the unit of the model's own numbers, times in its inverse, e = hbar = k_B = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...config.schema import key, like

LARGEST = 1e6  # energies and times beyond this are mistakes
MOST = 10**6  # cells along one direction
UNIT = "energy"
Value = float | list[float | list[float | list[float]]]  # a number, [re, im], or a matrix of these
DRIVE = "a number, {from, to, kind = step|ramp|pulse|sine, at, duration, ...} or a two-column file"
ONE_OF = "exactly one of cell, python, wannier90 must be given"


# ---- parameters ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameters:
    """The bias: lead a is at ``bias`` times eV, plus its own V."""

    eV: float = key(0.0, doc="bias", unit=UNIT, min=-LARGEST, max=LARGEST)
    phase: float = key(
        0.0, doc="phase that bcs leads are turned by, times their turn", min=-LARGEST, max=LARGEST
    )


@dataclass(frozen=True)
class EvolveParameters(Parameters):
    """The same with a bias that may change in time."""

    eV: float | dict | str = like(Parameters, "eV", doc=f"bias: {DRIVE}")


@dataclass(frozen=True)
class SpectrumParameters(Parameters):
    """The bias, and where the spectrum is looked at."""

    k: list[list[float]] = key(
        [], doc="wave vectors at which the spectrum is wanted too", unit="1/length"
    )


# ---- the model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Orbital:
    """One orbital of the cell."""

    name: str = key(doc="name")
    at: list[float] = key(doc="position in the cell", unit="length")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A crystal: orbitals in a cell that is repeated."""

    vectors: list[list[float]] = key(doc="lattice vectors", unit="length")
    orbitals: list[Orbital] = key(doc="the orbitals of one cell")
    size: list[int] = key(doc="cells along each vector", min=1, max=MOST)
    periodic: list[bool] = key([], doc="whether each direction closes in a ring; default: no")


@dataclass(frozen=True, kw_only=True)
class Hop:
    """h_{to(R + shift), from(R)} = value, and its Hermitian conjugate."""

    from_: str = key(key="from", doc="orbital")
    to: str = key(doc="orbital")
    shift: list[int] = key([], doc="cells from the one to the other; default: the same cell")
    value: Value = key(
        doc="amplitude: a number, [re, im], or a 2x2 spin matrix [[uu, ud], [du, dd]] of these",
        unit=UNIT,
    )


@dataclass(frozen=True, kw_only=True)
class Onsite:
    """Energy of an orbital."""

    on: str | int | list[int] = key(doc="orbital, or sites by number")
    value: Value = like(Hop, "value", doc="energy: a number or a Hermitian 2x2 spin matrix")


@dataclass(frozen=True)
class ModelTable:
    """The tight-binding model: a cell, a Python function, or a file of Wannier90."""

    spin: str = key(
        "z",
        doc="z: spin along z is conserved; full: it is not (spin-orbit coupling); none: spinless",
        choices=["z", "full", "none"],
    )
    cell: Cell | None = key(None, doc="a crystal, cut out")
    hop: list[Hop] = key([], doc="hops between the orbitals of the cell")
    onsite: list[Onsite] = key([], doc="energies of orbitals or sites")
    python: str | None = key(None, doc='"file.py:function", which returns a hpcneq.lattice.Model')
    arguments: dict = key({}, doc="keyword arguments of that function")
    wannier90: str | None = key(None, doc="file of Wannier90: x_hr.dat or x_tb.dat")
    size: list[int] = key([], doc="with wannier90: cells along each vector", min=1, max=MOST)
    periodic: list[bool] = key([], doc="with wannier90: which directions close in a ring")
    cutoff: float = key(
        0.0, doc="with wannier90: smaller hops are left out", unit=UNIT, min=0, max=LARGEST
    )
    centers: list[list[float]] = key(
        [], doc="with x_hr.dat: position of every orbital", unit="length"
    )
    vectors: list[list[float]] = key(
        [], doc="with x_hr.dat: lattice vectors; default: the unit vectors", unit="length"
    )

    def __post_init__(self) -> None:
        given = [self.cell, self.python, self.wannier90]
        if sum(part is not None for part in given) != 1:
            raise ValueError(ONE_OF)
        if self.cell is None and self.hop:
            raise ValueError("hop: goes with cell; the hops of other models are their own")
        if self.python is None and self.arguments:
            raise ValueError("arguments: goes with python")
        if self.wannier90 is None and (self.size or self.periodic or self.cutoff):
            raise ValueError(
                "size, periodic, cutoff: go with wannier90 (those of a cell stand in it)"
            )
        if self.wannier90 is None and (self.centers or self.vectors):
            raise ValueError("centers, vectors: go with wannier90")


@dataclass(frozen=True, kw_only=True)
class PairingTerm:
    """A prescribed pairing D_{to(R + shift), from(R)} = value, symmetric in the two sites."""

    from_: str = like(Hop, "from_")
    to: str = like(Hop, "to")
    shift: list[int] = like(Hop, "shift")
    value: float | list[float] = key(doc="D: a number or [re, im]", unit=UNIT)


@dataclass(frozen=True)
class Pairing:
    """Prescribed pairing, not self-consistent."""

    terms: list[PairingTerm] = key([], doc="terms of D", whole=True)


# ---- interaction and fields ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Bond:
    """-V n_i n_j on the bonds from -> to."""

    from_: str = like(Hop, "from_")
    to: str = like(Hop, "to")
    shift: list[int] = like(Hop, "shift")
    V: float = key(doc="attraction", unit=UNIT, min=-LARGEST, max=LARGEST)


@dataclass(frozen=True)
class Interaction:
    """Attraction -U n_up n_dn on sites, -V n_i n_j on bonds, in mean field."""

    U: float | list[float] | dict = key(
        0.0,
        doc="attraction: a number, one for each site, {orbital = number}, or in evolve a drive",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    bond: list[Bond] = key([], doc="attraction between neighbours")
    hartree: bool = key(False, doc="whether densities shift the levels")
    exchange: bool = key(False, doc="whether bonds are renormalised (Fock)")


@dataclass(frozen=True)
class Disorder:
    """Random energies and hops, the same on any number of ranks."""

    onsite: float = key(
        0.0, doc="site energies in [-onsite/2, onsite/2]", unit=UNIT, min=0, max=LARGEST
    )
    hop: float = key(0.0, doc="hops times 1 + [-hop/2, hop/2]", min=0, max=2)
    seed: int = key(1, doc="key of the disorder", min=0)


@dataclass(frozen=True)
class VectorPotential:
    """Peierls phases h_ij e^{i A.(r_i - r_j)}; a prescribed pairing is held as given."""

    A: list[float | dict | str] = key(
        [], doc=f"components of A, each {DRIVE}", unit="1/length", min=-LARGEST, max=LARGEST
    )


# ---- leads --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A reservoir that touches sites of the lattice."""

    kind: str = key(
        "wide",
        doc="wide: normal metal; chain: half-infinite chains; bcs: superconductor; file: tabulated",
        choices=["wide", "chain", "bcs", "file"],
    )
    sites: str | list[int] | dict[str, str] = key(
        doc='group, list of sites, {x = "min"|"max"} by position or {a1 = "min"|"max"} by cell'
    )
    orbitals: list[str] = key([], doc="only these orbitals of the sites; default: all")
    spin: str = key("both", doc="which spin it takes", choices=["both", "up", "down"])
    gamma: float | list[float] | None = key(
        None,
        doc="half width of levels, Sigma = -i gamma, wide and bcs; a number or one for each site",
        unit=UNIT,
        min=0,
        max=LARGEST,
    )
    hopping: float | None = key(None, doc="chain: its hopping", unit=UNIT, above=0, max=LARGEST)
    contact: float | None = key(
        None, doc="chain: hop onto the lattice", unit=UNIT, min=0, max=LARGEST
    )
    file: str | None = key(
        None, doc="file: columns w, Gamma; or w and a matrix Gamma row by row (real, or re im)"
    )
    delta: float | None = key(None, doc="bcs: its gap", unit=UNIT, above=0, max=LARGEST)
    phase: float | dict | str = key(
        0.0, doc=f"bcs: phase of the gap, {DRIVE}", min=-LARGEST, max=LARGEST
    )
    turn: float = key(
        0.0, doc="bcs: share of [parameters] phase in its phase", min=-LARGEST, max=LARGEST
    )
    dynes: float | None = key(
        None, doc="bcs: broadening; default: 1e-3 delta", unit=UNIT, above=0, max=LARGEST
    )
    T: float = key(0.02, doc="temperature", unit=UNIT, above=0, max=LARGEST)
    mu: float = key(
        0.0, doc="chemical potential at zero bias", unit=UNIT, min=-LARGEST, max=LARGEST
    )
    h: float = key(0.0, doc="spin splitting of its band", unit=UNIT, min=-LARGEST, max=LARGEST)
    bias: float = key(0.0, doc="share of eV that it is raised by", min=-LARGEST, max=LARGEST)
    V: float | dict | str = key(
        0.0, doc=f"its own potential, {DRIVE}", unit=UNIT, min=-LARGEST, max=LARGEST
    )

    def __post_init__(self) -> None:
        needed = {
            "wide": ("gamma",),
            "bcs": ("gamma", "delta"),
            "chain": ("hopping", "contact"),
            "file": ("file",),
        }[self.kind]
        for name in ("gamma", "hopping", "contact", "file", "delta", "dynes"):
            given = vars(self)[name] is not None
            if name in needed and not given:
                raise ValueError(f'{name}: missing; kind = "{self.kind}" needs it')
            allowed = needed + (("dynes",) if self.kind == "bcs" else ())
            if given and name not in allowed:
                raise ValueError(f'{name}: kind = "{self.kind}" has none')
        if self.kind != "bcs" and (self.phase != 0 or self.turn):
            raise ValueError(f'phase, turn: kind = "{self.kind}" has none')


@dataclass(frozen=True)
class Leads:
    """The leads by name."""

    named: dict[str, Lead] = key({}, doc="leads by name", whole=True)


# ---- numerics -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numerics:
    """How precisely the leads are represented, and limits of the solvers."""

    fit_error: float = key(
        1e-5,
        doc="largest relative error of the leads' widths and fillings by their poles",
        above=0,
        below=1,
    )
    window: float | None = key(
        None,
        doc="energies up to which wide leads are accurate; default: all levels and biases",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    tail: float | None = key(
        None,
        doc="energy at which the tail of a bcs lead is cut off; default: 600 delta",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    floor: float = key(
        1e-3,
        doc="width of chain and file leads outside their band, of the largest width",
        min=0,
        max=1,
    )
    damping: float = key(
        0.0,
        doc="half width of a lead on every site, for states that no other lead damps",
        unit=UNIT,
        min=0,
        max=LARGEST,
    )
    damping_T: float = key(
        0.02, doc="temperature of that lead, at mu = 0", unit=UNIT, above=0, max=LARGEST
    )
    uniform: str = key(
        "auto",
        doc="whether only states are sought that repeat along rings as model and leads do, by "
        "momenta; auto: of large models",
        choices=["auto", "yes", "no"],
    )
    tolerance: float = key(
        1e-9, doc="largest residual of a self-consistent state", unit=UNIT, above=0, below=1
    )
    seeds: int = key(4, doc="random starts of self-consistency besides the usual", min=0, max=1000)


@dataclass(frozen=True)
class SteadyNumerics(Numerics):
    """The same, and how stationary states are found."""

    stability: bool = key(True, doc="whether the stability of each state is found")
    marginal: float = key(
        1e-7, doc="growth rates below it count as marginal", unit=UNIT, above=0, below=1
    )
    periodic_steps: int = key(
        80, doc="steps of a period where two bcs leads differ in bias", min=8, max=10**6
    )


@dataclass(frozen=True)
class EvolveNumerics(Numerics):
    """The same, and how the evolution steps."""

    dt: float = key(
        0.05,
        doc="time step; the error falls as dt^4",
        unit="1/energy",
        above=0,
        max=LARGEST,
    )
    method: str = key(
        "auto",
        doc="frozen: exponentials of whole steps; etd: only levels exact; auto: by size",
        choices=["auto", "frozen", "etd"],
    )
    error_estimate: bool = key(
        True, doc="estimate the errors from runs with twice the step and looser fits"
    )


@dataclass(frozen=True)
class TransportNumerics(SteadyNumerics):
    """Those of ``steady``, and the quadrature over energies."""

    energies: str = key(
        "auto",
        doc="poles: from the leads' poles; window: integral over the bias window, exact leads "
        "(normal leads, no interaction); auto: by size",
        choices=["auto", "poles", "window"],
    )
    quadrature_error: float = key(
        1e-7, doc="largest error of that integral", unit=UNIT, above=0, below=1
    )
    stability: bool = like(SteadyNumerics, "stability", False)


@dataclass(frozen=True)
class SpectrumNumerics(SteadyNumerics):
    """Those of ``steady``, and the energies looked at."""

    energy_min: float = key(-3.0, doc="lowest energy", unit=UNIT, min=-LARGEST, max=LARGEST)
    energy_max: float = key(3.0, doc="highest energy", unit=UNIT, min=-LARGEST, max=LARGEST)
    points: int = key(301, doc="energies", min=2, max=10**5)
    stability: bool = like(SteadyNumerics, "stability", False)

    def __post_init__(self) -> None:
        if self.energy_max <= self.energy_min:
            raise ValueError("energy_max: must be > energy_min")


# ---- initial states -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Initial:
    """From where self-consistent states are sought; the state before t = 0 of an evolution."""

    state: str = key(
        "auto",
        doc="auto: several seeds; seed: the one given by delta and bond; normal: without pairs",
        choices=["auto", "seed", "normal"],
    )
    delta: float | list[float] | None = key(
        None,
        doc="on-site pairing of the seed; a number or one for each site",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    bond: float | list[float] | dict[str, float] | None = key(
        None,
        doc="bond pairing of the seed: a number, one for each [interaction] bond, or {x = , y = }",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    noise: float = key(
        0.0, doc="standard deviation of a random addition to the seed", unit=UNIT, min=0
    )
    seed: int | None = key(None, doc="key of random starts; default: [run] seed", min=0)


@dataclass(frozen=True)
class EvolveInitial(Initial):
    """The same; a closed system has the temperature of its start here."""

    T: float | None = key(
        None, doc="temperature of a closed system's start", unit=UNIT, min=0, max=LARGEST
    )
