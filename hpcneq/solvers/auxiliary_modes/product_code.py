"""Vector instructions of `products`: on rows of complex numbers, real and imaginary parts in turn.

numba is needed at once, see `vector_code`.
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..vector_code import Code


def _blend(count):
    """The intrinsic for so many real numbers, ``count`` / 2 complex ones, at a time."""

    @intrinsic
    def blend(typing, P, i, S, j, k, at, ar, ai, br, bi, dr, di, new, col, Q, L, own, lr, li):
        """new[col] = a P[i] + b S[j] + d S[k] of complex numbers from the real place ``at`` on.

        Q[own] += new[col], L[own] += l new[col], in their precision.
        """

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args, count)
            (P, S, new, Q, L) = (code.array(place) for place in (0, 2, 12, 14, 15))
            vector, wide = code.vector(0), code.vector(14)
            swapped = [place ^ 1 for place in range(count)]

            def row(array, index):
                _, columns = code.sides(array)
                return code.sum(code.product(index, columns), args[5])

            def turned(value, real, imag, total):
                other = code.shuffle(value, value, swapped)
                if total is None:
                    total = builder.fmul(code.spread(real), value)
                else:
                    total = code.fma(code.spread(real), value, total)
                return code.fma(code.alternating(imag), other, total)

            total = None
            for array, index, real, imag in ((P, 1, 6, 7), (S, 3, 8, 9), (S, 4, 10, 11)):
                value = code.read(array, row(array, args[index]), vector)
                total = turned(value, args[real], args[imag], total)
            code.write(total, new, row(new, args[13]))
            if wide != vector:
                total = builder.fpext(total, wide)
            at = row(Q, args[16])
            code.write(builder.fadd(code.read(Q, at, wide), total), Q, at)
            value = code.read(L, at, wide)
            code.write(turned(total, args[17], args[18], value), L, at)
            return code.nothing()

        kinds = (P, i, S, j, k, at, ar, ai, br, bi, dr, di, new, col, Q, L, own, lr, li)
        return types.void(*kinds), write

    return blend


blend_many = _blend(8)
blend_few = _blend(4)


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
    def follow(typing, T, k, left, j, right, at, H, one):
        """T[k + 1, j] = T[k - 1, j] - i (T[k] H) of the j-th column, from the place ``at`` on.

        T (terms, n, 4n) as `products.advance_block` has it, where columns of holes are told by the
        others. The numbers at ``at`` and those of the other component are done. H (n, 10): see
        `chains`. ``one`` is 1.
        """

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args, count)
            T, H = code.array(0), code.array(6)
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
            for side, half in enumerate(halves):
                both, more = _row_times_H(code, rows, numbers, side, args[7])
                before = place(builder.sub(k, code.whole(1)), j, half)
                value = builder.fadd(code.read(T, before, vector), more)
                value = builder.fadd(value, code.shuffle(both, both, turned))
                code.write(value, T, place(code.sum(k, code.whole(1)), j, half))
            return code.nothing()

        return types.void(T, k, left, j, right, at, H, one), write

    return follow


follow_many = _follow(8)
