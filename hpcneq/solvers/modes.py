"""Modes of a linear response: every z in a box with det M(z) = 0, counted, located, polished.

Convention: disturbances go as e^{-izt}; Im z > 0 grows, Re z is the frequency, and M is analytic
for Im z > -analytic_below (growth rates lambda: z = i lambda). Below that line M may have a cut,
poles or other sheets, and nothing is searched. What a response has to give is `protocols.Response`;
it may be cheaper at many points together (`ResponseBatch`), know where it is singular
(`ResponseSingular`), have a finer grid for the errors of roots (`ResponseFiner`), and a cheaper
response to search (`ResponseRough`): where it is not certain that this one has as many roots, M
itself is searched.

Rows are summed over ranks in a fixed order: every rank sees the same M and takes the same branch.
The winding of det M around the box counts the roots (`contours.winding`), moments of M^-1 over the
same samples locate them (`contours.beyn`), secants polish them, small circles tell multiple roots.
What is found must add up to the count; if not, the box is sampled more finely, then split, and in
the end NotConverged is raised.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import interrupts
from ..errors import NotConverged
from ..maths.arrays import ComplexArray, FloatArray
from ..parallel import Communicator, Layout, ordered_sum
from .contours import Box, RootOnContour, beyn, circle, split, winding
from .protocols import Response, ResponseBatch, ResponseFiner, ResponseRough, ResponseSingular

MOST_ROOTS = 4  # in a box; with more the moments lose digits and the box is split
DEPTH = 30  # of splitting
TOGETHER = 128  # points whose partial sums are held at once, where they are not one product
SAFETY = 3.0  # times what a finer M moves a root by: its error
STEPS = 60  # of a secant; a multiple root takes most of them


@dataclass(frozen=True)
class Mode:
    """A root z of det M, its multiplicity and error, and the null vectors of M(z).

    vectors : rows (p, m) complex, p <= multiplicity.
    """

    z: complex
    multiplicity: int
    error: float
    vectors: ComplexArray

    @property
    def neutral(self) -> bool:
        """Whether |Im z| is zero within three errors (at least 1e-9), as for the phase."""
        return abs(self.z.imag) <= max(3 * self.error, 1e-9)


@dataclass(frozen=True)
class Spectrum:
    """All modes in ``box``, fastest growing first.

    Their multiplicities add up to ``count``, which came from the winding alone; ``samples`` counts
    the evaluations of M.
    """

    modes: tuple[Mode, ...]
    box: Box
    count: int
    samples: int

    @property
    def growing(self) -> int:
        """How many modes grow, with multiplicity; neutral ones do not."""
        return sum(mode.multiplicity for mode in self.modes if mode.z.imag > 0 and not mode.neutral)


class Miscounted(Exception):
    """The counts of two paths contradict each other."""


class Uncertain(NotConverged):
    """Errors of M, or what a cheaper M differs by, could change the count."""


class Samples:
    """M(q, z) summed over the ranks of ``comm``; every value is stored. Methods are **Collective**.

    low : M is analytic for Im z > low. places : real parts of singular points there, if known.
    """

    def __init__(self, response: Response, q: float, comm: Communicator):
        self.response, self.q, self.comm = response, q, comm
        self.layout = Layout.over(response.items(q), comm)
        self.part = range(self.layout.start, self.layout.stop)
        self.low = -response.analytic_below
        self.places: FloatArray | None = None
        if isinstance(response, ResponseSingular):
            self.places = response.singular(q)
        self.known: dict[complex, ComplexArray] = {}

    def __call__(self, z: complex) -> ComplexArray:
        """M(z), (m, m)."""
        return self.many([z])[0]

    def many(self, points: Iterable[complex]) -> ComplexArray:
        """M at each of the points, (n, m, m), with one sum over ranks for all that are new.

        Raises StoppedEarly, on all ranks, if the run is to stop.
        """
        points = [complex(z) for z in points]
        new = [z for z in dict.fromkeys(points) if z not in self.known]
        most = max(len(new), 1) if isinstance(self.response, ResponseBatch) else TOGETHER
        for first in range(0, len(new), most):
            interrupts.stop_if_asked()
            some = new[first : first + most]
            for z, sums in zip(some, ordered_sum(self.comm, self.layout, self._rows(some))):
                self.known[z] = self.response.matrix(sums)
        return np.array([self.known[z] for z in points])

    def _rows(self, points):
        """This rank's rows at some points, (items here, points, m, m)."""
        if isinstance(self.response, ResponseBatch):
            return self.response.batch(self.q, points, self.part)
        rows = [self.response.partials(self.q, z, self.part) for z in points]
        return np.stack(rows, axis=1)

    def det(self, z: complex) -> complex:
        """det M(z)."""
        return complex(np.linalg.det(self(z)))

    def error(self, z: complex) -> float:
        """The response's largest bound on the errors of M(z): rank 0's, on every rank."""
        return float(np.max(self.errors(z)))

    def errors(self, z: complex) -> float | FloatArray:
        """Its bounds on the elements of M(z): a number, or (m, m)."""
        bounds = None
        if self.comm.rank == 0:
            bounds = self.response.error(self.q, complex(z))
        return self.comm.bcast(bounds, root=0)


