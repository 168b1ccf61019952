"""M(q, w) of the electron-hole condensate: elements a second against adaptive quadrature.

    python tools/bench.d/exciton.py [seconds]

Both are run to the end and measured against sums on much finer panels. The plain way is an adaptive
cubature (Genz and Malik's rule of degree 7 with 33 points, boxes halved where it and its rule of
degree 5 differ most, thousands of boxes at a time in numpy) over momentum, angle and frequency of
the 2 x 2 products of Eqs. (27), (36), started from boxes that end at the bath's edges. It is
stopped after so many seconds (60); a target counts as met from when its true error stays below,
which it could not know itself. Seconds are of CPU.
"""

import itertools
import sys
import time

import numpy as np

from hpcneq.systems.exciton_bec.physics import response, steady_states

POINTS = [
    (state, q, w)
    for state, q, w in (
        (steady_states.Drive(inv=-0.5, ratio=0.3, gb=0.02, p_c=30.0), 0.1, 0.05 + 0.02j),
        (steady_states.Drive(inv=-1.0, ratio=0.02101), 0.0149, 5e-4j),
    )
]
TARGETS = (1e-2, 1e-3, 1e-4)
FINENESS = (0.15, 0.2, 0.3, 0.4, 0.6)
BATCH = 20000  # boxes at a time


def main(seconds):
    for drive, q, w in POINTS:
        state = steady_states.solve(drive)
        exact = response.matrices(state, q, [w], fine=1.7)[0]
        print(f"inv = {drive.inv:g}, g = {state.g:g}, q = {q:g}, w = {w:g}")
        ours = [(fine, *timed(state, q, w, exact, fine)) for fine in FINENESS]
        for target, spent, error, values in met(cubature(state, q, w, exact, seconds)):
            fine, mine, reached = next(row for row in ours if row[2] <= error)
            text = (
                f"  cubature: error {error:.1e} in {spent:.1f} s, {values:.1e} integrands, "
                f"{4 / spent:.2g} elements/s"
            )
            print(
                f"{text}{'' if error <= target else f' (not {target:g})'}; here: error "
                f"{reached:.0e} in {1e3 * mine:.2f} ms, "
                f"{4 / mine:.0f} elements/s: {spent / mine:.0f} times as fast"
            )


def met(way):
    """[(target, seconds, error, integrands)] from where the error stays below each target; the end
    of the way where it never does.
    """
    way = list(way)
    worst = np.maximum.accumulate([error for _, error, _ in way][::-1])[::-1]
    found = []
    for target in TARGETS:
        at = int(np.argmax(worst <= target)) if worst[-1] <= target else len(way) - 1
        found.append((target, way[at][0], worst[at], way[at][2]))
        if worst[-1] > target:
            break
    return found


def timed(state, q, w, exact, fine, rounds=20):
    """(seconds, error) of one M, four elements; the quickest of a few rounds."""
    response.matrices(state, q, [w], fine=fine)
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        M = response.matrices(state, q, [w], fine=fine)[0]
        spent.append(time.process_time() - begun)
    return min(spent), np.abs(M - exact).max()


# ---- the plain way -------------------------------------------------------------------------------


def green(v, xi, D):
    """(v - xi t3 + D t1)^-1 as a tuple 11, 12, 21, 22 of arrays."""
    det = v * v - xi * xi - D * D
    return (v + xi) / det, -D / det, -D / det, (v - xi) / det


def product(A, B):
    return (
        A[0] * B[0] + A[1] * B[2],
        A[0] * B[1] + A[1] * B[3],
        A[2] * B[0] + A[3] * B[2],
        A[2] * B[1] + A[3] * B[3],
    )


TAU = ((0, 1, 1, 0), (0, -1j, 1j, 0))


def integrand(x, state, q, w):
    """(n, 4) : M's elements per unit volume of x (n, 3) = (t, cos, s), p = t/(1 - t), v = s/(1 -
    s^2).
    """
    t, cos, s = x.T
    p, v = t / (1 - t), s / (1 - s * s)
    weight = p**2 / (4 * np.pi**2) / (1 - t) ** 2 * (1 + s * s) / (1 - s * s) ** 2
    xi = [p**2 + 0.25 * q**2 + sign * p * q * cos - state.mu for sign in (1, -1)]
    up, down = (-2j * (state.gb * np.sign(v - e * state.mt) + e * state.gv) for e in (1, -1))
    keldysh = []
    for y in xi:
        R, A = green(v + 1j * state.g, y, state.delta), green(v - 1j * state.g, y, state.delta)
        keldysh.append(product((R[0] * up, R[1] * down, R[2] * up, R[3] * down), A))
    R, A = (
        green(v + w + 1j * state.g, xi[0], state.delta),
        green(v - w - 1j * state.g, xi[1], state.delta),
    )
    pair = sum(
        -0.25j / np.pi / state.delta * K[1] for K in keldysh
    )  # 1/U, Eq. (27), from either momentum
    found = []
    for i, j in itertools.product((0, 1), repeat=2):
        first = product(product(TAU[i], R), product(TAU[j], keldysh[1]))
        second = product(product(TAU[i], keldysh[0]), product(TAU[j], A))
        whole = 0.25j / np.pi * (first[0] + first[3] + second[0] + second[3])
        inverse = pair.real if i == j else (1 - 2 * i) * pair.imag
        found.append(weight * (inverse - whole))
    return np.stack(found, axis=1)


