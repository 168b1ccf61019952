"""The input tables of the exciton-bec system; energies in eF, momenta in kF."""

from __future__ import annotations

from dataclasses import dataclass

from ...config.schema import key, like
from ...tasks.supercell_tables import SupercellTable

LARGEST_INV = 6.0  # beyond: narrower than any broadening, or a dilute gas of molecules


@dataclass(frozen=True)
class Parameters:
    """Interaction, pumping and decay."""

    inv_kfas: float = key(
        0.0,
        doc="interaction 1/(kF a_s): < 0 BCS side, > 0 BEC side",
        min=-LARGEST_INV,
        max=LARGEST_INV,
    )
    gamma_b: float = key(
        1e-3, doc="pumping (thermalization) rate from the bath", unit="eF", above=0, max=1
    )
    gamma_v: float | None = key(
        None, doc="decay rate into the vacuum; or give ratio", unit="eF", min=0, max=10
    )
    ratio: float | None = key(
        None, doc="decay over pumping, gamma_v/gamma_b; default 0", min=0, max=100
    )
    T_b: float = key(0.0, doc="temperature of the bath", unit="eF", min=0, max=10)

    def __post_init__(self):
        if self.gamma_v is not None and self.ratio is not None:
            raise ValueError(
                f"gamma_v = {self.gamma_v:g} and ratio = {self.ratio:g}: give one of them"
            )

    @property
    def decay(self) -> float:
        """Decay over pumping, gamma_v/gamma_b, whichever of the two keys gives it."""
        if self.gamma_v is not None:
            return self.gamma_v / self.gamma_b
        return 0.0 if self.ratio is None else self.ratio


@dataclass(frozen=True)
class Numerics:
    """Cutoff of the wide bands, and how well the equations are to be solved."""

    p_c: float = key(
        100.0,
        doc="sharp momentum cutoff of gap and number equation; the number grows as gamma_b p_c/pi",
        unit="kF",
        min=5,
        max=1e5,
    )
    number: str = key(
        "cutoff",
        doc="cutoff: count all carriers up to p_c; subtracted: without the tail gamma_b/(pi p^2)",
        choices=["cutoff", "subtracted"],
    )
    tolerance: float = key(
        1e-12, doc="largest residual of gap and number equation", above=0, max=1e-4
    )


@dataclass(frozen=True)
class SteadyNumerics(Numerics):
    """Whether the state is judged."""

    stability: bool = key(
        True, doc="look for the wave that grows fastest on the condensate: seconds a state"
    )


@dataclass(frozen=True)
class BranchNumerics(Numerics):
    """Whether every state of the curves is judged."""

    stability: bool = like(SteadyNumerics, "stability", False)


@dataclass(frozen=True)
class SpectrumNumerics(Numerics):
    """The grids of L(p, w) where [sweep] gives none."""

    points: int = key(301, doc="points of each of the default grids of p and w", min=11, max=5001)
    p_max: float = key(2.0, doc="end of the default grid of p", unit="kF", above=0, max=100)


@dataclass(frozen=True)
class ResponseParameters(Parameters):
    """The condensate, and where and which part of M(q, w) is asked for."""

    ratios: list[float] | None = like(
        Parameters, "ratio", None, doc="a family of gamma_v/gamma_b, instead of ratio"
    )
    part: str = key(
        "full",
        doc="full: M = 2/U - Pi; inter: 2/U - Pi_inter; intra: -Pi_intra, the rest of M",
        choices=["full", "inter", "intra"],
    )
    q: float = key(0.0, doc="momentum of the disturbance, unless swept", unit="kF", min=0, max=20)
    w: float = key(0.0, doc="real part of the frequency, unless swept", unit="eF")
    growth: float = key(
        0.0, doc="imaginary part of all frequencies; above -(gamma_b + gamma_v)", unit="eF"
    )


@dataclass(frozen=True)
class ResponseNumerics(Numerics):
    """Panels of the momentum sums."""

    panels: float = key(
        1.0,
        doc="panels are this many times shorter than their distance from a singularity: "
        "0.4 gives 1e-5, 1 gives 1e-9",
        min=0.3,
        max=4,
    )


@dataclass(frozen=True)
class ModesParameters(Parameters):
    """The condensate, and the momenta of its modes."""

    q: float | list[float] = like(ResponseParameters, "q", 0.05)
    part: str = like(ResponseParameters, "part")


@dataclass(frozen=True)
class ModesNumerics(ResponseNumerics):
    """The search for the zeros of det M."""

    floor: float = key(
        0.99,
        doc="modes are counted and found at Im w > -floor (gamma_b + gamma_v); "
        "negative: only what grows faster",
        min=-100,
        max=0.995,
    )
    count: bool = key(
        True,
        doc="false: modes as an approximant to det M shows them, polished but not counted, "
        "ten times faster where pairs break at high energy only",
    )
    deep: float = key(
        0.97,
        doc="below a higher floor modes are looked for down to -deep (gamma_b + gamma_v), "
        "not counted",
        min=0,
        max=0.98,
    )


@dataclass(frozen=True)
class BoundaryParameters(Parameters):
    """The condensate, and which boundary is asked for; its ratio is what is found.

    With kind = "gap" the input's ratio, if it has one, is where the gapped mode is looked at.
    """

    kind: str = key(
        "A",
        doc="A: attraction, alpha11 = 0; B: a standing pattern, w = 0 at finite q; "
        "C: an oscillating one; gap: Re det M(0, w) gains a zero at real w > 0 "
        "(nothing begins to grow there)",
        choices=["A", "B", "C", "gap"],
    )