def spectrum(
    response: Response,
    q: float,
    comm: Communicator,
    floor: float | None = None,
    box: Box | None = None,
    fineness: Sequence[float] = (1.0, 4.0),
) -> Spectrum:
    """All modes with Im z > ``floor``, or in ``box``. **Collective.**

    floor : half way down to where M stops being analytic, if None; raised by some percent if a root
    lies on it. fineness : of the first samples around the box, and of those of a second try; below
    1 where M varies more slowly than its distance from the line where it stops being analytic lets
    expect. Raises NotConverged if the roots found are not as many as counted, or if M's own errors
    blur the count.
    """
    samples = Samples(response, q, comm)
    cheap = None
    if isinstance(response, ResponseRough):
        cheap = response.rough(q)
    box = box or whole(response, floor)
    if box.bottom <= -response.analytic_below:
        raise NotConverged(
            f"modes: M is analytic for Im z > {-response.analytic_below:.4g} only, the "
            "search was to begin at "
            f"{box.bottom:.4g}; raise the floor"
        )
    if cheap is not None:
        guide = Samples(cheap, q, comm)
        try:
            return _guided(guide, samples, box, fineness)
        except Uncertain:
            pass
    return _guided(samples, samples, box, fineness)


def _guided(guide, samples, box, fineness):
    """The Spectrum of ``samples``, counted and located on ``guide``: the same, or cheaper.

    **Collective.**
    """
    for first in fineness:
        path = _outline(guide, box, first)
        try:
            modes = _search(guide, path, 0, first)
        except Miscounted as trouble:
            fault = trouble
            continue
        _certain(guide, samples, path)
        break
    else:
        raise NotConverged(f"modes: {fault}; choose another floor or a finer grid")
    evaluations = len(samples.known)
    if guide is not samples:
        if modes:
            modes = _sharpen(samples, modes, path)
        evaluations = len(samples.known) + len(guide.known)
    modes = sorted(modes, key=lambda mode: (-round(mode.z.imag, 8), abs(mode.z.real), -mode.z.real))
    return Spectrum(tuple(modes), path.box, path.count, evaluations)


def whole(response: Response, floor: float | None = None) -> Box:
    """The box that holds all modes above ``floor``, with uneven sides: roots may be symmetric."""
    x, y = response.reach
    if floor is None:
        floor = -0.5 * response.analytic_below
    return Box(-1.013 * x, 1.017 * x, floor, 1.011 * y)


def _outline(samples, box, fineness):
    """The path around the box, its bottom moved off a root."""
    for _ in range(4):
        try:
            return winding(samples, box, fineness)
        except RootOnContour as trouble:
            fault = trouble
            box = replace(box, bottom=box.bottom + 0.04 * min(-samples.low, box.top - box.bottom))
    raise NotConverged(f"modes: {fault}; choose another floor")


