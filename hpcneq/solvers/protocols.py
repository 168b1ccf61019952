"""What the solvers ask of a problem: its equations as arrays, and what it can do besides.

A problem owns its physics and knows nothing of ranks: ``part`` is the range of items (momenta,
sites, blocks, frequencies) that a rank has, and a sum over items is returned as one row for each of
them. The solver owns communication; it adds rows in a fixed order and hands every rank the same
sums, so that all ranks take the same branch.

What only some problems can do is a protocol of its own, such as `SteadyTangent`: a problem has that
ability if it has the method. Nothing is inherited from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from scipy import sparse

from ..maths.arrays import ArrayLike, ComplexArray, FloatArray, IntArray, NumberArray
from ..parallel import Communicator, Part
from .output_times import Row

Prepared = TypeVar("Prepared")
Fields = Mapping[str, ComplexArray]
Observables = Mapping[str, object]

# ---- coupled equations: solvers.newton and solvers.continuation ----------------------------------


class Steady(Protocol[Prepared]):
    """Equations F(x) = 0 with real unknowns x (n,), costly only in sums over ``items``."""

    @property
    def items(self) -> int:
        """Independent pieces of work, distributed over ranks."""

    def prepare(self, x: FloatArray, part: range) -> Prepared:
        """What residual and tangent at ``x`` share on the items of ``part``."""

    def partials(self, prepared: Prepared) -> FloatArray:
        """The rows (len(part), ...) whose sums over all items the residual needs."""

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """F (n,) from the sums (...); for a gap equation x - sums, so that plain iteration
        converges.
        """


@runtime_checkable
class SteadyTangent(Protocol):
    """Equations whose derivative is known, the residual being linear in (x, sums)."""

    def tangent_partials(self, prepared: object, dx: FloatArray) -> FloatArray:
        """The rows (len(part), ...) of the derivative of the sums along ``dx`` (n,)."""


@runtime_checkable
class SteadySymmetries(Protocol):
    """Equations with continuous symmetries: directions along which a root may be moved."""

    def symmetries(self, x: FloatArray) -> FloatArray:
        """Orthonormal directions (k, n) at ``x``; k may be 0."""


class Family(Protocol):
    """Steady equations with a control parameter, all with as many items and unknowns."""

    def at(self, p: float) -> Steady[object]:
        """The equations at the value ``p`` of the parameter."""


# ---- evolutions: solvers.evolution on the states of mean_field, auxiliary_modes, site_columns ----


class Evolving(Protocol):
    """What every system that evolves in time tells of its drive."""

    def breakpoints(self, t_max: float) -> Sequence[float]:
        """Times 0 < t < ``t_max``, ascending, at which the drive or its slope jumps."""


class MeanField(Evolving, Protocol):
    """Independent items (k points, momenta, sites) coupled by a mean field c of their sums.

    ``side`` is -1 at the end of a segment, before a drive that jumps there has jumped, else +1.
    """

    @property
    def fields(self) -> Mapping[str, tuple[int, ...]]:
        """name -> shape of one item's entry; all complex."""

    @property
    def items(self) -> int:
        """Number of items, distributed over ranks."""

    def start(self, part: range) -> Mapping[str, ArrayLike]:
        """name -> initial values (len(part), *shape)."""

    def partials(self, t: float, local: Fields, part: range) -> NumberArray:
        """The rows (len(part), ...) whose sums over all items make the mean field."""

    def close(self, sums: NumberArray) -> ComplexArray:
        """The mean field c (m,) from the sums (...)."""

    def rhs(
        self, t: float, side: int, local: Fields, c: ComplexArray, out: Fields, part: range
    ) -> None:
        """d/dt of the fields of ``part``, written into ``out``."""


@runtime_checkable
class Observed(Protocol):
    """A mean field with observables that are sums over items."""

    def observables(
        self, t: float, side: int, local: Fields, c: ComplexArray, part: range
    ) -> NumberArray:
        """The rows (len(part), ...) to be summed over all items at an output."""


@runtime_checkable
class Everywhere(Protocol):
    """A mean field whose items see each other: ``local`` has all fields, ``out`` those here."""

    @property
    def everywhere(self) -> bool:
        """Whether they do."""


