"""The recursions of `kernels` in vector instructions: polynomials of H from the left and the right.

numba is needed at once: this module is imported when the first polynomial is applied. ``hop`` and
``c`` are real views, (N, 8) and (N, 2).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from ..vector_code import Code


class _Site:
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

    def product(self, re, im, component, plain, read):
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


def _start(code, ur, ui, old, carried):
    """u old - carried, complex; None: u old."""
    x, y = old
    if carried is None:
        re, im = code.builder.fmul(ur, x), code.builder.fmul(ur, y)
    else:
        re, im = (code.fma(ur, z, code.less(p)) for z, p in zip(old, carried))
    return code.fma(code.less(ui), y, re), code.fma(ui, x, im)


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
            P, B, C = (code.array(k) for k in (4, 5, 6))
            j, ur, ui, f = args[7:]
            vector, site = code.vector(4), _Site(code, j, f)
            ur, ui = code.spread(ur), code.spread(ui)

            def read(array, at, component):
                parts = (code.row(at, 2 * component + k) for k in (0, 1))
                return [code.read(array, part, vector) for part in parts]

            results = []
            for a in (0, 1):
                carried = read(C, j, a) if begun else None
                start = _start(code, ur, ui, read(P, j, a), carried)
                results += site.product(*start, a, plain, lambda at, b: read(B, at, b))
            for k, value in enumerate(results):
                code.write(value, C, code.row(j, k))
            return code.nothing()

        return types.void(near, hop, onsite, c, P, B, C, j, ur, ui, f), write

    return term


@intrinsic
def _right(typing, near, hop, onsite, c, V, B, C, j, i, ur, ui, f):
    """C[j] = u V[j] + f (B H)[j] - C[j] for 8 rows from i on of columns (sites, 2, 2, rows)."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        V, B, C = (code.array(k) for k in (4, 5, 6))
        j, i, ur, ui, f = args[7:]
        vector, site = code.vector(4), _Site(code, j, f, transposed=True)
        ur, ui = code.spread(ur), code.spread(ui)
        rows = cgutils.unpack_tuple(builder, V.shape)[3]

        def place(at, k):
            whole = code.sum(code.product(at, code.whole(4)), code.whole(k))
            return code.sum(code.product(whole, rows), i)

        def read(array, at, component):
            return [code.read(array, place(at, 2 * component + k), vector) for k in (0, 1)]

        results = []
        for a in (0, 1):
            start = _start(code, ur, ui, read(V, j, a), read(C, j, a))
            results += site.product(*start, a, False, lambda at, b: read(B, at, b))
        for k, value in enumerate(results):
            code.write(value, C, place(j, k))
        return code.nothing()

    return types.void(near, hop, onsite, c, V, B, C, j, i, ur, ui, f), write


@intrinsic
def _add(typing, M, mode, k, i, re, im, Q, L):
    """Q[k] += M[mode], L[k] += (re + i im) M[mode] in 8 rows from i on."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        M, Q, L = (code.array(n) for n in (0, 6, 7))
        mode, k, i, re, im = args[1:6]
        rows, wide = cgutils.unpack_tuple(builder, M.shape)[2], code.vector(6)
        re, im = code.spread(re), code.spread(im)

        def place(at, part):
            whole = code.sum(code.product(at, code.whole(2)), code.whole(part))
            return code.sum(code.product(whole, rows), i)

        x, y = (code.read(M, place(mode, part), code.vector(0)) for part in (0, 1))
        if wide != code.vector(0):
            x, y = builder.fpext(x, wide), builder.fpext(y, wide)
        sums = [code.read(array, place(k, part), wide) for array in (Q, L) for part in (0, 1)]
        turned = code.couple(*sums[2:], [(x, y, re, im)])
        added = builder.fadd(sums[0], x), builder.fadd(sums[1], y)
        for array, values in ((Q, added), (L, turned)):
            for part, value in enumerate(values):
                code.write(value, array, place(k, part))
        return code.nothing()

    return types.void(M, mode, k, i, re, im, Q, L), write


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
                for k, value in enumerate(_start(code, ur, ui, old, None)):
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
def fetch(typing, array, offset):
    """Ask for the cache line at an offset into an array, as if it were flat."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        name = "llvm.prefetch.p0i8"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        pointer = builder.bitcast(builder.gep(code.array(0).data, [args[1]]), byte)
        how = [ir.Constant(whole, number) for number in (0, 2, 1)]  # to read, second cache, data
        builder.call(function, [pointer, *how])
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


