"""The junction: plain sums over the momenta of large lattices, waves sent in by lead levels one by
one (`support.independent`).

Nothing of the package is used but the runs themselves.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import digamma

import hpcneq

from .. import independent
from .rows import numbers, row

U, GAMMA = 3.0, 0.01
H = 0.58


def run(task, parameters, **tables):
    """The Result of a task."""
    given = {"system": "nsn-junction", "task": task, "parameters": parameters}
    return hpcneq.run(given | tables)


def theta(x, T):
    """1 - 2 f seen through the width 2 gamma."""
    if T == 0:
        return 2 / np.pi * np.arctan(x / (2 * GAMMA))
    return 2 / np.pi * digamma(0.5 + (2 * GAMMA + 1j * x) / (2 * np.pi * T)).imag


def levels(L):
    """Energies of a quarter of an L x L lattice, whose rest is alike: (L/2, L/2)."""
    k = -2 * np.cos(2 * np.pi * (np.arange(L // 2) + 0.5) / L)
    return k[:, None] + k


def gap(D, T, h, eV, L=400):
    """U F(D) - 1."""
    E, shifts = np.hypot(levels(L), D), (h + eV / 2, h - eV / 2)
    total = sum(theta(E + s * shift, T) for shift in shifts for s in (1, -1))
    return U * np.mean(total / (8 * E)) - 1


def pairs(Q, T, h, eV, L=1200):
    """U C(Q) - 1 along x."""
    kx = 2 * np.pi * (np.arange(L) + 0.5) / L
    ky = -2 * np.cos(2 * np.pi * (np.arange(L // 2) + 0.5) / L)
    up, down = (-2 * np.cos(kx + s * Q / 2)[:, None] + ky for s in (1, -1))
    total = 0.0
    for shift in (h + eV / 2, h - eV / 2):
        total = total + theta(up - shift, T) + theta(down + shift, T)
    return U * np.mean(total / (4 * (up + down))) - 1


@row("Delta at T = h = eV = 0", "sums over 400 x 400 momenta")
def rest():
    """The gap at rest."""
    result = run("steady", {"T": 0.0})
    other = brentq(lambda D: gap(D, 0.0, 0.0, 0.0), 0.5, 1.0, xtol=1e-13)
    return numbers(result.summary["roots"][0], result.errors["roots"][0], other, 1e-10)


@row("eV where FFLO ends, returns; h = .58, T = 0", "sums over 1200 x 1200 momenta", ".19, .68")
def onsets():
    """Fig. 5(b1), (b2)."""
    result = run("onset", {"h": H, "T": 0.0})
    here, errors = result.summary["fflo_onsets"][:2], result.errors["fflo_onsets"][:2]
    other = []
    for V, Q in ((0.194, 0.71), (0.676, 0.269)):

        def largest(eV, Q=Q):
            options = {
                "bounds": (0.9 * Q, 1.1 * Q),
                "method": "bounded",
                "options": {"xatol": 1e-3},
            }
            return -minimize_scalar(lambda q: -pairs(q, 0.0, H, eV), **options).fun

        sides = [(eV, largest(eV)) for eV in (V - 2e-3, V, V + 2e-3)]
        inverse = np.polyfit([value for _, value in sides], [eV for eV, _ in sides], 2)
        other.append(np.polyval(inverse, 0.0))
    return numbers(here, errors, other, 5e-5)


@row("folds in eV, h = .58, T = .07, .09", "extreme bias along the branch, sums over momenta")
def folds():
    """The last fold of T = .07, the second of .09."""
    here, errors, other = [], [], []
    for T, which, D in ((0.07, -1, 0.13), (0.09, -2, 0.15)):
        result = run("onset", {"h": H, "T": T})
        here.append(result.summary["folds"][which])
        errors.append(result.errors["folds"][which])
        D = result.summary["folds_delta"][which]
        other.append(extreme(T, D, here[-1]))
    return numbers(here, errors, other, 2e-8)


def extreme(T, D, fold):
    """Top of the parabola through three biases that solve the gap equation, around D."""
    sizes = D * np.array([0.99, 1.0, 1.01])
    ends = fold - 2e-3, fold + 2e-3
    biases = [brentq(lambda V, d=d: gap(d, T, H, V), *ends, xtol=1e-13) for d in sizes]
    a, b, c = np.polyfit(sizes, biases, 2)
    return c - b**2 / (4 * a)


@row("uniform Delta, current, magnetization; h = .58, T = .02, eV = 1.15", "sums over momenta")
def driven():
    """The state that the quench of Fig. 4(c2) ends in."""
    result = run("steady", {"h": H, "T": 0.02, "eV": 1.15})
    names = ("roots", "current_left", "magnetization")
    here = [result.summary[name][0] for name in names]
    errors = [result.errors[name][0] for name in names]
    D = brentq(lambda D: gap(D, 0.02, H, 1.15), 0.25, 0.4, xtol=1e-13)
    E = np.hypot(levels(800), D)

    def filled(e, shift):
        return 0.5 - 0.5 * theta(e - shift, 0.02)

    upper, lower = E - H, -E - H
    left, right = (filled(upper, s) + filled(lower, s) for s in (0.575, -0.575))
    current, polarized = GAMMA * np.mean(left - right), np.mean(left + right) / 2 - 1
    return numbers(here, errors, (D, current, polarized), 1e-9)


@row("Delta at t = 1, 2, 4 after eV = 0 -> .9 on a ring of 3", "a wave from every lead level")
def quench():
    """Fano's scattering states in time: no poles, no memory integral."""
    parameters = {"U": U, "mu": -0.5, "h": 0.1, "gamma": 0.05, "T": 0.05}
    eV = {"from": 0.0, "to": 0.9, "kind": "step"}
    result = run(
        "evolve",
        parameters | {"eV": eV},
        numerics={"Lx": 3, "Ly": 1, "dt": 0.025},
        initial={"state": "bcs", "noise": 0.0},
        run={"t_max": 4.0, "output_every": 1.0},
    )
    delta = np.abs(np.asarray(result.delta))
    leads = [
        independent.Lead(0.05, 0.05, 0.0, lambda t, side=side: 0.45 * side * (t > 0))
        for side in (1, -1)
    ]
    waves = independent.Waves(
        independent.hopping(3, 1, -0.5), U, 0.1, leads, 4.0, 5.0, cutoff=100.0
    )
    trace = waves.follow(delta[0].astype(complex), [0.0, 1.0, 2.0, 4.0], rtol=1e-7, atol=1e-9)
    here = [delta[k].mean() for k in (1, 2, 4)]
    return numbers(here, 1e-6, np.abs(trace.delta[1:]).mean(1), 5e-6)


ROWS = [rest, onsets, folds, driven, quench]
