"""The terms of `kernels`' recursions in vector instructions: polynomials of H from the left.

numba is needed at once. ``hop`` and ``c`` are real views, (N, 8) and (N, 2).
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ..vector_code import Code


class Site:
    """The entries of H in the row of a site, times a factor, in every lane, and its neighbours.

    transposed : the entries in its column.
    """

    def __init__(self, code, j, factor, transposed=False):
        self.code, self.j = code, j
        self.factor = code.spread(factor)
        near, hop, onsite, c = (code.array(k) for k in range(4))
        build, first = code.builder, code.product(j, code.whole(4))
        places = [code.sum(first, code.whole(k)) for k in range(4)]
        self.near = [
            build.sext(build.load(build.gep(near.data, [place])), code.index) for place in places
        ]
        self.hops = [self._entry(hop, place, 0) for place in places]
        self.phases = [self._entry(hop, place, 1) for place in places]
        self.level = build.fmul(code.number(onsite, j), self.factor)
        self.pair, self.turn = code.less(self._entry(c, j, 0)), self._entry(c, j, 1)
        if transposed:
            self.phases = [code.less(phase) for phase in self.phases]
        else:
            self.turn = code.less(self.turn)

    def _entry(self, array, place, part):
        """Real or imaginary part of an entry of a complex array, times the factor."""
        at = self.code.sum(self.code.product(place, self.code.whole(2)), self.code.whole(part))
        return self.code.builder.fmul(self.code.number(array, at), self.factor)

    def product(self, re: Any, im: Any, component: Any, plain: Any, read: Any) -> Any:
        """(re, im) + H B in the site's row of a component; ``read(site, component)`` gives B."""
        code, add = self.code, self.code.builder.fadd

        def signed(value):
            return code.less(value) if component else value

        around = [read(site, component) for site in self.near]
        hops = list(zip(self.hops, self.phases))
        if plain:  # all hops are one real number
            (a, b, c, d), (e, f, g, h) = zip(*around)
            around = [(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)))]
            hops = [(self.hops[0], None)]
        couplings = [(*xy, signed(real), imag) for xy, (real, imag) in zip(around, hops)]
        couplings.append((*read(self.j, component), signed(self.level), None))
        couplings.append((*read(self.j, 1 - component), self.pair, signed(self.turn)))
        return code.couple(re, im, couplings)


def start_of(code: Code, ur: Any, ui: Any, old: Any, carried: Any) -> Any:
    """u old - carried, complex; None: u old."""
    x, y = old
    if carried is None:
        re, im = code.builder.fmul(ur, x), code.builder.fmul(ur, y)
    else:
        re, im = (code.fma(ur, z, code.less(p)) for z, p in zip(old, carried))
    return code.fma(code.less(ui), y, re), code.fma(ui, x, im)


def next_term(code: Code, j: Any, factors: Any, plain: Any, begun: Any = True) -> list[Any]:
    """u P + f H B - C in the rows of site j, four vectors, ``factors`` u's parts and f.

    The arguments from the first on: near, hop, onsite, c, P, B, C. begun : as for `_left`.
    """
    P, B, C = (code.array(k) for k in (4, 5, 6))
    ur, ui, f = factors
    vector, site = code.vector(4), Site(code, j, f)
    ur, ui = code.spread(ur), code.spread(ui)

    def read(array, at, component):
        parts = (code.row(at, 2 * component + k) for k in (0, 1))
        return [code.read(array, part, vector) for part in parts]

    results = []
    for a in (0, 1):
        carried = read(C, j, a) if begun else None
        start = start_of(code, ur, ui, read(P, j, a), carried)
        results += site.product(*start, a, plain, lambda at, b: read(B, at, b))
    return results


def _left(plain, lanes=None, begun=True):
    """The intrinsic for hops that are all one real number, or any; None: lanes of 64 bytes.

    begun : whether C holds a term; else it is taken for 0.
    """

    @intrinsic
    def term(typing, near, hop, onsite, c, P, B, C, j, ur, ui, f):
        """C[j] = u P[j] + f (H B)[j] - C[j] for planes (2N, 2, lanes)."""

        def write(context, builder, signature, args):
            count = lanes or 512 // signature.args[4].dtype.bitwidth
            code = Code(context, builder, signature, args, count)
            C, j = code.array(6), args[7]
            results = next_term(code, j, args[8:], plain, begun)
            for k, value in enumerate(results):
                code.write(value, C, code.row(j, k))
            return code.nothing()

        return types.void(near, hop, onsite, c, P, B, C, j, ur, ui, f), write

    return term