def _certain(guide, samples, path):
    """Compare M with its error and with the guide where it is most singular on the boundary.

    M + dM stays regular if |dM| <= e, element-wise, and the spectral radius of |M^-1| e is below 1.
    """
    z = np.unique(path.box.at(path.points().ravel())[0])
    smallest = np.linalg.svd(guide.many(z), compute_uv=False)[:, -1]
    most = 4
    if guide is samples:
        most = 1
    for k in np.argsort(smallest)[:most]:
        M = samples(z[k])
        change = np.broadcast_to(samples.errors(z[k]), M.shape) + np.abs(M - guide(z[k]))
        share = np.abs(np.linalg.eigvals(np.abs(np.linalg.inv(M)) @ change)).max()
        if not share < 1:
            raise Uncertain(
                f"modes: at z = {z[k]:.4g} errors of M up to {change.max():.1e} could make "
                f"it singular ({share:.1f} times what "
                "it takes): the count is not certain; use a finer grid or a higher floor"
            )


def _sharpen(samples, modes, path):
    """The modes of the guide, polished on M itself."""
    guesses = [mode.z + 1e-7 * k for mode in modes for k in range(mode.multiplicity)]
    sharp = _settle(samples, guesses, path)
    if sharp is None:
        raise Uncertain(
            f"modes: {path.count} roots of the rough M were not found again in M; use a finer grid"
        )
    return sharp


def _search(samples, path, depth, fineness):
    """The modes inside a path."""
    if path.count == 0:
        return []
    if path.count < 0:
        raise Miscounted(f"{path.count} roots counted in {path.box}")
    if path.count <= MOST_ROOTS:
        for trial in (path, path.finer()):
            modes = _settle(samples, beyn(samples, trial), trial)
            if modes is not None:
                return modes
    parts = split(samples, path.box, fineness)
    if sum(part.count for part in parts) != path.count or depth == DEPTH:
        counts = " + ".join(str(part.count) for part in parts)
        raise Miscounted(f"{path.count} roots counted in {path.box}, {counts} in its parts")
    return [mode for part in parts for mode in _search(samples, part, depth + 1, fineness)]


def _settle(samples, guesses, path):
    """Modes from estimates of all roots of a path; None unless as many are inside as counted."""
    polished = [secant(samples, z) for z in guesses]
    inside = [z for z in polished if z is not None and path.box.contains(z)]
    centres = []
    for z in sorted(inside, key=lambda z: (z.imag, z.real)):
        if all(abs(z - c) > 1e-5 * path.box.size for c in centres):
            centres.append(z)
    if not centres:
        return None
    if len(centres) == path.count:
        return [_mode(samples, z, 1) for z in centres]
    modes = []
    for c in centres:
        others = [abs(c - z) for z in centres if z is not c]
        radius = 0.25 * min([0.1 * path.box.size, c.imag - samples.low, *others])
        modes += _unfold(samples, c, radius)
    if sum(mode.multiplicity for mode in modes) != path.count:
        return None
    return modes


def _unfold(samples, centre, radius):
    """The modes inside a small circle: one, a multiple one at their mean, or several close ones."""
    sums = circle(samples, centre, radius)
    p = round(sums[0].real)
    if abs(sums[0] - p) > 1e-3 or not 1 <= p <= MOST_ROOTS:
        return []
    mean = sums[1] / p
    away = np.roots(_polynomial(sums, mean, p))
    if p == 1 or len(away) == 0 or np.abs(away).max() < 1e-4 * radius:
        return [_mode(samples, complex(centre + mean), p, radius)]
    roots = [secant(samples, centre + mean + d) for d in away]
    if any(z is None for z in roots):
        return []
    distances = [abs(a - b) for i, a in enumerate(roots) for b in roots[:i]]
    if min(distances) < 1e-8 * radius:
        return []
    return [_mode(samples, z, 1) for z in roots]


