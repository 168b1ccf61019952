"""The input tables of the fermi-gas; energies in mu, momenta in pF (2m = 1), times in 1/mu."""

from __future__ import annotations

from dataclasses import dataclass

from ...config.schema import key, like
from ...tasks.supercell_tables import SupercellTable

NAMES = ("NBCS", "NIG", "NFF", "NFF'")
HIGHEST_DMU = 0.9  # reservoirs stay above the bottom of the band


# ---- parameters --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameters:
    """Reservoirs and interaction."""

    gamma: float = key(
        0.005,
        doc="coupling to each reservoir; levels have half-width 2 gamma; "
        "0: the limit of weak coupling",
        unit="mu",
        min=0,
        max=1,
    )
    T: float = key(0.0, doc="temperature of the reservoirs", unit="mu", min=0, max=1)
    dmu: float = key(
        0.0,
        doc="half the difference of the reservoirs' chemical potentials",
        unit="mu",
        min=0,
        below=HIGHEST_DMU,
    )
    inv_kfas: float = key(-1.0, doc="interaction 1/(pF a_s), the BCS side", min=-3, max=0)


@dataclass(frozen=True)
class SteadyParameters(Parameters):
    """Reservoirs with equal or unequal couplings."""

    gamma_left: float | None = key(
        None,
        doc="coupling to the reservoir at mu + dmu where it differs from that to the other; "
        "with gamma_right, instead of gamma",
        unit="mu",
        min=0,
        max=1,
    )
    gamma_right: float | None = key(
        None,
        doc="coupling to the reservoir at mu - dmu; "
        "states as they continue those of equal couplings",
        unit="mu",
        min=0,
        max=1,
    )

    def __post_init__(self) -> None:
        if (self.gamma_left is None) != (self.gamma_right is None):
            raise ValueError("gamma_left and gamma_right: give both or neither")
        if self.unequal and self.gamma_left + self.gamma_right == 0:
            raise ValueError(
                "gamma_left + gamma_right must be > 0: "
                "unequal couplings have no limit of their own here"
            )

    @property
    def unequal(self) -> bool:
        """Whether the couplings differ."""
        return self.gamma_left != self.gamma_right

    @property
    def mean_coupling(self) -> float:
        """The coupling, or the mean of the two."""
        if self.gamma_left is None:
            return self.gamma
        return 0.5 * (self.gamma_left + self.gamma_right)


@dataclass(frozen=True)
class BranchParameters(Parameters):
    """One of the steady states."""

    branch: str = key(
        "NBCS",
        doc="which steady state; Q = 0: NBCS has the larger order parameter, NIG the smaller; "
        "Q > 0: NFF the smaller, NFF' the larger; normal: the gas without pairs (momentum only)",
        choices=list(NAMES),
    )


@dataclass(frozen=True)
class MomentumParameters(Parameters):
    """One of the steady states, or the normal gas."""

    branch: str = like(BranchParameters, "branch", choices=[*NAMES, "normal"])


@dataclass(frozen=True)
class CurrentParameters(BranchParameters):
    """A fixed order parameter, and the wave number Q it is given."""

    delta: float | None = key(
        None,
        doc="order parameter held fixed; default: that of the branch at this point",
        unit="mu",
        above=0,
        max=2,
    )


@dataclass(frozen=True)
class WaveParameters(BranchParameters):
    """One of the steady states, and a wave on it."""

    q: float = key(0.0, doc="wave number of the disturbance", unit="pF", min=0, max=2)
    angle: float = key(0.0, doc="angle between q and Q", unit="rad", min=0, max=6.2832)


@dataclass(frozen=True)
class StabilityParameters(BranchParameters):
    """One of the steady states, and a wave on it; without one, every wave is looked at."""

    q: float | None = like(
        WaveParameters,
        "q",
        None,
        doc="wave number of the disturbance; default: all, to past 2Q, and the fastest is given",
    )
    angle: float | None = like(
        WaveParameters,
        "angle",
        None,
        doc="angle between q and Q; default: 0, and all of them where q is not given",
    )


@dataclass(frozen=True)
class EvolveParameters(WaveParameters):
    """The state, the wave on it, and for model kinetic and memory a ramp of dmu."""

    dmu_end: float | None = key(
        None,
        doc="dmu after the ramp (model kinetic, memory); default: no ramp",
        unit="mu",
        min=0,
        below=HIGHEST_DMU,
    )
    ramp_begin: float = key(0.0, doc="start of the ramp", unit="1/mu", min=0)
    ramp_time: float = key(1000.0, doc="length of the ramp", unit="1/mu", above=0)
    ramp_back: bool = key(False, doc="afterwards back to dmu in as long")
    free_Q: bool = key(
        False,
        doc="Q moves so that no net current flows at any time "
        "(closed ends; model kinetic, memory); else it is held",
    )


# ---- numerics ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numerics:
    """The radial momentum grid."""

    dp: float = key(
        0.05,
        doc="longest panel (of 12 points) between .7 and 1.3 pF; panels shorten towards every kink",
        unit="pF",
        above=0,
        max=0.1,
    )
    gap_cutoff: float | None = key(
        None,
        doc="where the sum of the gap equation ends; default: nowhere, the interaction is "
        "renormalized. The current has no cutoff",
        unit="pF",
        min=5,
        max=1e6,
    )


@dataclass(frozen=True)
class PlaneNumerics(Numerics):
    """The grid of momenta where [sweep] gives none."""

    points: int = key(401, doc="points of each default grid of momenta", min=11, max=5001)
    p_max: float = key(1.5, doc="end of each default grid of momenta", unit="pF", above=0, max=50)


