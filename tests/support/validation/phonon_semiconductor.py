"""Semiconductor with phonons: rates of single emissions added up, scipy's integrator, Newton and
eigenvalues from differences of the equations of motion.

Nothing of the package is used but the runs themselves.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import hpcneq

from .rows import numbers, row

POINTS = 201
FLOOR = 1e-5


def run(task, parameters=None, **tables):
    """The Result of a task at the parameters of Fig. 7."""
    parameters = {"m": [6, 2]} | (parameters or {})
    given = {"system": "phonon-semiconductor", "task": task, "parameters": parameters}
    return hpcneq.run(given | tables)


@dataclass(frozen=True)
class Motion:
    """Coherent terms, emissions a -> b one by one, recombination as printed; x is (6, n) reals."""

    V: float = 5.0
    Omega: float = 0.25
    rate: float = 0.01
    recombination: float = 0.01
    A1: float = 8.0
    A2: float = 23.0
    m: tuple = (6, 2)
    redfield: bool = False

    @functools.cached_property
    def emissions(self):
        """[(band, a, b)] index arrays: p -> -p + sgn(p) m steps for |p| > m/2 steps."""
        half, pairs = POINTS // 2, []
        for band, m in enumerate(self.m):
            a = np.array([j for j in range(-half, half + 1) if 2 * abs(j) > m], int)
            b = -a + np.sign(a) * m
            inside = np.abs(b) <= half
            pairs.append((band, a[inside] + half, b[inside] + half))
        return pairs

    @functools.cached_property
    def k(self):
        return np.linspace(-0.2, 0.2, POINTS)

    def delta(self, x):
        """Delta^* = (V/2pi) sum s dk."""
        return self.V / (2 * np.pi) * (x[4] + 1j * x[5]).sum() * (self.k[1] - self.k[0])

    def rates(self, x, turn=0.0):
        """dx/dt (6, n), in a frame where pairs turn with ``turn``."""
        n, n21, s = x[:2], x[2] + 1j * x[3], x[4] + 1j * x[5]
        conjugate = self.delta(x)
        E, eps = (self.A1 + self.A2) * self.k**2, (self.A2 - self.A1) * self.k**2
        gain = -2 * (np.conj(conjugate) * s).imag
        laser = self.Omega * n21.imag
        dn = np.array([gain - laser, gain[::-1] + laser])
        d21 = 1j * eps * n21 - 0.5j * self.Omega * (n[1] - n[0])
        ds = 1j * (E - turn) * s + 1j * conjugate * (n[0] + n[1][::-1] - 1)
        light = self.recombination * n[1] * (1 - n[0])
        dn += np.array([light, -light])
        d21 = d21 - self.recombination * n21 * (1 - n[0] + n[1])
        for band, a, b in self.emissions:
            self._emit(band, a, b, n, n21, s, dn, d21, ds)
        return np.array([*dn, d21.real, d21.imag, ds.real, ds.imag])

    def _emit(self, band, a, b, n, n21, s, dn, d21, ds):
        """One band's emissions; each b and each a occurs once, so that += adds every one."""
        G, N, h, other = self.rate, n[band][a], 1 - n[band][b], 1 - band
        X = float(self.redfield)
        A, B = (a, b) if band == 1 else (POINTS - 1 - a, POINTS - 1 - b)
        _add(dn[band], b, 2 * G * N * h)
        _add(dn[band], a, -2 * G * N * h)
        cross = X * 2 * G * (n21[a] * n21[b].conj()).real
        _add(dn[other], b, -cross)
        _add(dn[other], a, cross)
        _add(d21, b, G * (X * n21[a] * h - N * n21[b]))
        _add(d21, a, G * (X * N * n21[b] - n21[a] * h))
        # s_k has the lower band at -k and the upper one at k
        pairs = X * 2 * G * (s[A] * s[B].conj()).real
        _add(dn[other], POINTS - 1 - a, pairs)
        _add(dn[other], POINTS - 1 - b, -pairs)
        _add(ds, A, -G * (s[A] * h + X * N * s[B]))
        _add(ds, B, -G * (N * s[B] + X * s[A] * h))

    def settled(self, seed, t, start=None):
        """x after the time t from the filled lower band."""
        if start is None:
            start = np.zeros((6, POINTS))
            start[0], start[4:] = 1.0, seed
        options = {"method": "DOP853", "rtol": 1e-9, "atol": 1e-11, "t_eval": [t], "max_step": 1.0}

        def rates(t, y):
            return self.rates(y.reshape(6, -1)).ravel()

        return solve_ivp(rates, (0, t), start.ravel(), **options).y.reshape(6, -1)

    def turning(self, x):
        """Rate at which the phase of Delta turns, from the equations of motion."""
        return (self.delta(self.rates(x)) / self.delta(x)).imag

    def jacobian(self, x, turn):
        """(6n, 6n) by central differences."""
        columns = []
        for unit in np.eye(x.size):
            step = 1e-4 * unit.reshape(x.shape)
            change = self.rates(x + step, turn) - self.rates(x - step, turn)
            columns.append(change.ravel() / 2e-4)
        return np.array(columns).T

    def stationary(self, x, even=None):
        """(x, turn) of the state next to x, by Newton at fixed numbers of electrons.

        Steps of the grid that are all even keep those of even and of odd momenta apart: a state for
        every share, ``even`` the number at even places.
        """
        turn, kept = self.turning(x), np.zeros((2, *x.shape))
        kept[0, :2] = kept[1, :2, ::2] = 1.0
        if even is None:
            kept = kept[:1]
        left_out = np.zeros((len(kept), 1))
        for _ in range(20):
            left = self.rates(x, turn).ravel()
            numbers_left = np.array([POINTS, even or 0])[: len(kept)] - (kept * x).sum((1, 2))
            if max(np.abs(left).max(), np.abs(numbers_left).max()) < 1e-11:
                break
            by_turn = np.zeros_like(x)
            by_turn[4], by_turn[5] = x[5], -x[4]
            J = np.column_stack([self.jacobian(x, turn), by_turn.ravel()])
            numbers_rows = np.append(kept.reshape(len(kept), -1), left_out, axis=1)
            rows, wanted = np.vstack([J, numbers_rows]), np.append(-left, numbers_left)
            step = np.linalg.lstsq(rows, wanted, rcond=1e-10)[0]
            x, turn = x + step[:-1].reshape(x.shape), turn + step[-1]
        return x, turn

    def fastest(self, x, turn):
        """Eigenvalue of largest real part, what is conserved left out."""
        values = np.linalg.eigvals(self.jacobian(x, turn))
        values = values[np.abs(values) > 1e-6]
        value = values[np.argmax(values.real)]
        return complex(value.real, abs(value.imag))

    def without_pairs(self):
        """x of the driven state with V = 0, by Newton from a long evolution."""
        free = replace(self, V=0.0)
        x = free.settled(0.0, 3000.0)
        for _ in range(8):
            left = free.rates(x)[:4].ravel()
            if np.abs(left).max() < 1e-12:
                break
            number = np.append(np.ones(2 * POINTS), np.zeros(2 * POINTS))
            n = 4 * POINTS
            rows = np.vstack([free.jacobian(x, 0.0)[:n, :n], number])
            step = np.linalg.lstsq(rows, np.append(-left, 0.0), rcond=1e-10)[0]
            x[:4] += step.reshape(4, -1)
        return x

    def pair_growth(self, x):
        """V -> largest growth rate of pairs in a state without any, (V, n) matrices."""
        free, one = (
            replace(self, V=V).jacobian(x, 0.0)[4 * POINTS :, 4 * POINTS :] for V in (0, 1)
        )
        return lambda V: np.linalg.eigvals(free + V * (one - free)).real.max()


