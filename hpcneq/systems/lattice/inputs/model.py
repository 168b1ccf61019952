"""The model: a cell, a Python function, a file of Wannier90; prescribed pairing."""

from __future__ import annotations

from dataclasses import dataclass

from ....config.schema import key, like
from .limits import LARGEST, MOST, UNIT, Value

ONE_OF = "exactly one of cell, python, wannier90 must be given"


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
    python: str | None = key(
        None, doc='"file.py:function", which returns a hpcneq.lattice.Model', names_file=True
    )
    arguments: dict = key({}, doc="keyword arguments of that function")
    wannier90: str | None = key(
        None, doc="file of Wannier90: x_hr.dat or x_tb.dat", names_file=True
    )
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