@dataclass(frozen=True)
class WaveNumerics(Numerics):
    """Momentum grid and kernel of the linearised equation."""

    angles: int = key(
        32,
        doc="points of cos(angle between p and Q) at least; more where levels touch an edge",
        min=4,
        max=1024,
    )
    variant: str = key(
        "C",
        doc="A: the paper's equation; C: its drive exact to first order in the gradient; "
        "D: exact mean field with the baths' memory",
        choices=["A", "C", "D"],
    )
    fine: float = key(
        1.0,
        doc="how fine panels and angles are where the summand is sharp, in units of its width",
        min=0.1,
        max=8,
    )


@dataclass(frozen=True)
class CellTable(SupercellTable):
    """A cell that is periodic along x, in units of this system."""

    length: float | None = like(SupercellTable, "length", unit="1/pF")
    bloch_points: int | None = like(SupercellTable, "bloch_points")
    p_max: float = like(SupercellTable, "p_max", 2.4, unit="pF")
    y_max: float = like(SupercellTable, "y_max", 6.0, unit="pF^2")
    across: float | None = like(SupercellTable, "across", unit="pF")


@dataclass(frozen=True)
class EvolveNumerics(WaveNumerics):
    """Equation, momentum grid and steps."""

    fine: float = like(WaveNumerics, "fine", 0.5)
    model: str = key(
        "linear",
        doc="linear: Eq. (74), variant A or C; kinetic: Eq. (69) in full, one Q; "
        "memory: exact mean field with the reservoirs' memory, one Q",
        choices=["linear", "kinetic", "memory"],
    )
    p_c: float = key(
        2.0,
        doc="momenta below are evolved, those above follow Delta adiabatically to second order",
        unit="pF",
        min=1.4,
        max=3,
    )
    dt: float | None = key(
        None,
        doc="step; default: 1.2 over the fastest rate, so that twice the step is stable; "
        "with memory 1.45 over the frequency of pairs at p_c",
        unit="1/mu",
        above=0,
    )
    pole_error: float = key(
        1e-5,
        doc="error of the poles that stand for each reservoir (model memory, supercell)",
        above=0,
        max=1e-2,
    )
    error_estimate: bool = key(True, doc="estimate errors from a run with twice the step")
    wave_number: float | None = key(
        None,
        doc="supercell: wave number of the kick's wave; default: Q of the branch, else 0.17",
        unit="pF",
        above=0,
        max=2,
    )
    supercell: CellTable | None = key(
        None,
        doc="evolve the exact mean field with memory in this cell, in which Delta may vary in "
        "space; default: no cell, as model says",
    )
    precision: str = key(
        "double",
        doc="of the bath modes of a supercell; mixed: single",
        choices=["double", "mixed"],
    )


@dataclass(frozen=True)
class PatternNumerics(Numerics):
    """The cell of a pattern, and what is told of it."""

    wave_number: float = like(
        EvolveNumerics, "wave_number", 0.17, doc="G: Delta(x + pi/G) = -Delta(x)"
    )
    supercell: CellTable = key(CellTable(), doc="the cell and its momenta")
    pole_error: float = like(EvolveNumerics, "pole_error", 1e-4)
    stability: bool = key(
        True, doc="count and find the modes of the cell that grow: as costly as hundreds of states"
    )
    modes: str = key(
        "winding",
        doc="how growing modes are found: winding counts zeros of det M; jacobian: eigenvalues of "
        "the Jacobian next to shifts, by SLEPc, not counted, with more memory",
        choices=["winding", "jacobian"],
    )
    error_estimate: bool = key(
        True, doc="estimate errors from the pattern in a smaller box and on another grid"
    )


# ---- initial -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class EvolveInitial:
    """Where the evolution starts."""

    start: str = key(
        "branch",
        doc="branch: the steady state; normal: no pairs (model kinetic, memory, supercell); "
        "pattern: the Larkin-Ovchinnikov state of wave_number (supercell)",
        choices=["branch", "normal", "pattern"],
    )
    kick: float = key(
        1e-3,
        doc="added to Delta at t = 0: amplitude of the wave, or change of |Delta|",
        unit="mu",
        min=-2,
        max=2,
    )
    kick_Q: float = key(0.0, doc="added to Q at t = 0 (free_Q)", unit="pF", min=-0.5, max=0.5)
    noise: float = key(
        0.0,
        doc="supercell: size of random amplitudes of all harmonics in the kick, by [run] seed",
        unit="mu",
        min=0,
        max=1,
    )
    kick_time: float = key(
        12.0,
        doc="supercell: the kick is a field kick cos(G x) e^{-(t-t0)^2/s^2}: t0",
        unit="1/mu",
        min=0,
    )
    kick_width: float = key(3.0, doc="supercell: width s of the kick", unit="1/mu", above=0)
    delta_1: float | None = key(
        None,
        doc='start = "pattern": Delta_1 of its search; default: several, the lowest potential wins',
        unit="mu",
        above=0,
        max=2,
    )
    uniform_share: float = key(
        0.0,
        doc='start = "pattern": share of the cell, around x = 0, that starts as NBCS instead',
        min=0,
        below=1,
    )
    kick_across: float = key(
        0.0,
        doc="supercell.across: strength of the wave across in the kick",
        unit="mu",
        min=0,
        max=1,
    )
    field: float = key(
        0.0,
        doc="constant pairing field that seeds pairs, in the gap equation's units "
        "(model kinetic, memory)",
        min=-1,
        max=1,
    )


@dataclass(frozen=True)
class PatternInitial:
    """Where Newton's method starts."""

    delta_1: float | None = like(
        EvolveInitial,
        "delta_1",
        doc="Delta_1 = Delta_-1 of the start; default: several starts, and of the states found, "
        "which are all listed, that of the lowest potential",
    )