def _places(code, M, begin, last, j):
    """Offsets of a site's two rows, real and then imaginary parts, in the modes of all lanes."""
    rows = cgutils.unpack_tuple(code.builder, M.shape)[2]
    site = code.product(j, code.whole(2))
    for m in range(code.count):
        mode = code.sum(begin, code.whole(m))
        inside = code.builder.icmp_signed("<", mode, last)
        mode = code.product(code.builder.select(inside, mode, last), code.whole(2))
        yield [code.sum(code.product(code.sum(mode, code.whole(p)), rows), site) for p in (0, 1)]


@intrinsic
def _load(typing, M, begin, last, factor, cosine, q, P, j):
    """P[j] = K^-1 factor M[begin .., j] of modes (modes, 2, rows); factor (2, lanes) real."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        M, factor, cosine, q, P = (code.array(k) for k in (0, 3, 4, 5, 6))
        pair, places = code.vector(0, 2), list(_places(code, M, args[1], args[2], args[7]))
        halves = []
        for p in (0, 1):
            joined = code.joined([code.read(M, place[p], pair) for place in places])
            halves.append([code.every_second(joined, k) for k in (0, 1)])
        re, im = (code.read(factor, code.whole(k * code.count), code.vector(0)) for k in (0, 1))
        parts = []
        for x, y in zip(*halves):  # of up, of hole
            parts.append(
                (
                    code.fma(code.less(im), y, builder.fmul(re, x)),
                    code.fma(im, x, builder.fmul(re, y)),
                )
            )
        turned = rotated(code, rotation_of(code, cosine, q, args[7], True), *parts)
        for k, value in enumerate(turned):
            code.write(value, P, code.row(args[7], k))
        return code.nothing()

    return types.void(M, begin, last, factor, cosine, q, P, j), write


@intrinsic
def _store(typing, B, j, cosine, q, M, begin, last):
    """M[begin .., j] = K B[j], the reverse of `_load`."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        B, cosine, q, M = (code.array(k) for k in (0, 2, 3, 4))
        parts = [code.read(B, code.row(args[1], k), code.vector(0)) for k in range(4)]
        rotation = rotation_of(code, cosine, q, args[1], False)
        turned = rotated(code, rotation, parts[:2], parts[2:])
        for m, place in enumerate(_places(code, M, args[5], args[6], args[1])):
            for p in (0, 1):
                both = code.shuffle(turned[p], turned[2 + p], (m, code.count + m))
                code.write(both, M, place[p])
        return code.nothing()

    return types.void(B, j, cosine, q, M, begin, last), write


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
    one, last, n = onsite.dtype.type(1), len(u) - 1, near.shape[0]
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


@lazily(calls=(swept, recursion))
def clenshaw(
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
    return recursion(near, hop, onsite, c, u, P, B, C, at, w, plain)


@lazily(calls=(swept, recursion))
def modes(
    matrix: tuple[NDArray, ...],
    plain: bool,
    M: NDArray,
    group: IntArray,
    row: IntArray,
    factor: NDArray,
    functions: NDArray,
    sources: NDArray,
    rotation: tuple[NDArray, NDArray],
    planes: tuple[NDArray, ...],
) -> None:
    """See `kernels.modes`."""
    near, hop, onsite, c, u = matrix
    cosine, q = rotation
    P, B, C, lanes, at, w = planes
    width, last = P.shape[2], M.shape[0] - 1
    for begin in range(0, last + 1, width):
        for m in range(width):
            mode = min(begin + m, last)
            g = group[mode]
            lanes[0, m], lanes[1, m] = factor[g].real, factor[g].imag
            at[m, 0] = row[mode] - row[mode] % 2
            at[m, 1] = at[m, 0] + 1
            for k in range(len(u)):
                w[k, m, 0] = functions[g, k] * sources[mode, 0]
                w[k, m, 1] = functions[g, k] * sources[mode, 1]
        for j in range(len(onsite)):
            _load(M, begin, last, lanes, cosine, q, P, j)
        done = recursion(near, hop, onsite, c, u, P, B, C, at, w, plain)
        for j in range(len(onsite)):
            _store(done, j, cosine, q, M, begin, last)


@lazily
def right(
    near: IntArray,
    hop: FloatArray,
    onsite: FloatArray,
    c: FloatArray,
    ur: float,
    ui: float,
    f: float,
    V: FloatArray,
    B: FloatArray,
    C: FloatArray,
) -> None:
    """See `kernels.right`."""
    for j in range(near.shape[0]):
        for i in range(0, V.shape[3], 8):
            _right(near, hop, onsite, c, V, B, C, j, i, ur, ui, f)


@lazily
def sums(M: NDArray, column: IntArray, rate: ComplexArray, Q: FloatArray, L: FloatArray) -> None:
    """See `kernels.sums`."""
    for mode in range(M.shape[0]):
        for i in range(0, M.shape[2], 8):
            _add(M, mode, column[mode], i, rate[mode].real, rate[mode].imag, Q, L)
