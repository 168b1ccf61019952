"""Compiled kernels for the Nambu Hamiltonian of a chain: polynomials of it on columns of modes.

A row of the chain's H has its own two levels, the pairing between them and the same with both
neighbours on a ring. Eight columns are worked on at a time, in planes (site, part and lane; the
parts: up re, im, hole re, im), so that one vector instruction does all eight and the three planes
of a recursion stay in a core's cache while a whole polynomial of H is applied, see `maths.lanes`.

The coefficients of exp(-i x) are (-i)^k times real numbers: Clenshaw's recursion is done for
beta_k = i^k b_k, with beta_k = c_k P - i (2/r) H beta_{k+1} + beta_{k+2} and real c_k.

The columns of ``coef`` (n, 10), times 2/r: hop to the left, to the right, level of up, of hole,
then real and imaginary parts of what couples up to hole of the same site, of the left, of the right
one. Levels that move in time make hops complex: their imaginary parts, up left, right, hole left,
right, follow (n, 14).
"""

from __future__ import annotations

from collections.abc import Callable

from ...maths.compiled import lazily
from ...maths.lanes import compiled

LANES = 8
# real operations of a term of the polynomial for a complex entry, multiply and add counted as two
FLOPS = {"plain": 40.0, "phases": 56.0}

ADVANCE = '''
def {name}(old, new, factor, c, omega, source, first, coef, half, rates, sums, P, B, C, S):
    """new = sum_k c_k (-i)^k T_k(H) factor old + omega_k (-i)^k T_k(H) source, for each group.

    old, new (groups, columns, 4n) real views; factor (groups,), omega (groups, terms), source
    (groups, columns, 2): of a column's own row and of the other component of its site; ``first`` is
    the own row of column 0. half : 0.5 coef. sums (2, 2n, 4n), or (0, ...) for none: the new modes
    and ``rates`` (groups,) times them are added. P, B, C (n, 4 lanes), S (n, 8 lanes) double:
    scratch.
    """
    n, columns = P.shape[0], old.shape[1]
    last = columns - 1
    for begin in range(0, columns, WIDTH):
        S[:] = 0
        x_m = min(begin + m, last)
        for g in range(old.shape[0]):
            fr, fi = factor[g].real, factor[g].imag
            for j in range(n):
                u, v = 2 * j, 2 * (n + j)
                ar_m = fr * old[g, x_m, u] - fi * old[g, x_m, u + 1]
                ai_m = fr * old[g, x_m, u + 1] + fi * old[g, x_m, u]
                br_m = fr * old[g, x_m, v] - fi * old[g, x_m, v + 1]
                bi_m = fr * old[g, x_m, v + 1] + fi * old[g, x_m, v]
                P[j, m] = ar_m
                P[j, WIDTH + m] = ai_m
                P[j, 2 * WIDTH + m] = br_m
                P[j, 3 * WIDTH + m] = bi_m
            B[:] = 0
            C[:] = 0
            for k in range(len(c) - 1, -1, -1):
                ck, l, h = c[k], n - 1, coef
                if k == 0:
                    h = half
                for j in range(n):
                    r = j + 1
                    if r == n:
                        r = 0
                    tl, tr, a, b, qr, qi = h[j, 0], h[j, 1], h[j, 2], h[j, 3], h[j, 4], h[j, 5]
                    lr, li, rr, ri = h[j, 6], h[j, 7], h[j, 8], h[j, 9]
                    ur_m = ck * P[j, m] + C[j, m] \
                        + tl * B[l, WIDTH + m] + tr * B[r, WIDTH + m] + a * B[j, WIDTH + m] \
                        + qr * B[j, 3 * WIDTH + m] + qi * B[j, 2 * WIDTH + m] \
                        + lr * B[l, 3 * WIDTH + m] + li * B[l, 2 * WIDTH + m] \
                        + rr * B[r, 3 * WIDTH + m] + ri * B[r, 2 * WIDTH + m]
                    ui_m = ck * P[j, WIDTH + m] + C[j, WIDTH + m] \
                        - tl * B[l, m] - tr * B[r, m] - a * B[j, m] \
                        - qr * B[j, 2 * WIDTH + m] + qi * B[j, 3 * WIDTH + m] \
                        - lr * B[l, 2 * WIDTH + m] + li * B[l, 3 * WIDTH + m] \
                        - rr * B[r, 2 * WIDTH + m] + ri * B[r, 3 * WIDTH + m]
                    vr_m = ck * P[j, 2 * WIDTH + m] + C[j, 2 * WIDTH + m] \
                        - tl * B[l, 3 * WIDTH + m] - tr * B[r, 3 * WIDTH + m] \
                        + b * B[j, 3 * WIDTH + m] \
                        + qr * B[j, WIDTH + m] - qi * B[j, m] \
                        + lr * B[l, WIDTH + m] - li * B[l, m] \
                        + rr * B[r, WIDTH + m] - ri * B[r, m]
                    vi_m = ck * P[j, 3 * WIDTH + m] + C[j, 3 * WIDTH + m] \
                        + tl * B[l, 2 * WIDTH + m] + tr * B[r, 2 * WIDTH + m] \
                        - b * B[j, 2 * WIDTH + m] \
                        - qr * B[j, m] - qi * B[j, WIDTH + m] \
                        - lr * B[l, m] - li * B[l, WIDTH + m] \
                        - rr * B[r, m] - ri * B[r, WIDTH + m]
{phases}
                    C[j, m] = ur_m
                    C[j, WIDTH + m] = ui_m
                    C[j, 2 * WIDTH + m] = vr_m
                    C[j, 3 * WIDTH + m] = vi_m
                    l = j
                for q in range(WIDTH):
                    col = min(begin + q, last)
                    own, other = omega[g, k] * source[g, col, 0], omega[g, k] * source[g, col, 1]
                    j, at, to = first + col, q, 2 * WIDTH + q
                    if j >= n:
                        j, at, to = j - n, to, q
                    C[j, at] += own.real
                    C[j, at + WIDTH] += own.imag
                    C[j, to] += other.real
                    C[j, to + WIDTH] += other.imag
                B, C = C, B
            for j in range(n):
                u, v = 2 * j, 2 * (n + j)
                ar_m = B[j, m]
                ai_m = B[j, WIDTH + m]
                br_m = B[j, 2 * WIDTH + m]
                bi_m = B[j, 3 * WIDTH + m]
                new[g, x_m, u] = ar_m
                new[g, x_m, u + 1] = ai_m
                new[g, x_m, v] = br_m
                new[g, x_m, v + 1] = bi_m
            if len(sums) == 0:
                continue
            wr, wi = rates[g].real, rates[g].imag
            for j in range(n):
                ar_m = 1.0 * B[j, m]
                ai_m = 1.0 * B[j, WIDTH + m]
                br_m = 1.0 * B[j, 2 * WIDTH + m]
                bi_m = 1.0 * B[j, 3 * WIDTH + m]
                cr_m = S[j, m] + ar_m
                ci_m = S[j, WIDTH + m] + ai_m
                dr_m = S[j, 2 * WIDTH + m] + br_m
                di_m = S[j, 3 * WIDTH + m] + bi_m
                er_m = S[j, 4 * WIDTH + m] + wr * ar_m - wi * ai_m
                ei_m = S[j, 5 * WIDTH + m] + wr * ai_m + wi * ar_m
                hr_m = S[j, 6 * WIDTH + m] + wr * br_m - wi * bi_m
                hi_m = S[j, 7 * WIDTH + m] + wr * bi_m + wi * br_m
                S[j, m] = cr_m
                S[j, WIDTH + m] = ci_m
                S[j, 2 * WIDTH + m] = dr_m
                S[j, 3 * WIDTH + m] = di_m
                S[j, 4 * WIDTH + m] = er_m
                S[j, 5 * WIDTH + m] = ei_m
                S[j, 6 * WIDTH + m] = hr_m
                S[j, 7 * WIDTH + m] = hi_m
        for p in range(len(sums)):
            for q in range(min(WIDTH, columns - begin)):
                for j in range(n):
                    u, v, at = 2 * j, 2 * (n + j), 4 * p * WIDTH + q
                    sums[p, first + begin + q, u] += S[j, at]
                    sums[p, first + begin + q, u + 1] += S[j, at + WIDTH]
                    sums[p, first + begin + q, v] += S[j, at + 2 * WIDTH]
                    sums[p, first + begin + q, v + 1] += S[j, at + 3 * WIDTH]
'''
PHASES = """
                    gl, gr, kl, kr = h[j, 10], h[j, 11], h[j, 12], h[j, 13]
                    ur_m = ur_m + gl * B[l, m] + gr * B[r, m]
                    ui_m = ui_m + gl * B[l, WIDTH + m] + gr * B[r, WIDTH + m]
                    vr_m = vr_m + kl * B[l, 2 * WIDTH + m] + kr * B[r, 2 * WIDTH + m]
                    vi_m = vi_m + kl * B[l, 3 * WIDTH + m] + kr * B[r, 3 * WIDTH + m]
"""