def rule():
    """(points (33, 3), weights of degree 7 and 5) of Genz and Malik's rule on [-1, 1]^3, whose
    volume is taken as 1.
    """
    a, b, c = np.sqrt(9 / 70), np.sqrt(9 / 10), np.sqrt(9 / 19)
    axes = np.eye(3)
    points = [
        np.zeros(3),
        *(s * a * e for e in axes for s in (1, -1)),
        *(s * b * e for e in axes for s in (1, -1)),
        *(
            b * (s * axes[i] + t * axes[j])
            for i, j in ((0, 1), (0, 2), (1, 2))
            for s in (1, -1)
            for t in (1, -1)
        ),
        *(c * np.array(z) for z in itertools.product((1, -1), repeat=3)),
    ]
    seven = [
        (12824 - 9120 * 3 + 400 * 9) / 19683,
        *[980 / 6561] * 6,
        *[(1820 - 1200) / 19683] * 6,
        *[200 / 19683] * 12,
        *[6859 / 19683 / 8] * 8,
    ]
    five = [
        (729 - 950 * 3 + 50 * 9) / 729,
        *[245 / 486] * 6,
        *[(265 - 300) / 1458] * 6,
        *[25 / 729] * 12,
        *[0.0] * 8,
    ]
    return np.array(points), np.array(seven), np.array(five)


def boxes(middle, half, f):
    """(integral (n, 4), error (n,), axis (n,)) of boxes (n, 3)."""
    points, seven, five = rule()
    values = f((middle[:, None] + half[:, None] * points).reshape(-1, 3)).reshape(
        len(middle), len(points), 4
    )
    volume = 8 * half.prod(axis=1)[:, None]
    best, other = (volume * np.einsum("npk,p->nk", values, weight) for weight in (seven, five))
    centre = 2 * values[:, 0]
    bend = [
        np.abs(
            values[:, 1 + 2 * k]
            + values[:, 2 + 2 * k]
            - centre
            - (values[:, 7 + 2 * k] + values[:, 8 + 2 * k] - centre) / 7
        ).max(axis=1)
        for k in range(3)
    ]
    return best, np.abs(best - other).max(axis=1), np.argmax(bend, axis=0)


def cubature(state, q, w, exact, seconds):
    """Yield (seconds, error, integrands) of ever finer boxes, until the seconds are over or the
    last target is met with ease.
    """

    def f(x):
        return integrand(x, state, q, w)

    begun = time.process_time()
    edge = (np.sqrt(1 + 4 * state.mt**2) - 1) / (2 * state.mt)
    cuts = [
        np.linspace(0, 1, 9),
        np.linspace(-1, 1, 2),
        np.array([-1, -0.5 * (1 + edge), -edge, 0, edge, 0.5 * (1 + edge), 1]),
    ]
    low, high = (
        np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
        for ends in ([x[:-1] for x in cuts], [x[1:] for x in cuts])
    )
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    value, error, axis = boxes(middle, half, f)
    values = 33 * len(middle)
    while True:
        spent, off = (
            time.process_time() - begun,
            np.abs(value.sum(axis=0).reshape(2, 2) - exact).max(),
        )
        yield spent, off, values
        if spent > seconds or off < 0.03 * TARGETS[-1]:
            return
        worst = np.argsort(error)[::-1][: min(BATCH, max(64, len(error) // 3))]
        keep = np.ones(len(error), bool)
        keep[worst] = False
        step = np.zeros((len(worst), 3))
        shorter = half[worst].copy()
        shorter[np.arange(len(worst)), axis[worst]] *= 0.5
        step[np.arange(len(worst)), axis[worst]] = shorter[np.arange(len(worst)), axis[worst]]
        new = (
            np.concatenate([middle[worst] + step, middle[worst] - step]),
            np.concatenate([shorter, shorter]),
        )
        more = boxes(*new, f)
        values += 33 * len(new[0])
        middle, half = np.concatenate([middle[keep], new[0]]), np.concatenate([half[keep], new[1]])
        value, error, axis = (
            np.concatenate([old[keep], there]) for old, there in zip((value, error, axis), more)
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