def _add(target, places, values):
    np.add.at(target, places, values)


@functools.cache
def evolved():
    """x of Fig. 7 after a long time."""
    return Motion().settled(1e-2, 2600.0)


def even_number(result):
    """Electrons at even places of the grid."""
    return float((np.asarray(result.n11) + np.asarray(result.n22))[::2].sum())


@row("Delta and its frequency, Fig. 7", "DOP853, Newton on differences of the equations of motion")
def order():
    """m = (6, 2); errors of the grid are left out: both routes have the same momenta."""
    result = run("steady", numerics={"error_estimate": False})
    x, turn = Motion().stationary(evolved(), even_number(result))
    here = result.summary["delta"], result.summary["delta_frequency"]
    return numbers(here, 1e-9, (abs(Motion().delta(x)), -turn), 1e-9)


@row("Delta, Fig. 7, after t = 6000", "the same")
def late():
    """The evolution reaches it; the slowest deviation decays with .0021."""
    tables = {"initial": {"seed": 1e-2}, "run": {"t_max": 6000.0, "output_every": 100.0}}
    result = run("evolve", numerics={"error_estimate": False}, **tables)
    x, _ = Motion().stationary(evolved())
    return numbers(result.summary["delta_final"], 5e-6, abs(Motion().delta(x)), 5e-6)


@row("slowest deviation of that state: growth, frequency", "6n x 6n differences, LAPACK")
def stable():
    """Secular collisions: stable."""
    result = run("steady", numerics={"error_estimate": False})
    z = Motion().fastest(*Motion().stationary(evolved(), even_number(result)))
    re, im = result.summary["eigenvalue"]
    return numbers((re, abs(im)), 1e-8, (z.real, z.imag), 1e-8)


@row("the same with redfield collisions: unstable", "the same")
def unstable():
    """Fig. 4's ringing. Of the states for other shares of even places: to 3e-6."""
    result = run("steady", {"collision": "redfield"}, numerics={"error_estimate": False})
    motion = Motion(redfield=True)
    z = motion.fastest(*motion.stationary(evolved()))
    re, im = result.summary["eigenvalue"]
    return numbers((re, abs(im)), 3e-6, (z.real, z.imag), 3e-6)


WEAK = Motion(Omega=0.1, m=(3, 1))


@functools.cache
def growth_of_pairs():
    """V -> growth rate with a weaker laser and slower sound."""
    return WEAK.pair_growth(WEAK.without_pairs())


def with_weak_laser(task, **more):
    """The same point of the package."""
    parameters = {"m": [3, 1], "Omega": 0.1, **more}
    return run(task, parameters, numerics={"error_estimate": False}).summary


@row("V_c, Omega = .1, m = (3, 1)", "evolution to t = 3000, pair matrix")
def threshold():
    """Where pairs grow at 1e-5 on 201 momenta; finer grids move it by .3."""
    other = brentq(lambda V: growth_of_pairs()(V) - FLOOR, 1.5, 3.0, xtol=1e-7)
    return numbers(with_weak_laser("threshold")["V_c"], 5e-5, other, 1e-6)


@row("growth of pairs there at V = 5, -5, -200", "the same", "repulsion pairs")
def repulsion():
    """V > 0 attracts in these equations."""
    values = (5.0, -5.0, -200.0)
    here = [with_weak_laser("steady", V=V)["growth_rate"] for V in values]
    return numbers(here, 1e-8, [growth_of_pairs()(V) for V in values], 1e-8)


ROWS = [order, late, stable, unstable, threshold, repulsion]