def _advance(key: str, phases: str, size: int) -> Callable:
    """`ADVANCE` for one kind of hops and one size of real numbers."""
    name = f"advance_{key}_{size}"
    source = ADVANCE.replace("{name}", name).replace("{phases}", phases)
    return compiled(source, name, LANES, __name__, __file__, _advance.__code__.co_firstlineno)


# of real or complex hops, by the bytes of a real number
advance = {
    (key, size): _advance(key, phases, size)
    for key, phases in (("plain", ""), ("phases", PHASES))
    for size in (4, 8)
}


@lazily
def band(UT, T, wide, out):
    """Entries of U T next to the diagonal, for the transposed U, into (3, 3, n).

    The first index: (up, hole), (up, up), (hole, hole); the second: rows of the left neighbour
    site, the own, the right one of the column's site; where not ``wide`` the own ones alone.
    """
    n = out.shape[2]
    out[:] = 0
    for k in range(T.shape[0]):
        for j in range(n):
            y, z = T[k, j], T[k, n + j]
            out[0, 1, j] += UT[k, j] * z
            out[1, 1, j] += UT[k, j] * y
            out[2, 1, j] += UT[k, n + j] * z
            if wide:
                w, e = j - 1, j + 1
                if w < 0:
                    w = n - 1
                if e == n:
                    e = 0
                out[0, 0, j] += UT[k, w] * z
                out[0, 2, j] += UT[k, e] * z
                out[1, 0, j] += UT[k, w] * y
                out[1, 2, j] += UT[k, e] * y
                out[2, 0, j] += UT[k, n + w] * z
                out[2, 2, j] += UT[k, n + e] * z


