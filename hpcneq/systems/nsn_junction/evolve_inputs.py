"""Tables of ``evolve``: how far bath modes of a full lattice reach, and its start."""

from __future__ import annotations

from dataclasses import dataclass

from ...config.schema import key
from .inputs import MOST_SITES, Initial, SteppedNumerics


@dataclass(frozen=True)
class EvolveNumerics(SteppedNumerics):
    """The same, and how far from its lead a bath mode is kept on a full lattice."""

    range: float | None = key(
        None,
        doc='with symmetry = "full": bath modes are kept within this many of their decay lengths '
        "1/arsinh(|Re rate|/2), about v/Im z, of the site whose lead they come from; default: all "
        "rows. The error estimate then has a third run, with 1.4 times the range",
        min=0.5,
        max=100,
    )
    green_range: int | None = key(
        None,
        doc="with range: the equal-time correlations, and so the modes, are kept between sites no "
        "further apart than this, along x and along y; default: all",
        unit="lattice constant",
        min=2,
        max=MOST_SITES,
    )
    quasi_static: float | None = key(
        None,
        doc="with range: modes whose decay rate times dt is at least this have no matrix, they "
        "follow Delta, right to first order in 1/rate; their error is part of that of the step",
        min=1,
        max=1000,
    )

    def __post_init__(self) -> None:
        if self.range is not None and self.symmetry != "full":
            raise ValueError('range: goes with symmetry = "full" only')
        for name in ("green_range", "quasi_static"):
            if vars(self)[name] is not None and self.range is None:
                raise ValueError(f"{name}: goes with range only")
        if self.range is not None and self.corrector:
            raise ValueError("corrector: must be 0 with range")


@dataclass(frozen=True)
class EvolveInitial(Initial):
    """The same, a pattern found without the lattice's defects, and vortices written on it."""

    clean: bool = key(
        False,
        doc='with symmetry = "full": the order parameter is found self-consistently on a periodic '
        "lattice without disorder and file of [sites], which takes far less time; electrons at "
        "t = 0 are those of the lattice with them in this order parameter, so that it changes "
        "from t = 0 on",
    )

    vortices: list[list[float]] = key(
        [],
        doc='with symmetry = "full": [x, y, turns of the phase] of vortices that are written on '
        "the stationary order parameter before t = 0, between the four sites around x, y; on a "
        "periodic lattice turns add up to 0",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for vortex in self.vortices:
            if len(vortex) != 3 or vortex[2] != round(vortex[2]):
                raise ValueError(f"vortices: needs [x, y, whole turns] of each, got {vortex}")
        if self.vortices and self.state == "normal":
            raise ValueError('vortices: state = "normal" has no phase that could turn')
        if self.clean and self.state == "normal":
            raise ValueError('clean: state = "normal" has no order parameter that defects change')