def _polynomial(sums, mean, p):
    """Coefficients (p + 1,) of the polynomial of p roots about their mean, by Newton's identities.

    sums : power sums of the roots about the centre, whose ``mean`` is that of the first.
    """
    shifted = [
        sum(_binomial(k, j) * sums[j] * (-mean) ** (k - j) for j in range(k + 1))
        for k in range(p + 1)
    ]
    coefficients = [1.0]
    for k in range(1, p + 1):
        coefficients.append(-sum(coefficients[k - j] * shifted[j] for j in range(1, k + 1)) / k)
    return coefficients


def _binomial(n, k):
    return float(math.comb(n, k))


def secant(samples: Samples, z: complex) -> complex | None:
    """A root of det M next to z, to rounding. **Collective.**

    None if the secant leaves the half-plane or does not settle.
    """
    low = samples.low
    if not z.imag > low:
        return None
    step = 1e-4 * min(1.0, z.imag - low)
    old, f_old = z, samples.det(z)
    new = z + step * (1 + 0.3j)
    for _ in range(STEPS):
        if new.imag <= low or not np.isfinite(new):
            return None
        f = samples.det(new)
        if f == 0 or f == f_old:
            return new
        change = -f * (new - old) / (f - f_old)
        if abs(f) > abs(f_old) and abs(change) < 1e-9:  # rounding: no closer than the last
            return old
        old, f_old, new = new, f, new + change
        if abs(change) < 1e-14 * (1 + abs(new)):
            return new
    if abs(change) < 1e-5:
        return new
    return None


def _mode(samples, z, multiplicity, radius=None):
    """A root with its null vectors and the error that M's own error makes.

    M + dM moves a root whose null space has the full dimension by |u^+ dM v| / |u^+ M' v|; a
    defective one by a power 1/p.
    """
    z = complex(z)
    step = radius or 1e-3 * (z.imag - samples.low)
    M = samples(z)
    U, singular, Vh = np.linalg.svd(M)
    slope = (
        samples(z + step)
        - samples(z - step)
        - 1j * (samples(z + 1j * step) - samples(z - 1j * step))
    ) / (4 * step)
    elements = np.broadcast_to(samples.errors(z), M.shape)
    bound = elements.max() * len(M)
    small = 1e-6 * max(singular.max(), step * np.abs(slope).max()) + 2 * bound
    p = min(multiplicity, max(1, int(np.sum(singular <= small))))
    if p < multiplicity:
        error = _defective(samples, z, multiplicity, step, bound)
    else:
        within = np.linalg.svd(U[:, -p:].conj().T @ slope @ Vh[-p:].conj().T, compute_uv=False)[-1]
        # |u^+ dM v| where elements have their own bounds
        along = (np.abs(U[:, -p:]).T @ elements @ np.abs(Vh[-p:]).T).max() * p
        if multiplicity == 1 and isinstance(samples.response, ResponseFiner):
            change = Samples(samples.response.finer(samples.q), samples.q, samples.comm)(z) - M
            along = min(along, SAFETY * abs(U[:, -1].conj() @ change @ Vh[-1].conj()))
        error = along / within if within > 0 else np.inf
    return Mode(z, multiplicity, float(error) + 1e-14 * (1 + abs(z)), Vh[-p:].conj())


def _defective(samples, z, multiplicity, radius, bound):
    """(bound |cofactors| / |f^(p)/p!|)^(1/p), f = det M = f_p (z - z0)^p, by a mean on a circle."""
    turn = np.exp(2j * np.pi * np.arange(16) / 16)
    f = np.linalg.det(samples.many(z + radius * turn))
    leading = abs(np.mean(f * turn**-multiplicity)) / radius**multiplicity
    singular = np.linalg.svd(samples(z), compute_uv=False)
    return (bound * np.prod(singular[:-1]) / leading) ** (1 / multiplicity)
