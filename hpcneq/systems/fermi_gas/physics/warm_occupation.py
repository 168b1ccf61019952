"""The Fermi function convolved with a Lorentzian at T > 0, its slope and integrals, compiled.

The same numbers as of `hpcneq.maths.fermi`, whose docstrings have the formulas, for many levels at
once: digamma's recurrence and series, logarithms by `hpcneq.maths.polar`.
"""

from __future__ import annotations

import numpy as np

from hpcneq.maths.compiled import lazily
from hpcneq.maths.polar import polar

Array = np.ndarray
STEPS = 10  # of the recurrence
# psi(1/2 + z) - ln z = sum_k c_k z^-2k
SERIES = (
    1 / 24,
    -7 / 960,
    31 / 8064,
    -127 / 30720,
    511 / 67584,
    -1414477 / 67092480,
    8191 / 98304,
)


def _inverse(z):
    """1/z of a number whose square neither overflows nor vanishes."""
    scale = 1 / (z.real * z.real + z.imag * z.imag)
    return complex(scale * z.real, -scale * z.imag)


def _excess(x, y, near, angle):
    """Im psi(1/2 + i y) - Im psi(1/2 + x + i y) with the angle of its far part."""
    v, w = complex(STEPS, y), complex(STEPS + x, y)
    a, b = _inverse(w * w), _inverse(v * v)
    quotient, value = complex(0.0, 0.0), complex(SERIES[6], 0.0)
    for k in range(6):
        quotient = quotient * a + value
        value = value * b + SERIES[5 - k]
    quotient = quotient * a + value
    return x * y * near + angle + x * (quotient * (w + v) * (a * b)).imag


@lazily(calls=(polar, _inverse, _excess), wide=True)
def filled(e: Array, width: float, T: float, out: Array) -> None:
    """Fill out (n,) with F1 at energies e (n,): `fermi.broadened_fermi`."""
    unit, n_e = 2 * np.pi * T, len(e)
    x, turn = width / unit, out
    work = np.empty((3, n_e))
    real, imag = work[0], work[1]
    size = work[2]
    for n in range(n_e):
        y = abs(e[n]) / unit
        real[n], imag[n] = STEPS * (STEPS + x) + y * y, x * y
    polar(real, imag, size, turn)
    for n in range(n_e):
        y = abs(e[n]) / unit
        near = 0.0
        for k in range(STEPS):
            c = k + 0.5
            level, more = y * y + c * c, 2 * c + x
            near += more / (level * (level + x * more))
        size[n] = _excess(x, y, near, turn[n]) / np.pi
    for n in range(n_e):
        real[n] = np.exp(-abs(e[n]) / T)
    for n in range(n_e):
        tail = real[n] / (1 + real[n]) + size[n]
        out[n] = 1 - tail if e[n] < 0 else tail


@lazily(calls=(_inverse,), wide=True)
def slope(e: Array, width: float, T: float, out: Array) -> None:
    """Fill out (n,) with dF1/de at energies e (n,): -1/2 of `fermi.broadened_tanh_slope`."""
    unit = 2 * np.pi * T
    x = width / unit
    for n in range(len(e)):
        y = e[n] / unit
        levels = 0.0
        for k in range(STEPS):
            c = k + 0.5 + x
            inverse = 1 / (y * y + c * c)
            levels += inverse * (2 * c * c * inverse - 1)
        once = _inverse(complex(STEPS + x, y))
        q = once * once
        rest = complex(14 * SERIES[6], 0.0)
        for k in range(6):
            rest = rest * q + 2 * (6 - k) * SERIES[5 - k]
        out[n] = -(levels + (once - once * q * rest).real) / (2 * np.pi * np.pi * T)


@lazily(calls=(polar, _inverse), wide=True)
def integrals(e: Array, width: float, T: float, once: Array, twice: Array) -> None:
    """Fill once and twice (n,) with A1 and A2: `fermi.broadened_fermi_integrals`."""
    unit, count = 2 * np.pi * T, len(e)
    work = np.empty((4, count))
    real, imag = work[0], work[1]
    size, turn = work[2], work[3]
    for n in range(count):
        real[n], imag[n] = STEPS + width / unit, e[n] / unit
    polar(real, imag, size, turn)
    for n in range(count):
        z, log_z = complex(real[n], imag[n]), complex(size[n], turn[n])
        inverse = _inverse(z)
        q = inverse * inverse
        first, second = complex(0.0, 0.0), complex(0.0, 0.0)
        for m in range(6):
            k = 7 - m
            first = (first - SERIES[k - 1] / (2 * k - 1)) * q
            second = second * q + SERIES[k - 1] / ((2 * k - 1) * (2 * k - 2))
        once[n] = (z * (log_z - 1) + (first - SERIES[0]) * inverse).real
        total = z * z * (0.5 * log_z - 0.75) - SERIES[0] * log_z + second * q
        twice[n] = total.imag
    for k in range(STEPS):
        for n in range(count):
            real[n] = k + 0.5 + width / unit
        polar(real, imag, size, turn)
        for n in range(count):
            once[n] -= size[n]
            twice[n] -= real[n] * turn[n] + imag[n] * (size[n] - 1)
    for n in range(count):
        once[n] = 0.5 * e[n] + unit * once[n] / np.pi
        twice[n] = 0.25 * e[n] * e[n] + unit * unit * twice[n] / np.pi