@lazily
def weighted(a, A, b, B, c, C, out):
    """out = a A + b B + c C, of (N, N) complex matrices and real weights."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a * A[i, j] + b * B[i, j] + c * C[i, j]


@lazily
def ahead(base, X, Z, carried, step, last, curve, W, out):
    """What a step carries to its end for G, and X there: the rows of ``out`` (2N, N).

    X goes on as a parabola in the frame that H carries: X + s Z + (s/step)^2 bend with
    bend = curve (carried - X + last Z), ``carried`` the X of ``last`` before.
    """
    N = out.shape[1]
    slope, third = W[2] * step + W[3], W[2] + 2 * W[3] / step
    for i in range(N):
        for j in range(N):
            bend = curve * (carried[i, j] - X[i, j] + last * Z[i, j])
            out[i, j] = base[i, j] + W[2] * X[i, j] + slope * Z[i, j] + third * bend
            out[N + i, j] = X[i, j] + step * Z[i, j] + bend


@lazily
def memory(Q, L, hop, level, pairing, white, H, X, Z):
    """X = i (white + Q + Q^+) and Z = Q H - H Q^+ + i (L + L^+), see `state.memory_terms`.

    Q, L transposed; hop (n,) to the right, level (2, n), pairing (n,) of H; H (N, N) scratch.
    """
    n = len(hop)
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        for i in range(2 * n):  # rows of H Q^+
            H[j, i] = (
                hop[w] * Q[w, i] + hop[j] * Q[e, i] + level[0, j] * Q[j, i]
            ).conjugate() - pairing[j] * Q[n + j, i].conjugate()
            H[n + j, i] = (
                level[1, j] * Q[n + j, i] - hop[w] * Q[n + w, i] - hop[j] * Q[n + e, i]
            ).conjugate() - pairing[j].conjugate() * Q[j, i].conjugate()
    for ib in range(0, 2 * n, 16):
        for jb in range(0, 2 * n, 16):
            for i in range(ib, min(ib + 16, 2 * n)):
                for j in range(jb, min(jb + 16, 2 * n)):
                    X[i, j] = 1j * (Q[j, i] + Q[i, j].conjugate())
                    Z[i, j] = H[j, i].conjugate() - H[i, j] + 1j * (L[j, i] + L[i, j].conjugate())
    for i in range(2 * n):
        X[i, i] += 1j * white


@lazily
def near_diagonal(G, out):
    """`band` of a matrix G (2n, 2n) itself, wide."""
    n = out.shape[2]
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        for d, i in ((0, w), (1, j), (2, e)):
            out[0, d, j] = G[i, n + j]
            out[1, d, j] = G[i, j]
            out[2, d, j] = G[n + i, n + j]


@lazily
def velocity(hop, level, pairing, damping, G, X, out):
    """-i [H, G] - damping G + X in the own rows of the `band` G (3, 3, n), into out (3, n).

    hop, level, pairing : of H, as for `memory`. X (3, n). G is anti-Hermitian.
    """
    n = len(hop)
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        tl, tr, a, b, d = hop[w], hop[j], level[0, j], level[1, j], pairing[j]
        pair, up, hole = G[0, 1, j], G[1, 1, j], G[2, 1, j]
        first = tl * G[0, 0, j] + tr * G[0, 2, j] + a * pair - d * hole
        first -= b * pair - tl * G[0, 2, w] - tr * G[0, 0, e] - d * up
        second = tl * G[1, 0, j] + tr * G[1, 2, j] + a * up + d * pair.conjugate()
        third = b * hole - tl * G[2, 0, j] - tr * G[2, 2, j] - d.conjugate() * pair
        out[0, j] = -1j * first - damping * pair + X[0, j]
        out[1, j] = -2j * second.real - damping * up + X[1, j]
        out[2, j] = -2j * third.real - damping * hole + X[2, j]
