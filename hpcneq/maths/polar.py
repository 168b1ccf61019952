"""Logarithms of many complex numbers at once, for compiled loops.

A plain function that `compiled.lazily` compiles together with what calls it. Its loops hold neither
branches nor calls, so that a processor takes several numbers at once.
"""

from __future__ import annotations

import numpy as np

from .arrays import FloatArray


def polar(real: FloatArray, imag: FloatArray, size: FloatArray, turn: FloatArray) -> None:
    """Fill size and turn (n,) with log z = size + i turn of z = real + i imag (n,), z != 0.

    log |z| from the binary exponent and 2 artanh; the angle, folded into |tan| < 0.42, by the
    rational approximation of Moshier's Cephes library; to a few units in the last place.
    """
    for n in range(len(real)):
        size[n] = real[n] * real[n] + imag[n] * imag[n]
    bits = size.view(np.int64)
    for n in range(len(real)):
        # of |z|^2 over a number between sqrt(1/2) and sqrt(2), by whose bits it is told
        power = (bits[n] - 0x3FE6A09E667F3BCD) >> 52
        turn[n] = power
        bits[n] -= power << 52
    for n in range(len(real)):
        s = (size[n] - 1) / (size[n] + 1)
        z = s * s
        rest = 1 / 15 + z * (1 / 17 + z * (1 / 19 + z / 21))
        rest = 1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * rest)))
        size[n] = s + s * z * (1 / 3 + z * (1 / 5 + z * rest)) + 0.34657359027997264 * turn[n]
    for n in range(len(real)):
        x, y = abs(real[n]), abs(imag[n])
        small, large = min(x, y), max(x, y)
        far = small > 0.41421356237309503 * large
        t = (small - large if far else small) / (small + large if far else large)
        z = t * t
        above = z * (-75.00855792314705 + z * (-16.157537187333652 - z * 0.8750608600031904))
        above = -64.85021904942025 + z * (-122.88666844901361 + above)
        below = z * (165.02700983169885 + z * (24.858464901423062 + z))
        below = 194.5506571482614 + z * (485.3903996359137 + z * (432.88106049129027 + below))
        angle = t + t * z * above / below + (0.7853981633974483 if far else 0.0)
        angle = 1.5707963267948966 - angle if y > x else angle
        angle = 3.141592653589793 - angle if real[n] < 0 else angle
        turn[n] = -angle if imag[n] < 0 else angle
