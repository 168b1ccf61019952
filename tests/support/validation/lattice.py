"""Lattice models: Landauer's formula with normal and Andreev channels, a Matsubara sum, the gap
equation over momenta.

Nothing of the package is used but the runs themselves.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit

import hpcneq

from .rows import numbers, row

T = 0.02
HOP = {"from": "s", "to": "s", "shift": [1], "value": -1.0}


def run(task, model, leads, **tables):
    """The Result of a task."""
    given = {"system": "lattice", "task": task, "model": model, "leads": leads}
    return hpcneq.run(given | tables)


def cell(size, periodic, vectors=((1.0,),)):
    """A cell of one orbital."""
    orbitals = [{"name": "s", "at": [0.0] * len(vectors)}]
    vectors = [list(vector) for vector in vectors]
    return {"vectors": vectors, "orbitals": orbitals, "size": size, "periodic": periodic}


def level(value):
    """[model] of one level."""
    return {"cell": cell([1], [False]), "onsite": [{"on": "s", "value": value}]}


def split(f, points):
    """Adaptive quadrature between points."""
    ends = sorted(points)
    return sum(quad(f, a, b, epsabs=1e-12, limit=400)[0] for a, b in zip(ends, ends[1:]))


@row("level .3 between chains, contact .5, eV = 1: I h/e", "Landauer's integral")
def chains():
    """Of one spin: pi dN/dt of both."""
    lead = {"kind": "chain", "sites": [0], "hopping": 1.0, "contact": 0.5, "T": T}
    leads = {"left": lead | {"bias": 0.5}, "right": lead | {"bias": -0.5}}
    numerics = {"energies": "window", "floor": 1e-4}
    result = run("transport", level(0.3), leads, sweep={"eV": [1.0]}, numerics=numerics)

    def own(E):
        """Self-energy of a chain at rest."""
        root = np.sqrt(complex(4 - E * E))
        return 0.125 * (E - 1j * root if abs(E) < 2 else E - np.sign(E) * np.sqrt(E * E - 4))

    def flow(E):
        left, right = own(E - 0.5), own(E + 0.5)
        through = 4 * left.imag * right.imag / abs(E - 0.3 - left - right) ** 2
        return through * (expit((0.5 - E) / T) - expit((-0.5 - E) / T))

    here = np.pi * result.current[0, 0]
    return numbers(here, 1e-7, split(flow, (-1.5, -0.5, 0.3, 0.5, 1.5)), 1e-8)


@row("level between normal lead and superconductor, eV = .5: dN/dt", "the same, Andreev channel")
def andreev():
    """gamma = .5 each."""
    normal = {"kind": "wide", "sites": [0], "gamma": 0.5, "T": T, "bias": 1.0}
    bcs = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "dynes": 1e-3, "T": T}
    numerics = {"fit_error": 1e-6, "window": 600.0}
    leads = {"normal": normal, "super": bcs}
    result = run("transport", level(0.0), leads, sweep={"eV": [0.5]}, numerics=numerics)

    def flow(E):
        z = E + 1e-3j
        root = -1j * np.sqrt(z - 1) * np.sqrt(z + 1)
        own = -0.5 / root * np.array([[z, 1], [1, z]])
        G = np.linalg.inv(E * np.eye(2) + 0.5j * np.eye(2) - own)
        gap_rate = G @ (1j * (own - own.conj().T)) @ G.conj().T
        f = expit(-(E - np.array([0.5, -0.5, 0.0])) / T)
        across = 2 * abs(G[0, 1]) ** 2 * (f[0] - f[1])
        out = gap_rate[0, 0].real * (f[0] - f[2]) - gap_rate[1, 1].real * (f[1] - f[2])
        return (across + out) / (2 * np.pi)

    here, error = result.current[0, 0], result.current_error[0, 0]
    return numbers(here, error, split(flow, (-30, -1.1, -1, -0.5, 0, 0.5, 1, 1.1, 30)), 1e-7)


@row("level between superconductors, phase pi/2: dN/dt", "Matsubara sum")
def josephson():
    """gamma = .5 each."""
    lead = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "dynes": 1e-3, "T": T}
    leads = {"low": lead | {"turn": 0.0}, "high": lead | {"turn": 1.0}}
    numerics = {"fit_error": 1e-5}
    result = run("transport", level(0.0), leads, sweep={"phase": [np.pi / 2]}, numerics=numerics)
    w = np.pi * T * (2 * np.arange(200000) + 1)
    square = 1 + (w + 1e-3) ** 2
    below = (w + (w + 1e-3) / np.sqrt(square)) ** 2 + 0.5 / square
    other = 2 * T * np.sum(1 / (square * below))
    return numbers(result.current[0, 0], result.current_error[0, 0], other, 1e-8)


@row("end of Kitaev's chain, eV = .5: dN/dt", "its Andreev channel from a 6 x 6 matrix")
def majorana():
    """A Majorana level."""
    lead = {"kind": "wide", "sites": [0], "gamma": 0.5, "T": 0.01, "bias": 1.0}
    result = run(
        "transport",
        {"cell": cell([3], [False]), "spin": "none", "hop": [HOP]},
        {"left": lead},
        pairing=[{"from": "s", "to": "s", "shift": [1], "value": 1.0}],
        sweep={"eV": [0.5]},
        numerics={"damping": 1e-8, "damping_T": 0.01, "fit_error": 1e-7},
    )
    step = np.eye(3, k=1)
    H = np.block([[-step - step.T, step.T - step], [step - step.T, step + step.T]])
    width = np.diag([0.5, 1e-9, 1e-9, 0.5, 1e-9, 1e-9])

    def flow(E):
        G = np.linalg.inv((E + 1e-9j) * np.eye(6) - H + 1j * width)
        window = expit((0.5 - E) / 0.01) - expit((-0.5 - E) / 0.01)
        return abs(G[0, 3]) ** 2 * window / (2 * np.pi)

    other = split(flow, (-1.0, -0.5, 0.0, 0.5, 1.0))
    return numbers(result.current[0, 0], 1e-6, other, 1e-7)


@row("d-wave pairs on a ring of 8 x 8: D", "gap equation over momenta")
def d_wave():
    """V = 2, T = .05, hardly touched by its lead."""
    shifts = ([1, 0], [0, 1])
    bonds = [{"from": "s", "to": "s", "shift": shift, "V": 2.0} for shift in shifts]
    bath = {"kind": "wide", "sites": list(range(64)), "gamma": 1e-7, "T": 0.05}
    result = run(
        "steady",
        {
            "cell": cell([8, 8], [True, True], ((1.0, 0.0), (0.0, 1.0))),
            "onsite": [{"on": "s", "value": 0.4}],
            "hop": [HOP | {"shift": shift} for shift in shifts],
        },
        {"bath": bath},
        interaction={"bond": bonds},
        initial={"state": "seed", "bond": {"x": 0.3, "y": -0.3}},
        numerics={"seeds": 0, "stability": False, "uniform": "yes"},
    )
    k = np.cos(2 * np.pi * np.arange(8) / 8)
    xi, form = -2 * k[:, None] - 2 * k + 0.4, k[:, None] - k

    def left(D):
        E = np.maximum(np.hypot(xi, 2 * D * form), 1e-300)
        return np.mean(form**2 * np.tanh(E / 0.1) / (2 * E)) - 0.5

    here = result.summary["states"][0]["delta_max"]
    return numbers(here, 1e-6, brentq(left, 0.1, 0.4, xtol=1e-13), 1e-12)


ROWS = [chains, andreev, josephson, majorana, d_wave]
