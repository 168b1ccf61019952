"""Vector instructions of `products`: on rows of complex numbers, real and imaginary parts in turn.

numba is needed at once, see `vector_code`.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..vector_code import Code


class _Blend:
    """A part of `blend`: so many real numbers, ``count`` / 2 complex ones, at a time."""

    def __init__(self, given, count, groups):
        self.code = code = Code(*given, count)
        self.P, self.S, self.new, self.Q, self.L = (code.array(place) for place in range(5))
        self.narrow, self.wide = code.vector(0), code.vector(3)
        self.ahead = code.array(7)
        array = code.array(6)
        numbers = code.builder.bitcast(array.data, ir.DoubleType().as_pointer())
        self.numbers = [
            [self._factors(numbers, 8 * g + 2 * m, m == 3) for m in range(4)] for g in range(groups)
        ]

    def _factors(self, numbers, place, of_sums):
        """The real part of a number in every lane, the imaginary one with alternating signs."""
        code = self.code
        real, imag = (
            code.builder.load(code.builder.gep(numbers, [code.whole(place + part)]))
            for part in range(2)
        )
        kind = (self.wide if of_sums else self.narrow).element
        if kind != real.type:
            real, imag = (code.builder.fptrunc(number, kind) for number in (real, imag))
        return code.spread(real), code.alternating(imag)

    def turned(self, value, factors, total):
        """total + the complex number of ``factors`` times value."""
        code = self.code
        other = code.shuffle(value, value, [place ^ 1 for place in range(code.count)])
        return code.fma(factors[1], other, code.add_product(factors[0], value, total))

    def write(self, rows, at):
        """``blend`` from the place ``at`` of rows on.

        rows : of each group the offsets of its rows in P and in S, own and other; last of the sums.
        """
        code, builder = self.code, self.code.builder
        *of_groups, of_sums = rows
        of_sums = code.sum(of_sums, at)
        sums = [code.read(array, of_sums, self.wide) for array in (self.Q, self.L)]
        for (row, own, other), (a, b, d, rate) in zip(of_groups, self.numbers):
            total = None
            for array, place, factors in ((self.P, row, a), (self.S, own, b), (self.S, other, d)):
                value = code.read(array, code.sum(place, at), self.narrow)
                total = self.turned(value, factors, total)
            code.write(total, self.new, code.sum(row, at))
            code.fetch(self.ahead, code.sum(row, at))
            if self.wide != self.narrow:
                total = builder.fpext(total, self.wide)
            sums = [builder.fadd(sums[0], total), self.turned(total, rate, sums[1])]
        for value, array in zip(sums, (self.Q, self.L)):
            code.write(value, array, of_sums)


def _blend(groups):
    """The intrinsic for so many groups, all with the same number of columns."""

    @intrinsic
    def blend(typing, P, S, new, Q, L, place, numbers, ahead):
        """new[row] = a P[row] + b S[g, own] + d S[g, other] with row = g columns + col, and the
        sums Q[to] += new[row], L[to] += l new[row] in their precision, group by group.

        Rows of complex numbers, their real and imaginary parts in turn: P, new (rows, 4n) and S
        (groups, 2n, 4n) in one precision, Q, L (2n, 4n). place : col, columns, own, other, to.
        numbers (groups, 4): a, b, d, l. Memory is asked for the same rows of ``ahead``.
        """

        def write(context, builder, signature, args):
            given = context, builder, signature, args
            many, few = _Blend(given, 8, groups), _Blend(given, 4, groups)
            code = many.code
            _, N, width = cgutils.unpack_tuple(builder, many.S.shape)
            col, columns, own, other, to = cgutils.unpack_tuple(builder, args[5])

            def offset(group, rows, row):
                return code.product(code.sum(code.product(code.whole(group), rows), row), width)

            rows = [
                (offset(g, columns, col), offset(g, N, own), offset(g, N, other))
                for g in range(groups)
            ]
            rows.append(offset(0, N, to))
            middle = builder.and_(width, code.whole(~7))
            parts = (many, code.whole(0), middle, 8), (few, middle, width, 4)
            for part, first, last, step in parts:
                steps = cgutils.for_range_slice(builder, first, last, code.whole(step))
                with steps as (at, _):
                    part.write(rows, at)
            return code.nothing()

        return types.void(P, S, new, Q, L, place, numbers, ahead), write

    return blend


blend_four = _blend(4)
blend_two = _blend(2)
blend_one = _blend(1)


def _unfold(count):
    """The intrinsic for so many real numbers at a time."""

    @intrinsic
    def unfold(typing, parts, g, h, j, at, S, i, k, to, one, turn):
        """S[i, j, at] = a + i b and S[i, k, to] = (a - i b)^* for a = parts[g, j, at], b of h.

        ``one`` is 1; with ``turn`` = -1 the latter, with 1 minus it. Nothing of it if k < 0.
        """

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args, count)
            parts, S = code.array(0), code.array(5)
            vector = code.vector(0)
            swapped = [place ^ 1 for place in range(count)]

            def place(array, first, second, third):
                _, rows, columns = code.sides(array)
                row = code.sum(code.product(first, rows), second)
                return code.sum(code.product(row, columns), third)

            a = code.read(parts, place(parts, args[1], args[3], args[4]), vector)
            b = code.read(parts, place(parts, args[2], args[3], args[4]), vector)
            b = builder.fmul(code.alternating(args[9]), code.shuffle(b, b, swapped))
            code.write(builder.fadd(a, b), S, place(S, args[6], args[3], args[4]))
            with builder.if_then(builder.icmp_signed(">=", args[7], code.whole(0))):
                other = builder.fmul(code.alternating(args[10]), builder.fsub(a, b))
                code.write(other, S, place(S, args[6], args[7], args[8]))
            return code.nothing()

        return types.void(parts, g, h, j, at, S, i, k, to, one, turn), write

    return unfold


unfold_many = _unfold(8)
unfold_few = _unfold(2)


def _row_times_H(code, rows, numbers, side, one):
    """What has to be added, and i times what, for one component of T H.

    rows : of the left column, the own and the right one the vectors of both components. numbers :
    of a row of H, see `chains`.
    """
    tl, tr, level, _, qr, qi, lr, li, rr, ri = numbers
    plain = real = imag = None
    for row, t, a, b in zip(rows, (tl, level, tr), (lr, qr, rr), (li, qi, ri)):
        plain = code.add_product(t, row[side], plain)
        real = code.add_product(a, row[1 - side], real)
        imag = code.add_product(b, row[1 - side], imag)
    signs = code.alternating(one)
    plain = code.builder.fmul(signs, plain)
    if side == 0:
        return code.builder.fadd(plain, real), code.builder.fmul(code.less(signs), imag)
    return code.builder.fsub(plain, real), code.builder.fmul(signs, imag)


def _follow(count):
    """The intrinsic for so many real numbers at a time."""

    @intrinsic
    def follow(typing, T, k, left, j, right, at, H, one, U, c):
        """T[k + 1, j] = T[k - 1, j] - i (T[k] H) of the j-th column, from the place ``at`` on;
        c times it is added to U[j], for c other than 0.

        T (terms, n, 4n) as `products.advance_block` has it, where columns of holes are told by the
        others; U (2n, 4n). The numbers at ``at`` and those of the other component are done.
        H (n, 10): see `chains`. ``one`` is 1.
        """

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args, count)
            T, H = code.array(0), code.array(6)
            U = code.array(8)
            k, left, j, right, at = args[1:6]
            vector, turned = code.vector(0), [place ^ 1 for place in range(count)]
            _, columns, width = cgutils.unpack_tuple(builder, T.shape)
            halves = code.whole(0), builder.lshr(width, code.whole(1))

            def place(term, column, half):
                row = code.sum(code.product(term, columns), column)
                return code.sum(code.sum(code.product(row, width), at), half)

            rows = [
                [code.read(T, place(k, row, half), vector) for half in halves]
                for row in (left, j, right)
            ]
            at_H = code.product(j, code.whole(10))
            numbers = [code.number(H, code.sum(at_H, code.whole(m))) for m in range(10)]
            factor = code.spread(args[9])
            adds = builder.fcmp_ordered("!=", args[9], args[9].type(0.0))
            for side, half in enumerate(halves):
                both, more = _row_times_H(code, rows, numbers, side, args[7])
                before = place(builder.sub(k, code.whole(1)), j, half)
                value = builder.fadd(code.read(T, before, vector), more)
                value = builder.fadd(value, code.shuffle(both, both, turned))
                code.write(value, T, place(code.sum(k, code.whole(1)), j, half))
                with builder.if_then(adds):
                    own = code.sum(code.sum(code.product(j, width), at), half)
                    code.write(code.fma(factor, value, code.read(U, own, vector)), U, own)
            return code.nothing()

        return types.void(T, k, left, j, right, at, H, one, U, c), write

    return follow


follow_many = _follow(8)
follow_few = _follow(2)