class Bath(Evolving, Protocol):
    """Leads with memory: groups g of modes with rates lambda_g, and the damping they cause."""

    @property
    def groups(self) -> Sequence[object]:
        """The groups of modes, in the order of the rates."""

    @property
    def damping(self) -> float:
        """Rate at which the lesser Green function decays."""

    @property
    def white(self) -> float:
        """Strength of the leads' instantaneous part."""

    def rates_at(self, t: float, side: int = +1) -> ComplexArray:
        """lambda_g (groups,) at time t, before (-1) or after (+1) a jump of the drive."""

    def rate_moments(self, t: float, step: float) -> tuple[ComplexArray, ComplexArray]:
        """Mean and first moment, 12/step^2 <(s - step/2) lambda_g>, over a step without jumps."""


class AuxiliaryModes(Bath, Protocol):
    """Blocks b with a Green function G and modes Pi_g each, coupled by a mean field c; see
    `auxiliary_modes.state`. A block is a chain of n sites, open or on a ring, with real hops t:
    H = [[t + level_0, -D], [-D*, -t + level_1]]; c gives the pairing D and may shift levels."""

    @property
    def blocks(self) -> int:
        """Number of blocks; blocks and chunks of their modes are distributed over ranks."""

    @property
    def unknowns(self) -> int:
        """Length of the mean field c."""

    @property
    def mode_observables(self) -> int:
        """Length of what `observe_modes` returns."""

    def size(self, b: int) -> int:
        """N_b: the matrices of a block are (N_b, N_b)."""

    def columns(self, b: int, g: int) -> slice:
        """The columns that a group has."""

    def sources(self, b: int, g: int) -> ComplexArray:
        """s_g of each of these columns, (columns,)."""

    def hamiltonian(self, b: int, c: ComplexArray) -> sparse.csr_matrix:
        """H(c) (N_b, N_b)."""

    def chain(self, b: int) -> tuple[FloatArray, FloatArray]:
        """Hops (n,) to the next site (the last's to the first); levels (2, n) without a field."""

    def local_fields(self, b: int, c: ComplexArray) -> tuple[ComplexArray, FloatArray | None]:
        """Pairing D (n,) and shifts of the levels (2, n), or None, real-linear in c."""

    def probe(self, b: int) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
        """(rows, columns) of G that c reads, of one site, and (sites, weights) for it; (n,)."""

    def close(self, sums: ComplexArray) -> ComplexArray:
        """The mean field c (unknowns,) from the summed probes (unknowns,)."""

    def start(self, b: int) -> tuple[Callable[[int], ComplexArray], ComplexArray]:
        """(g -> Pi_g^T (columns, N_b), G (N_b, N_b)) of the stationary start."""

    def observe_modes(self, b: int, diagonals: ComplexArray) -> FloatArray:
        """Numbers (groups, mode_observables), to be summed, from modes' diagonals (groups, N_b)."""

    def observe_green(self, b: int, diagonal: ComplexArray) -> ComplexArray:
        """Rows (2, unknowns) from the diagonal (N_b,) of G or dG/dt, to be summed over blocks."""

    def observables(
        self,
        t: float,
        side: int,
        modes: FloatArray,
        green: ComplexArray,
        velocity: ComplexArray,
    ) -> Observables:
        """The observables at an output from these sums."""


class SiteModes(Bath, Protocol):
    """Modes and a Green function on the sites of a lattice, no symmetry assumed; see
    `site_columns.state`.
    """

    @property
    def near(self) -> IntArray:
        """(N, 4) int32, the neighbours of every site."""

    @property
    def plain(self) -> bool:
        """Whether all hops are one real number at all times."""

    @property
    def onsite(self) -> FloatArray:
        """(N,) energies of the sites."""

    @property
    def coupling(self) -> ComplexArray:
        """(N,): the mean field is c_j = coupling_j G_{j up, j hole}."""

    @property
    def pattern(self) -> ComplexArray:
        """(N,) the mean field at the start."""

    @property
    def commuting(self) -> bool:
        """Whether the sources, all together, commute with H at the start."""

    @property
    def field_bound(self) -> float:
        """A bound of the spectral radius of H without its mean field, hops of modulus 1."""

    @property
    def held(self) -> tuple[Sequence[int], Sequence[int]]:
        """The groups that up columns have, and those that hole columns have."""

    @property
    def strength(self) -> tuple[ComplexArray, ComplexArray]:
        """The sources s_g of the groups in ``held``."""

    def hop_at(self, t: float, side: int = +1) -> ComplexArray:
        """(N, 4) amplitudes from each neighbour, 0 where there is none."""

    def hop_moments(self, t: float, step: float) -> tuple[ComplexArray, ComplexArray | None]:
        """Mean and first moment of the hops over a step without jumps; None: they do not change."""

    def shifts(self, c: ComplexArray) -> Sequence[ComplexArray]:
        """Arrays like ``c`` (..., N) along which a stationary pattern may be moved."""

    def observe_modes(self, traces: ComplexArray) -> FloatArray:
        """(n, k) numbers of n sites from their modes' own entries (n, modes of a site)."""

    def observables(
        self,
        t: float,
        side: int,
        modes: FloatArray,
        green: ComplexArray,
        velocity: ComplexArray,
        near: ComplexArray,
    ) -> Observables:
        """From all sites' modes (N, k), G, dG/dt (N, 2, 2); near: G of neighbours to each site."""