@dataclass(frozen=True)
class DiagramNumerics(Numerics):
    """How the stable region is bounded."""

    boundaries: str = key(
        "signs",
        doc="signs: where alpha11 or beta22 vanishes (seconds); "
        "modes: boundaries A, B, C of det M as well",
        choices=["signs", "modes"],
    )
    growth: bool = key(
        False,
        doc='with boundaries = "modes": the largest growth rate over all momenta at every ratio '
        "as well (a second or two each)",
    )
    switch: float = like(
        Parameters,
        "inv_kfas",
        -0.8,
        doc="boundary C is sought for inv_kfas below this, and followed beyond it",
    )
    refine: int = key(
        0,
        doc="rounds in which interactions are added where a line bends, begins or ends; "
        'with boundaries = "modes" the tip of the unstable region is solved for as well',
        min=0,
        max=6,
    )


# ---- supercells --------------------------------------------------------------------------------


@dataclass(frozen=True)
class CellTable(SupercellTable):
    """The cell, in units of this system."""

    length: float | None = like(SupercellTable, "length", unit="1/kF")
    p_max: float = like(SupercellTable, "p_max", unit="kF")
    y_max: float = like(SupercellTable, "y_max", unit="kF^2")
    across: float | None = like(SupercellTable, "across", unit="kF")


@dataclass(frozen=True)
class CellNumerics(Numerics):
    """The cell, and the poles that stand for the bath."""

    p_c: float = like(
        Numerics,
        "p_c",
        doc="sharp momentum cutoff of the uniform condensate that "
        "tells the coupling; the cell's box is in [numerics.supercell]",
    )
    wave_number: float = key(
        0.5, doc="wave number G of the pattern, of the kick's wave", unit="kF", above=0, max=20
    )
    supercell: CellTable = key(CellTable(), doc="the cell and its momenta")
    pole_error: float | None = key(
        None,
        doc="error of the poles that stand for the bath; default: 1e-3, of pairs 1e-4",
        above=0,
        max=1e-1,
    )


@dataclass(frozen=True)
class EvolveNumerics(CellNumerics):
    """The cell, and the time step."""

    dt: float | None = key(
        None,
        doc="time step; default: the longest for which the gap equation need not be solved for; "
        "longer ones take two passes and more",
        unit="1/eF",
        above=0,
    )
    precision: str = key(
        "double", doc="of the bath modes; mixed: single", choices=["double", "mixed"]
    )
    error_estimate: bool = key(
        True, doc="estimate errors from runs with twice the step, a smaller box, another grid"
    )


@dataclass(frozen=True)
class PatternNumerics(CellNumerics):
    """The cell, and what is told of the pattern."""

    pole_error: float = like(
        CellNumerics, "pole_error", 1e-4, doc="error of the poles that stand for the bath"
    )
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


@dataclass(frozen=True)
class PatternInitial:
    """Where Newton's method starts, and which pattern is meant."""

    delta_0: float | None = key(
        None,
        doc="Delta_0 of the start; default: several starts, all patterns are listed",
        unit="eF",
        above=0,
        max=10,
    )
    delta_1: float | None = key(
        None, doc="Delta_1 of the start, with delta_0", unit="eF", min=-10, max=10
    )
    branch: str = key(
        "strong",
        doc="of several patterns: strong has the largest |Delta_1|, weak the smallest",
        choices=["strong", "weak"],
    )
    amplitude: float | None = key(
        None,
        doc="|Delta_1| of a pattern on the branch that leaves the uniform condensate where this "
        "wave begins to grow: ratio is then found, and that of the input is one at which the wave "
        "grows; in a cell that is not even it may travel",
        unit="eF",
        above=0,
        max=10,
    )
    onset: str = key(
        "lower",
        doc="with amplitude: the wave begins to grow at a smaller ratio than that of the input, "
        "or, upper, at a larger one",
        choices=["lower", "upper"],
    )
    mode: int = key(
        1,
        doc="with amplitude: from the onset of the fastest mode of the wave, or of the second",
        min=1,
        max=2,
    )

    def __post_init__(self) -> None:
        both_or_neither(self.delta_0, self.delta_1)


def both_or_neither(delta_0: float | None, delta_1: float | None) -> None:
    """ValueError for one of them alone."""
    if (delta_0 is None) != (delta_1 is None):
        raise ValueError("delta_0 and delta_1: give both or neither")


@dataclass(frozen=True)
class EvolveInitial:
    """The field that kicks the uniform condensate, added to its order parameter in H."""

    start: str = key(
        "uniform",
        doc="uniform: the condensate; pattern: stripes at rest, found from delta_0 and delta_1",
        choices=["uniform", "pattern"],
    )
    kick: float = key(
        1e-3, doc="strength f of f cos(G x) e^{-(t-t0)^2/s^2}", unit="eF", min=0, max=1
    )
    noise: float = key(
        0.0,
        doc="size of random amplitudes of all harmonics in the same pulse, by [run] seed",
        unit="eF",
        min=0,
        max=1,
    )
    kick_time: float = key(6.0, doc="middle t0 of the pulse", unit="1/eF", min=0)
    kick_width: float = key(1.5, doc="width s of the pulse", unit="1/eF", above=0)
    kick_across: float = key(
        0.0, doc="strength of the wave across in the same pulse", unit="eF", min=0, max=1
    )
    delta_0: float | None = like(PatternInitial, "delta_0")
    delta_1: float | None = like(PatternInitial, "delta_1")
    branch: str = like(PatternInitial, "branch")

    def __post_init__(self) -> None:
        both_or_neither(self.delta_0, self.delta_1)
