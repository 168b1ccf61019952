"""Compiled loops over the entries of a step's matrices: what lies between its matrix products.

Blocks run first; a level is i or j of 2 N, a species c = 0 for the first N columns, else 1. Nothing
is added over blocks here.
"""

from __future__ import annotations

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from ...maths.compiled import lazily

EQUAL = 1e-4  # of 1/dt: levels nearer than this count as equal
SMALL = 0.1  # of a dt: below it integrals are series
SHORT = 1e-2  # of w dt/2: below it the weight of A is a series


def integrals(a: complex, ex: complex, dt: float) -> tuple[complex, complex, complex]:
    """int_0^dt s^k e^{as} ds, k = 0, 1, 2, with ex = e^{a dt}."""
    x = a * dt
    if abs(x.real) + abs(x.imag) > SMALL:
        over = a.conjugate() / (a.real * a.real + a.imag * a.imag)
        phi = (ex - 1) * over
        psi = (dt * ex - phi) * over
        return phi, psi, (dt * dt * ex - 2 * psi) * over
    term = 1 + 0j
    phi = psi = chi = 0j
    for k in range(12):
        phi += term / (k + 1)
        psi += term / (k + 2)
        chi += term / (k + 3)
        term *= x / (k + 1)
    return dt * phi, dt * dt * psi, dt**3 * chi


@lazily
def weigh_drift(
    E: FloatArray,
    half: ComplexArray,
    drift: ComplexArray,
    dt: float,
    A: ComplexArray,
    R1: ComplexArray,
    R2: ComplexArray,
) -> None:
    """Fill A, R1 and R2 of `drift.Turn`.

    E, half : (n, 2 N) levels and e^{-iE dt/2}. drift : (n, 2 N, 2 N) Hdot in the eigenbasis.
    """
    h = 0.5 * dt
    for b in range(E.shape[0]):
        for i in range(E.shape[1]):
            for j in range(E.shape[1]):
                w, value = E[b, i] - E[b, j], drift[b, i, j]
                x = w * h
                if abs(x) < SHORT:
                    weight = x / 3 * (1 - 0.1 * x * x)
                else:
                    turned = half[b, j] * half[b, i].conjugate()  # e^{ix}
                    weight = (turned.imag / x - turned.real) / x
                A[b, i, j] = 2j * h * h * weight * value
                R1[b, i, j] = R2[b, i, j] = 0
                if 2 * abs(x) >= EQUAL:
                    over = 1 / w
                    R1[b, i, j] = -1j * over * value
                    R2[b, i, j] = -over * over * value


@lazily(calls=(integrals,))
def load(
    dt: float,
    levels: tuple,
    bath: tuple,
    back: ComplexArray,
    modes: ComplexArray,
    out: tuple,
) -> None:
    """Modes and sources as the factor of a step's first product, and what is added to it.

    levels : (E, e^{-iE dt}, diagonal of Hdot), (n, 2 N) each. bath : (rates, e^{rates dt},
    sources), (P, 2) each. back : V^+. modes : (n, 2 N, P, 2 N). out : (factor (n, 4 N, P, 2 N): the
    modes, turned by the bath, above phi s V^+; weights (n, 2 N, P, 2, 3) of V^+, R1 V^+, R2 V^+;
    sums (n, 2 N, 2 N) of the modes over the bath).
    """
    E, turned, diagonal = levels
    rates, decayed, sources = bath
    factor, weights, sums = out
    h, (count, size, P, _) = 0.5 * dt, modes.shape
    N = size // 2
    for b in range(count):
        for i in range(size):
            sums[b, i] = 0
            level = -1j * diagonal[b, i]
            for p in range(P):
                for c in range(2):
                    a, s = rates[p, c] - 1j * E[b, i], sources[p, c]
                    phi, psi, chi = integrals(a, decayed[p, c] * turned[b, i], dt)
                    weights[b, i, p, c, 0] = s * (phi + level * (h * psi - 0.5 * chi))
                    weights[b, i, p, c, 1] = -1j * s * (psi - h * phi)
                    weights[b, i, p, c, 2] = -1j * s * phi
                    fall, source = decayed[p, c], s * phi
                    for j in range(c * N, c * N + N):
                        value = modes[b, i, p, j]
                        sums[b, i, j] += value
                        factor[b, i, p, j] = fall * value
                        factor[b, size + i, p, j] = source * back[b, i, j]


@lazily
def add_sources(
    weights: ComplexArray,
    back: ComplexArray,
    first: ComplexArray,
    second: ComplexArray,
    modes: ComplexArray,
    sums: ComplexArray,
) -> None:
    """Add ``weights`` times V^+, R1 V^+, R2 V^+ to the modes, and sum them over the bath.

    weights, back, modes, sums : as in `load`. first, second : R1 V^+, R2 V^+ (n, 2 N, 2 N).
    """
    count, size, P, _ = modes.shape
    N = size // 2
    for b in range(count):
        for i in range(size):
            sums[b, i] = 0
            for p in range(P):
                for c in range(2):
                    own, one = weights[b, i, p, c, 0], weights[b, i, p, c, 1]
                    two = weights[b, i, p, c, 2]
                    for j in range(c * N, c * N + N):
                        value = modes[b, i, p, j] + (
                            own * back[b, i, j] + one * first[b, i, j] + two * second[b, i, j]
                        )
                        modes[b, i, p, j] = value
                        sums[b, i, j] += value


@lazily(calls=(integrals,))
def turn_density(
    dt: float,
    damping: float,
    E: FloatArray,
    turned: ComplexArray,
    begin: ComplexArray,
    end: ComplexArray,
    n: ComplexArray,
) -> None:
    """Add to n (blocks, 2 N, 2 N) times e^{-damping dt} what X, linear from ``begin`` to ``end``,
    adds in a step, in the eigenbasis.

    turned : (blocks, 2 N) e^{-iE dt}.
    """
    decay = np.exp(-damping * dt)
    for b in range(E.shape[0]):
        for i in range(E.shape[1]):
            for j in range(E.shape[1]):
                a = complex(-damping, E[b, j] - E[b, i])
                fall = decay * turned[b, i] * turned[b, j].conjugate()
                phi, psi, _ = integrals(a, fall, dt)
                late = phi - psi / dt
                n[b, i, j] = (
                    decay * n[b, i, j] + (phi - late) * begin[b, i, j] + late * end[b, i, j]
                )