def _first(lanes=None):
    """The intrinsic that begins a recursion; None: lanes of 64 bytes."""

    @intrinsic
    def first(typing, P, C, j, ur, ui):
        """C[j] = u P[j]: the first term, that of B = C = 0."""

        def write(context, builder, signature, args):
            count = lanes or 512 // signature.args[0].dtype.bitwidth
            code = Code(context, builder, signature, args, count)
            P, C = (code.array(k) for k in range(2))
            j, vector = args[2], code.vector(0)
            ur, ui = code.spread(args[3]), code.spread(args[4])
            for a in (0, 2):
                old = [code.read(P, code.row(j, a + k), vector) for k in (0, 1)]
                for k, value in enumerate(start_of(code, ur, ui, old, None)):
                    code.write(value, C, code.row(j, a + k))
            return code.nothing()

        return types.void(P, C, j, ur, ui), write

    return first


plain_term = _left(True)
phase_term = _left(False)
plain_second, phase_second = _left(True, None, False), _left(False, None, False)
plain_term_of_8, phase_term_of_8 = _left(True, 8), _left(False, 8)
plain_second_of_8, phase_second_of_8 = _left(True, 8, False), _left(False, 8, False)
first_term, first_term_of_8 = _first(), _first(8)


@intrinsic
def fetch(typing: Any, array: Any, offset: Any) -> Any:
    """Ask for the cache line at an offset into an array, as if it were flat."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        code.fetch(code.array(0), args[1])
        return code.nothing()

    return types.void(array, offset), write


def rotation_of(code: Code, cosine: Any, q: Any, j: Any, back: bool) -> tuple[Any, ...]:
    """cosine and q of a site in every lane, of K or with ``back`` of K^-1."""
    turn = [code.number(q, code.sum(code.product(j, code.whole(2)), code.whole(k))) for k in (0, 1)]
    if back:
        turn = [code.less(part) for part in turn]
    return code.number(cosine, j), *turn


def rotated(code: Code, rotation: Any, up: Any, hole: Any) -> list[Any]:
    """[[cosine, q], [-q*, cosine]] (up, hole), each (re, im): four vectors."""
    e, f, g = rotation
    scaled = [code.builder.fmul(e, part) for part in (*up, *hole)]
    first = code.couple(*scaled[:2], [(*hole, f, g)])
    second = code.couple(*scaled[2:], [(*up, code.less(f), g)])
    return [*first, *second]


def swept(
    near: IntArray,
    hop: NDArray,
    onsite: NDArray,
    c: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    u: complex,
    second: bool,
    f: float,
    begin: int,
    end: int,
    plain: bool,
) -> None:
    """C = u P + f H B - C in the rows of sites from ``begin`` to ``end``.

    second : C is taken for 0.
    """
    if second and plain:
        for j in range(begin, end):
            plain_second(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)
    elif second:
        for j in range(begin, end):
            phase_second(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)
    elif plain:
        for j in range(begin, end):
            plain_term(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)
    else:
        for j in range(begin, end):
            phase_term(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)


def recursion(
    near: IntArray,
    hop: NDArray,
    onsite: NDArray,
    c: NDArray,
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    at: IntArray,
    w: NDArray,
    plain: bool,
) -> NDArray:
    """See `kernels.clenshaw`."""
    one, last = onsite.dtype.type(1), len(u) - 1
    n = near.shape[0]
    for j in range(n):
        first_term(P, C, j, u[last].real, u[last].imag)
    B[2 * n :] = 0
    C[2 * n :] = 0
    for k in range(last, -1, -1):
        f = one
        if k > 0:
            f = one + one
        if k < last:
            swept(near, hop, onsite, c, P, B, C, u[k], k == last - 1, f, 0, n, plain)
        for lane in range(at.shape[0]):
            for q in range(at.shape[1]):
                C[at[lane, q], 0, lane] += w[k, lane, q].real
                C[at[lane, q], 1, lane] += w[k, lane, q].imag
        B, C = C, B
    return B