class State(Protocol):
    """What `evolution.Evolution` asks of a state: fields in one flat array.

    ``side`` as in `MeanField`. Methods are collective. One that can be integrated by "arkimex" also
    has ``stiff(t, side)``, the diagonal (local size,) that is treated implicitly.
    """

    ts_types: tuple[str, ...]  # types of TS that can integrate it, the usual one first
    comm: Communicator
    system: Evolving
    flat: ComplexArray

    @property
    def nbytes(self) -> int:
        """Bytes of the state on this rank."""

    def placed(self) -> Mapping[str, Part]:
        """What a checkpoint stores, in an order that does not depend on the number of ranks."""

    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field of a local vector."""

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
        """d/dt of a local vector into ``out``; without ``explicit`` less the stiff part."""

    def observe(self, row: Row) -> Observables:
        """What the system observes at an output."""


@runtime_checkable
class ModeState(Protocol):
    """A state with Green functions, and modes behind them in the flat array."""

    green_count: int  # entries of the Green functions in the flat array

    def view_green(self, flat: ComplexArray) -> object:
        """The Green functions as views of a flat array."""

    def view_modes(self, flat: ComplexArray) -> object:
        """The modes as views of the part of a flat array behind the Green functions."""


# ---- linear response: solvers.modes --------------------------------------------------------------


class Response(Protocol):
    """A matrix M(q, z), analytic for Im z > -``analytic_below``; at its modes det M = 0."""

    @property
    def analytic_below(self) -> float:
        """> 0: below -i times it M may have a cut, poles or other sheets."""

    @property
    def reach(self) -> tuple[float, float]:
        """(x, y): there is no mode with abs(Re z) > x or Im z > y."""

    def items(self, q: float) -> int:
        """Pieces of work of one M, distributed over ranks."""

    def partials(self, q: float, z: complex, part: range) -> ComplexArray:
        """The rows (len(part), m, m) whose sum over all items M is made of."""

    def matrix(self, sums: ComplexArray) -> ComplexArray:
        """M (m, m) from the sums (m, m)."""

    def error(self, q: float, z: complex) -> float | FloatArray:
        """Bound on the errors of M's entries: one for all, or (m, m)."""


@runtime_checkable
class ResponseBatch(Protocol):
    """A response that is cheaper at many points together."""

    def batch(self, q: float, points: Sequence[complex], part: range) -> ComplexArray:
        """The rows (len(part), n, m, m) of n points."""


@runtime_checkable
class ResponseSingular(Protocol):
    """A response that knows where on the line Im z = -``analytic_below`` it is singular."""

    def singular(self, q: float) -> FloatArray:
        """The real parts (n,) of these points: only next to them M varies on the scale of the
        distance to the line.
        """


@runtime_checkable
class ResponseFiner(Protocol):
    """A response whose errors cancel in part in its roots: those are told by a second grid."""

    def finer(self, q: float) -> Response:
        """The same on a finer grid."""


@runtime_checkable
class ResponseRough(Protocol):
    """A response that has a cheaper one to search for roots.

    By Rouche's theorem it has as many roots in a box if on the boundary the change is too small to
    make M singular.
    """

    def rough(self, q: float) -> Response | None:
        """The cheaper response, None where there is none."""


# ---- many points: solvers.farm -------------------------------------------------------------------

Record = dict[str, object]


class Point(Protocol):
    """One point of a map. Raises NotConverged where there is no solution."""

    def __call__(self, i: int, j: int, warm: Record | None, *group: Communicator) -> Record:
        """The record of row i, column j: a dict of numbers, texts, lists and arrays.

        warm : the record of (i, j - 1), None for j = 0. group : with several ranks a point their
        communicator; the call is then collective in it.
        """
