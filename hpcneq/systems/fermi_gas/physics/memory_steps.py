"""One exponential step of momenta between reservoirs with memory.

Delta and Q, known at both ends with their velocities, are polynomials in time over a step, which
makes mean and slope of H = a + h.tau (h = -Re Delta, Im Delta, xi) of every momentum: H = H_mid +
(s - dt/2) H'. With levels a +- E, n = h/E and m = n x h', to first order in H' and all orders in E
dt,

    U(dt, 0) = e^{-i a dt} e^{-i E dt n.tau/2} e^{i f m.tau} e^{-i E dt n.tau/2},
    f = (dt^2/2) j_1(E dt).

Modes move by :mod:`.memory_advance`. The vector r of g = g_0 + r.tau, dr/dt = 2 h x r - 2 Gam r + x
with x of Gam + Pi + Pi^+, is turned by U; x, known with its velocity at both ends, counts as linear
in time with the right mean and first moment. What the turning of h adds is kept to first order for
the part of x along n. A state at rest is a fixed point, for any step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import memory_advance
from .linear_kinetics import CHUNK

LEAST = 1e-5  # mu: levels nearer to each other are that far apart
SHORT = 0.05  # of E dt: below it the weight f is a series
Linear = tuple[np.ndarray, np.ndarray]  # mean over a step, and slope


@dataclass(frozen=True, eq=False)
class Frame:
    """What a step does to each momentum; arrays (items, CHUNK), vectors (3, items, CHUNK).

    a, E, n : of H_mid. drift, h : H' without and of tau. m : n x h'. q0, q : U = e^{-i a dt}
    (q0 - i q.tau).
    """

    step: float
    a: np.ndarray
    E: np.ndarray
    n: np.ndarray
    drift: np.ndarray
    h: np.ndarray
    m: np.ndarray
    q0: np.ndarray
    q: np.ndarray

    @classmethod
    def of(cls, step: float, a: Linear, xi: Linear, Delta: tuple[complex, complex]) -> Frame:
        """From mean and slope of a, xi (items, CHUNK) and Delta."""
        (a, drift), (xi, xi_slope) = a, xi
        D, slope = Delta
        E = np.maximum(np.sqrt(xi**2 + abs(D) ** 2), LEAST)
        n, h = np.empty((3, *xi.shape)), np.empty((3, *xi.shape))
        n[0], n[1] = -D.real / E, D.imag / E
        n[2] = xi / E
        h[0], h[1] = -slope.real, slope.imag
        h[2] = xi_slope
        m = cross(n, h)
        x = E * step
        cos, sin = np.cos(x), np.sin(x)
        series = x / 3 * (1 - 0.1 * x**2)
        j1 = np.where(x < SHORT, series, (sin / x - cos) / x)
        angle = -0.5 * step**2 * j1 * m
        size = np.sqrt(dot(angle, angle))
        turn = np.cos(size)
        q = turn * sin * n + np.sinc(size / np.pi) * angle
        return cls(step, a, E, n, drift, h, m, turn * cos, q)

    def rows(self) -> np.ndarray:
        """(items, COEFFICIENTS CHUNK) for :func:`.memory_advance.advance`."""
        dt, along = self.step, dot(self.n, self.h)
        c, s = np.cos(self.a * dt), np.sin(self.a * dt)
        x, y, z = self.q
        C, S = np.cos(self.E * dt), np.sin(self.E * dt)
        turn = []
        for real, imag in ((self.q0, -z), (-y, -x), (y, -x), (self.q0, z)):
            turn += [c * real + s * imag, c * imag - s * real]
        levels = [self.a + self.E, self.a - self.E, self.E]
        slopes = [self.drift + along, self.drift - along]
        phases = [c * C - s * S, -s * C - c * S, c * C + s * S, c * S - s * C]
        across = [*self.n, *(self.h - along * self.n), *self.m]
        rows = np.empty((len(c), memory_advance.COEFFICIENTS, CHUNK))
        for k, values in enumerate([*levels, *slopes, *phases, *across, *turn]):
            rows[:, k] = values
        return rows.reshape(len(rows), memory_advance.COEFFICIENTS * CHUNK)

    def turned(self, r: np.ndarray) -> np.ndarray:
        """A vector turned by U."""
        q0, q = self.q0, self.q
        return (q0**2 - dot(q, q)) * r + 2 * q * dot(q, r) + 2 * q0 * cross(q, r)

    def pushed(self, x: np.ndarray, slope: np.ndarray, damping: float) -> np.ndarray:
        """int_0^dt R(dt, s) e^{-damping (dt - s)} (x + (s - dt/2) slope) ds, R the turning of r."""
        dt, n = self.step, self.n
        half, w = 0.5 * dt, 2 * self.E
        phi0, psi0 = scalar_integrals(damping, dt)
        phi, psi = integrals(damping, w, dt)
        lie, lie_slope = dot(n, x), dot(n, slope)
        along = phi0 * lie + (half * phi0 - psi0) * lie_slope
        across, slope = x - lie * n, slope - lie_slope * n
        later, over = half * phi - psi, 1 / w
        ahead = phi - phi0
        kick = (half * ahead - psi) * (-1j * over) - ahead * over**2
        turn = -2 * lie * self.m  # 2 h' x n
        side = phi.imag * across + later.imag * slope + kick.imag * turn
        plain = phi.real * across + later.real * slope + kick.real * turn
        return along * n + plain + cross(n, side)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a.b of vectors (3, ...)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a x b of vectors (3, ...)."""
    out = np.empty_like(a)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


