"""The compiled product of G with a vector, by which the range of its occupations is found."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, IntArray
from ...maths.compiled import lazily
from ..site_columns.terms import fetch
from ..vector_code import LANES, Code

AHEAD = 2048  # entries of Y that memory is asked for before they are needed


@intrinsic
def _both_ways(typing, Y, place, own, x, j, y, back):
    """Both rows of a site, m = Y[2 place : 2 place + 2]: y[j] += m own, back += m^+ x[j].

    Y : a strip, (2n, 2, 8). x, y : (N, 4), two complex numbers a site. own, back : (2, 8), real and
    imaginary parts of all lanes. Sums are of double precision.
    """

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Y, own, x, y, back = (code.array(k) for k in (0, 2, 3, 5, 6))
        double = code.vector(2)
        given = [code.read(own, code.whole(LANES * part), double) for part in (0, 1)]
        sums = [code.read(back, code.whole(LANES * part), double) for part in (0, 1)]
        zero, made = ir.Constant(double, [0.0] * LANES), []
        site = code.product(args[4], code.whole(4))
        for a in (0, 1):
            row = code.sum(code.product(args[1], code.whole(4)), code.whole(2 * a))
            parts = [code.product(code.sum(row, code.whole(k)), code.whole(LANES)) for k in (0, 1)]
            re, im = (code.read(Y, at, code.vector(0)) for at in parts)
            if re.type != double:
                re, im = builder.fpext(re, double), builder.fpext(im, double)
            made += code.couple(zero, zero, [(*given, re, im)])
            there = (code.number(x, code.sum(site, code.whole(2 * a + k))) for k in (0, 1))
            sums = code.couple(*sums, [(*there, re, code.less(im))])
        for part in (0, 1):
            code.write(sums[part], back, code.whole(LANES * part))
        before = code.read(y, site, code.vector(5, 4))
        code.write(builder.fadd(before, _lanes_summed(code, made)), y, site)
        return code.nothing()

    return types.void(Y, place, own, x, j, y, back), write


def _lanes_summed(code, vectors):
    """One vector: the sums over all lanes of four vectors of eight."""
    for half in (4, 2):
        first = [k for k in range(16) if k % (2 * half) < half]
        vectors = [
            code.builder.fadd(
                code.shuffle(a, b, first), code.shuffle(a, b, [k + half for k in first])
            )
            for a, b in zip(vectors[::2], vectors[1::2])
        ]
    (all_pairs,) = vectors
    return code.builder.fadd(*(code.every_second(all_pairs, k) for k in (0, 1)))


@lazily
def product(
    place: tuple[NDArray, ...], sites: IntArray, Y: NDArray, x: ComplexArray, y: ComplexArray
) -> None:
    """y += (Y - Y^+) x, the share of the own columns; x, y (N, 2), Y (strips, 2n, 2, 8)."""
    xs, ys, geometry, _, _ = place
    Lx, Ly, ox, oy, wx, wy = geometry
    given, made = x.view(np.float64), y.view(np.float64)
    own, back = np.zeros((2, 2, 4)), np.zeros((2, 2, 4))  # of lanes: part, component, site
    step, each = 64 // Y.itemsize, Y.itemsize // 2  # entries of a line of memory, lines of a site
    for t in range(Y.shape[0]):
        own[:], back[:] = 0, 0
        for s in range(4):
            if sites[t, s] >= 0:
                for b in range(2):
                    own[0, b, s], own[1, b, s] = x[sites[t, s], b].real, x[sites[t, s], b].imag
        p = ahead = 0
        for dx in range(wx):
            line = (xs[t] - ox + dx) % Lx * Ly
            j = line + (ys[t] - oy) % Ly
            for _ in range(wy):
                for _ in range(each):
                    fetch(Y[t], ahead + AHEAD)
                    ahead += step
                _both_ways(Y[t], p, own, given, j, made, back)
                p += 1
                j += 1
                if j == line + Ly:
                    j = line
        for s in range(4):
            if sites[t, s] >= 0:
                for b in range(2):
                    y[sites[t, s], b] -= complex(back[0, b, s], back[1, b, s])
