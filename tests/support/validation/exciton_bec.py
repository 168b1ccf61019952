"""Electron-hole condensate at T_b = 0: frequency integrals by the residues of explicit 2 x 2 Green
functions, plain Gauss sums over momenta, MINPACK; pair response by triples of poles
(`support.exciton_pairs.bubbles`) over momentum and angle.

Nothing of the package is used but the runs themselves.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, fsolve

import hpcneq

from ..exciton_pairs import bubbles
from .rows import numbers, row

GB = 1e-3
P_C = 100.0
TIP = (-2.55, 0.25, (0.00595, 1.0827, 0.005896))


def run(task, parameters, **tables):
    """The Result of a task."""
    given = {"system": "exciton-bec", "task": task, "parameters": parameters}
    return hpcneq.run(given | tables)


@functools.cache
def momenta(panel=0.001, order=12, last=P_C):
    """(p, weight dp): equal short panels up to 1.6, growing ones to the cutoff."""
    above = np.geomspace(1.6, last, 40)
    edges = np.concatenate([np.arange(0, 1.6 - panel / 2, panel), above])
    x, w = np.polynomial.legendre.leggauss(order)
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def functions(xi, D, mt, gv):
    """(pair amplitude/Delta complex, occupation) of momenta, (n,) each, from residues."""
    E, g = np.hypot(xi, D), GB + gv
    poles = [sign * E + side * 1j * g for sign in (1, -1) for side in (1, -1)]

    def integrals(numerator):
        """Of numerator/|det|^2 times the two self-energies, over frequency."""
        first = last = below = 0.0
        for j, z in enumerate(poles):
            others = [z - y for i, y in enumerate(poles) if i != j]
            residue = numerator(z) / (others[0] * others[1] * others[2])
            below = below - 1j * np.pi * np.sign(z.imag) * residue
            first = first + residue * np.log(mt - z)
            last = last + residue * np.log(-mt - z)
        up = GB * (below - 2 * first) - gv * below
        return up, -GB * (below - 2 * last) - gv * below

    pair = -integrals(lambda w: w + 1j * g + xi)[0] + integrals(lambda w: w - 1j * g - xi)[1]
    own = integrals(lambda w: (w + xi) ** 2 + g**2)[0]
    mixed = integrals(lambda w: D**2 + 0 * w)[1]
    return -pair / (2 * np.pi), 0.5 - (own - mixed).real / (2 * np.pi)


@dataclass(frozen=True)
class State:
    """A steady state."""

    delta: float
    mu: float
    mt: float
    gv: float

    def matrix(self, q, w, angles, panel, order, far=4e4):
        """M(q, w) by sums over momentum and angle; Im w > -(gamma_b + gamma_v)."""
        p, weight = momenta(panel, order, far)
        x, share = np.polynomial.legendre.leggauss(angles)
        a = np.arcsinh(2 * p * q / (GB + self.gv))[:, None] + 1e-3
        cos = (np.sinh(a * x) / np.sinh(a)).ravel()
        share = a * np.cosh(a * x) / np.sinh(a) * share
        weight = ((weight * p**2)[:, None] * share * 0.5 / (2 * np.pi**2)).ravel()
        p = np.repeat(p, angles)
        plus, minus = (np.sqrt(np.maximum(p**2 + q**2 / 4 + s * p * q * cos, 0)) for s in (1, -1))
        Pi = bubbles(plus, minus, w, self.delta, self.mu, self.mt, GB, self.gv)
        at = (self.delta, self.mt, self.gv)
        inverse = sum(functions(m**2 - self.mu, *at)[0] for m in (plus, minus))
        here, beside = weight @ inverse.real, weight @ inverse.imag
        Pi = Pi @ weight
        return np.array(
            [[here - Pi[0, 0], beside - Pi[0, 1]], [-beside - Pi[1, 0], here - Pi[1, 1]]]
        )

    def root(self, q, guess, **grid):
        """Zero of det M(q, w) next to a guess, by the secant rule."""
        a, b = guess, guess * 1.01
        fa, fb = (np.linalg.det(self.matrix(q, w, **grid)) for w in (a, b))
        for _ in range(20):
            if abs(b - a) < 1e-7 * abs(guess):
                break
            a, b, fa = b, b - fb * (b - a) / (fb - fa), fb
            fb = np.linalg.det(self.matrix(q, b, **grid))
        return b


def balances(delta, mu, mt, gv):
    """(gap real, gap imaginary, number), each 0 in a state of inv = 0, and without the inv."""
    p, weight = momenta()
    pair, occupied = functions(p**2 - mu, delta, mt, gv)
    real = weight @ (p**2 * pair.real - 0.5)
    return real, weight @ (p**2 * pair.imag) / gv, weight @ (p**2 * occupied) - 1 / 3


@functools.cache
def steady(inv, ratio, guess):
    """The State next to (delta, mu, mt)."""

    def left(x):
        real, *others = balances(np.exp(x[0]), x[1], np.exp(x[2]), GB * ratio)
        return real + np.pi / 4 * inv, *others

    x = fsolve(left, (np.log(guess[0]), guess[1], np.log(guess[2])), xtol=1e-12)
    return State(float(np.exp(x[0])), float(x[1]), float(np.exp(x[2])), GB * ratio)


@row("Delta, mu at 1/kFa = -1, ratio .1", "residues, Gauss sums, MINPACK", "Delta = .145")
def state():
    """Fig. 9."""
    result = run("steady", {"inv_kfas": -1.0, "ratio": 0.1})
    other = steady(-1.0, 0.1, (0.146, 0.949, 0.148))
    here = result.summary["delta"], result.summary["mu"]
    return numbers(here, 1e-9, (other.delta, other.mu), 1e-7)


@row("ratio beyond which the gas is normal, 1/kFa = 0", "the same", "about 1")
def end():
    """Fig. 4."""
    result = run("branches", {"inv_kfas": 0.0}, sweep={"ratio": [0.5, 0.9]})

    def left(x):
        real, *others = balances(1e-6, x[0], np.exp(x[1]), GB * x[2])
        return real, *others

    other = fsolve(left, (0.83, np.log(0.02), 0.99), xtol=1e-12)[2]
    return numbers(result.summary["ratio_c"], 1e-6, other, 1e-6)


@row("A, 1/kFa = 1: ratio", "derivative of the gap's Gauss sum by differences", "3.1e-3")
def attraction():
    """alpha11 = 0: the gap equation at fixed mu, mt does not move with Delta."""
    result = run("boundary", {"inv_kfas": 1.0, "kind": "A"})

    def bend(ratio):
        s = steady(1.0, ratio, (1.33, -0.8, 1.55))
        sides = [balances(s.delta * f, s.mu, s.mt, s.gv)[0] for f in (1.0001, 0.9999)]
        return sides[0] - sides[1]

    other = brentq(bend, 2.5e-3, 4e-3, xtol=1e-8)
    return numbers(result.summary["ratio"], result.errors["ratio"], other, 1e-7)


@row("growth at 1/kFa = 1, ratio .1, q = .6", "triples of poles, sums over momentum and angle")
def fast():
    """On the BEC side, without frequency."""
    tables = {"numerics": {"floor": -10.0}}
    result = run("modes", {"inv_kfas": 1.0, "ratio": 0.1, "q": 0.6}, **tables)
    s = steady(1.0, 0.1, (0.966, -0.65, 1.584))
    other = s.root(0.6, 0.1088j, angles=64, panel=0.02, order=8).imag
    return numbers(result.summary["max_growth"], result.errors["max_growth"], other, 8e-5)


@row("growth, frequency at 1/kFa = -2.45, ratio .22 and -2.55, .25; q = .004", "the same")
def tip():
    """Below -2.49 nothing grows at any ratio."""
    here, other = [], []
    for inv, ratio, guess in ((-2.45, 0.22, (0.00818, 1.0648, 0.00813)), TIP):
        tables = {"numerics": {"floor": 0.4}}
        result = run("modes", {"inv_kfas": inv, "ratio": ratio, "q": 0.004}, **tables)
        here += [result.summary["max_growth"], result.summary["frequency"]]
        near = complex(here[-1], here[-2]) * 1.001
        w = steady(inv, ratio, guess).root(0.004, near, angles=12, panel=0.001, order=6)
        other += [w.imag, w.real]
    return numbers(here, 1e-9, other, 3e-8)


ROWS = [state, end, attraction, fast, tip]