def integrals(damping: float, w: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """int_0^dt (1, s) e^{(i w - damping) s} ds, by reals: complex division is slow."""
    turned, over = np.empty(w.shape, complex), np.empty(w.shape, complex)
    decay, square = np.exp(-damping * dt), 1 / (damping**2 + w**2)
    turned.real, turned.imag = decay * np.cos(w * dt), decay * np.sin(w * dt)
    over.real, over.imag = -damping * square, -w * square
    phi = (turned - 1) * over
    return phi, (dt * turned - phi) * over


def scalar_integrals(damping: float, dt: float) -> tuple[float, float]:
    """int_0^dt (1, s) e^{-damping s} ds."""
    phi = -np.expm1(-damping * dt) / damping
    return phi, (phi - dt * np.exp(-damping * dt)) / damping


@dataclass(frozen=True, eq=False)
class Push:
    """Gam + Pi + Pi^+ = x_0 + x.tau and its velocity, (4, items, CHUNK) each: x_0, then x."""

    value: np.ndarray
    velocity: np.ndarray

    @classmethod
    def of(
        cls, sums: np.ndarray, at: dict[str, np.ndarray], D: complex, width: float, source: float
    ) -> Push:
        """From the sums of Pi and lambda Pi, (items, 16 CHUNK), of H and sum s_g."""
        out = np.empty((len(sums), 2, 4 * CHUNK))
        levels = np.concatenate([at["a"] + at["xi"], at["a"] - at["xi"]], axis=1)
        memory_advance.push(sums, levels, D, width, source, out)
        value, velocity = out.reshape(len(sums), 2, 4, CHUNK).transpose(1, 2, 0, 3)
        return cls(value, velocity)


def moved_density(
    frame: Frame, g: np.ndarray, ends: tuple[Push, Push], damping: float
) -> np.ndarray:
    """g (items, 3, CHUNK) : g11, g22, g12 at the end of the step."""
    dt, (first, last) = frame.step, ends
    mean = 0.5 * (first.value + last.value) + dt / 12 * (first.velocity - last.velocity)
    slope = 1.2 / dt * (last.value - first.value) - 0.1 * (first.velocity + last.velocity)
    decay = np.exp(-damping * dt)
    phi, psi = scalar_integrals(damping, dt)
    up, down = g[:, 0].real, g[:, 1].real
    pair = g[:, 2]
    r = np.stack([pair.real, -pair.imag, 0.5 * (up - down)])
    r = decay * frame.turned(r) + frame.pushed(mean[1:], slope[1:], damping)
    scalar = decay * 0.5 * (up + down) + phi * mean[0] + (0.5 * dt * phi - psi) * slope[0]
    new = np.empty_like(g)
    new[:, 0], new[:, 1] = scalar + r[2], scalar - r[2]
    new[:, 2].real, new[:, 2].imag = r[0], -r[1]
    return new


def response(
    g: np.ndarray, xi: np.ndarray, damping: float, step: float, moved: tuple[complex, complex]
) -> np.ndarray:
    """How g12 at the end of a step moves with Delta there, (items, CHUNK), by itself alone.

    moved : what mean and slope of Delta move by.
    """
    phi, psi = integrals(damping, -2 * xi, step)
    return -1j * (g[:, 0] - g[:, 1]) * (phi * moved[0] + (0.5 * step * phi - psi) * moved[1])
