"""Fermi gas between two reservoirs: gap and current by Gauss sums over momentum and angle, edges by
MINPACK, modes from 2 x 2 matrices that are diagonalised one by one.

Nothing of the package is used but the runs themselves.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.optimize import brentq, fsolve, minimize_scalar
from scipy.special import digamma

import hpcneq

from .rows import numbers, row

WIDTH = 0.01  # 2 gamma
INV = -1.0
DMU = 0.145
EDGES = ("nig_onset", "nff_fold", "nff_end", "nbcs_end")


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "fermi-gas", "task": task, **tables})


def occupation(x, dmu, T=0.0, width=WIDTH):
    """N(x), both reservoirs seen through a level's width."""
    if T == 0:
        return (np.arctan2(width, x - dmu) + np.arctan2(width, x + dmu)) / (2 * np.pi)
    z = [0.5 + (width + 1j * (x - s * dmu)) / (2 * np.pi * T) for s in (1, -1)]
    return 0.5 - sum(digamma(y).imag for y in z) / (2 * np.pi)


@functools.cache
def grid(panel=0.006, order=8):
    """(p, weight dp): equal panels around pF, growing ones outside, the last to infinity."""
    inside = np.arange(0.8, 1.2, panel)
    above = 1.2 + 0.02 * 1.5 ** np.arange(12)
    edges = np.concatenate([np.linspace(0, 0.8, 17)[:-1], inside, [1.2], above])
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    p, weight = (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()
    t, wt = np.polynomial.legendre.leggauss(24)
    t, wt = 0.5 * (t + 1), 0.5 * wt
    return np.concatenate([p, edges[-1] / t]), np.concatenate([weight, edges[-1] * wt / t**2])


def sums(D, Q, dmu, T=0.0, width=WIDTH):
    """(g, J) of the sheet of equations: 0 in a state."""
    p, weight = grid()
    count = 1 if Q == 0 else 96
    c, wc = np.polynomial.legendre.leggauss(count)
    xi = p**2 + Q**2 / 4 - 1
    E, shift = np.sqrt(xi**2 + D**2), np.outer(p * Q, c)

    def moments(E):
        N = occupation(E[:, None] + shift, dmu, T, width)
        return 0.5 * N @ wc, 0.5 * N @ (wc * c)

    M0, M1 = moments(E)
    g = weight @ (p**2 * ((1 - 2 * M0) / (2 * E) - 1 / (2 * p**2))) + np.pi / 4 * INV
    F0, F1 = moments(np.abs(xi))
    flow = 2 * p * (M1 - F1)
    flow += 0.5 * Q * (np.sign(xi) * (1 - 2 * F0) - xi / E * (1 - 2 * M0))
    return g, weight @ (p**2 * flow)


def bias(D, Q, **more):
    """dmu at which (D, Q) solves the gap equation."""
    return brentq(lambda dmu: sums(D, Q, dmu, **more)[0], 0.0, 0.4, xtol=1e-13)


def state(D, Q, dmu=DMU):
    """(D, Q) of a state near a guess."""

    def left(x):
        g, J = sums(x[0], x[1], dmu)
        return g, J / x[1]

    return fsolve(left, (D, Q), xtol=1e-12)


def summit(f, low, high):
    """Extreme of a function by a parabola around scipy's."""
    return minimize_scalar(f, bounds=(low, high), method="bounded", options={"xatol": 1e-6}).fun


def turned(D):
    """dmu of the Fulde-Ferrell state with the order parameter D."""

    def left(x):
        g, J = sums(D, x[0], x[1])
        return g, J / x[0]

    return fsolve(left, (0.125, 0.1365), xtol=1e-12)[1]


@row("NIG onset, NFF fold, NFF end, NBCS end in dmu", "Gauss sums", ".111, .135, .152, .183")
def edges():
    """Table I; [numerics] gap_cutoff = 92.57 gives its digits."""
    result = run("branches", sweep={"dmu": {"from": 0.05, "to": 0.19, "points": 8}})
    other = (
        bias(1e-5, 0.0),
        summit(turned, 0.08, 0.13),
        -summit(lambda Q: -bias(1e-5, Q), 0.12, 0.24),
        -summit(lambda D: -bias(D, 0.0), 0.13, 0.2),
    )
    found, errors = result.summary["edges"], result.errors["edges"]
    return numbers([found[n] for n in EDGES], [errors[n] for n in EDGES], other, 1e-7)


@row("Delta of NBCS, NIG; Delta, Q of NFF and of NFF'", "Gauss sums, MINPACK")
def states():
    """The four states in region III."""
    result = run("steady", parameters={"dmu": DMU})
    found = {state["name"]: state for state in result.summary["branches"]}
    here = [found["NBCS"]["delta"], found["NIG"]["delta"]]
    other = [
        brentq(lambda D: sums(D, 0.0, DMU)[0], low, high, xtol=1e-13)
        for low, high in ((0.19, 0.23), (0.08, 0.15))
    ]
    for name, guess in (("NFF", (0.055, 0.18)), ("NFF'", (0.15, 0.1))):
        here += [found[name]["delta"], found[name]["Q"]]
        other += list(state(*guess))
    return numbers(here, 1e-9, other, 1e-7)


@row("T_c (gamma -> 0), gamma_c (T = 0) at dmu = 0", "Gauss sums")
def ends():
    """Where the condensate ends at dmu = 0."""
    result = run("phase-diagram", sweep={"gamma": [0.005, 0.01], "T": [0.01, 0.02]})
    T = brentq(lambda T: sums(1e-6, 0.0, 0.0, T, 1e-7)[0], 0.1, 0.15, xtol=1e-12)
    gamma = brentq(lambda g: sums(1e-6, 0.0, 0.0, 0.0, 2 * g)[0], 0.04, 0.07, xtol=1e-12)
    names = ("T_c", "gamma_c")
    here, errors = [result.summary[n] for n in names], [result.errors[n] for n in names]
    return numbers(here, errors, (T, gamma), 1e-6)


class Waves:
    """M(lambda) of variant C from the matrices H(p +- q/2) of every momentum."""

    def __init__(self, D, Q, q, dmu=DMU, width=WIDTH):
        p, weight = grid()
        c, wc = np.polynomial.legendre.leggauss(128)
        z, self.rate = np.outer(p, c), 2 * width
        self.weight = np.outer(weight * p**2, 0.5 * wc).ravel()
        e, U = [], []
        for sign in (1, -1):
            along = (z + 0.5 * sign * q).ravel()
            size = (p[:, None] ** 2 + sign * z * q + 0.25 * q**2).ravel()
            xi, shift = size + 0.25 * Q**2 - 1, along * Q
            H = np.array([[shift + xi, np.full_like(xi, -D)], [np.full_like(xi, -D), shift - xi]])
            values, vectors = np.linalg.eigh(np.moveaxis(H, 2, 0))
            e.append(values)
            U.append(vectors)
        gap = e[0][:, :, None] - e[1][:, None, :]
        N = [occupation(values, dmu, 0.0, width) for values in e]
        difference = N[0][:, :, None] - N[1][:, None, :]
        self.gap, self.slope, self.U = gap, difference / gap, U
        # 1/U from the uniform state on the same momenta
        xi = np.repeat(p**2 + 0.25 * Q**2 - 1, len(c))
        E, shift = np.hypot(xi, D), (z * Q).ravel()
        N = [occupation(shift + s * E, dmu, 0.0, width) for s in (1, -1)]
        self.inverse = self.weight @ ((N[1] - N[0]) / (2 * E))

    def __call__(self, rate):
        """(2, 2) at a complex growth rate."""
        memory = (self.rate + 1j * self.gap) / (rate + self.rate + 1j * self.gap)
        out = np.zeros((2, 2), complex)
        for column, drive in enumerate((np.array([[0, 1], [0, 0]]), np.array([[0, 0], [1, 0]]))):
            turned = np.einsum("nam,ab,nbk->nmk", self.U[0], drive, self.U[1])
            answer = -turned * self.slope * memory
            back = np.einsum("nam,nmk,nbk->nab", self.U[0], answer, self.U[1])
            total = np.einsum("n,nab->ab", self.weight, back)
            out[:, column] = total[0, 1], total[1, 0]
        return out - self.inverse * np.eye(2)

    def root(self, guess):
        """Growth rate next to a guess, by the secant rule."""
        a, b = guess, guess * 1.02 + 1e-4
        fa, fb = (np.linalg.det(self(x)) for x in (a, b))
        for _ in range(30):
            if abs(b - a) < 1e-10:
                break
            a, b, fa = b, b - fb * (b - a) / (fb - fa), fb
            fb = np.linalg.det(self(b))
        return b


def growth_of(branch, guess_of_state, q, guess):
    """Numbers of the growth rate of a wave along Q on a state."""
    result = run("stability", parameters={"dmu": DMU, "branch": branch, "q": q, "angle": 0.0})
    other = Waves(*guess_of_state, q).root(guess)
    return result.summary["growth_rate"], other.real


@row("growth of q = .001 along Q on NIG, NFF'", "2 x 2 matrices of momenta", "both unstable")
def long_waves():
    """Variant C."""
    NIG = brentq(lambda D: sums(D, 0.0, DMU)[0], 0.08, 0.15, xtol=1e-13), 0.0
    pairs = growth_of("NIG", NIG, 1e-3, 0.024), growth_of("NFF'", state(0.15, 0.1), 1e-3, 3e-4)
    return numbers(*zip(*[(here, 2e-8, other, 2e-6) for here, other in pairs]))


@row("growth of q = 2Q = .365392 along Q on NFF", "the same", "stable (q = .001)")
def standing_wave():
    """A Larkin-Ovchinnikov wave, which the paper does not look at."""
    here, other = growth_of("NFF", state(0.055, 0.18), 0.365392, 0.0268)
    return numbers(here, 2e-8, other, 2e-6)


ROWS = [edges, states, ends, long_waves, standing_wave]
