"""Laser-driven semiconductor: the equations of motion of one momentum as a 6 x 6 linear system,
sums by composite Gauss rules, linear stability by differences of the equations of motion.

Nothing of the package is used but the runs themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, fsolve

import hpcneq

from .rows import numbers, row

PUMPED = dict(
    model="optical-pumping",
    V=-2.51134,
    Omega=0.28882,
    Gamma=0.06569,
    gamma1=0.53245,
    Gamma12=0.02569,
    kappa_plus=1.26772,
    v_minus=4.78298,
    k_max=0.33019,
    E_g=2.44586,
    mu1=-1.2707,
    mu2=5.30779,
)
BETWEEN = dict(
    model="optical-pumping",
    self_consistency="full",
    V=10.0,
    Gamma=0.02,
    Gamma12=0.02,
    gamma1=0.5,
    kappa_plus=50.0,
    v_minus=1.0,
    T=0.02,
    E_g=10.0,
    mu1=-4.75,
    mu2=5.25,
)


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "laser-semiconductor", "task": task, **tables})


@dataclass(frozen=True)
class Motion:
    """Equations (9) with the signs of (2), (10), (19); x is (6, n): n11, n22, n21, s as reals."""

    V: float = 5.0
    Omega: float = 0.5
    G1: float = 0.00999
    G2: float = 1e-5
    G12: float = 0.01
    kappa: float = -50.0
    v: float = 10.0
    k_max: float = 0.2
    T: float = 0.0
    half_gap: float = 5.0
    mu1: float = 0.0
    mu2: float = 0.0
    projected: bool = True
    mu: float = 0.0
    detuning: float = 0.0

    def energies(self, k):
        """(E, eps): of a pair from twice mu, of the transition from the laser's frequency."""
        return self.kappa * k**2 - 2 * self.mu, self.v * k - self.detuning

    @property
    def grid(self):
        """(k, weight dk/2pi), both signs, panels that shrink towards 0 and the Fermi edges."""
        k = np.linspace(-self.k_max, self.k_max, 100001)
        cuts = [-self.k_max, 0.0, self.k_max]
        edges = self.lower(k) - self.mu1, self.upper(k) - self.mu2
        for level in (*edges, *self.energies(k)):
            change = np.flatnonzero(np.diff(np.sign(level)))
            slope = (level[change + 1] - level[change]) / (k[1] - k[0])
            cuts += list(k[change] - level[change] / slope)
        return _panels(sorted(set(cuts)))

    def lower(self, k):
        """E1 in the laboratory."""
        return 0.5 * self.kappa * k**2 - 0.5 * self.v * k - self.half_gap

    def upper(self, k):
        """E2 in the laboratory."""
        return 0.5 * self.kappa * k**2 + 0.5 * self.v * k + self.half_gap

    def filled(self, energy):
        """The reservoirs' Fermi function."""
        return 0.5 - 0.5 * (np.tanh(energy / (2 * self.T)) if self.T else np.sign(energy))

    def matrix(self, k, delta, turn=0.0):
        """(A (n, 6, 6), b (n, 6)): dx/dt = A x + b of every momentum at a real Delta."""
        E, eps = self.energies(k)
        E, G = E - turn, self.G1 + self.G2
        A, b = np.zeros((len(k), 6, 6)), np.zeros((len(k), 6))
        for band, rate in enumerate((self.G1, self.G2)):
            A[:, band, band] = -2 * rate
            A[:, band, 3] = (-1) ** (band + 1) * self.Omega
            A[:, band, 5] = -2 * delta
            A[:, 3, band] = 0.5 * (-1) ** band * self.Omega
            A[:, 5, band] = delta
        A[:, 2, 2] = A[:, 3, 3] = -G
        A[:, 2, 3], A[:, 3, 2] = -eps, eps
        A[:, 4, 4] = A[:, 5, 5] = -self.G12
        A[:, 4, 5], A[:, 5, 4] = -E, E
        b[:, 0] = 2 * self.G1 * self.filled(self.lower(k) - self.mu1)
        b[:, 1] = 2 * self.G2 * self.filled(self.upper(k) - self.mu2)
        b[:, 5] = -delta
        return A, b

    def closing(self, k):
        """Factor of s in the self-consistency (18), or 1 of (17)."""
        E, _ = self.energies(k)
        return E / (E**2 + self.G12**2) * (E + 1j * self.G12) if self.projected else 1.0 + 0j

    def gap(self, delta, turn=0.0):
        """1 - V int s f / Delta of the stationary state, complex."""
        k, weight = self.grid
        A, b = self.matrix(k, delta, turn)
        x = np.linalg.solve(A, -b[:, :, None])[:, :, 0]
        s = x[:, 4] + 1j * x[:, 5]
        return 1 - self.V * (weight * self.closing(k) * s).sum() / delta

    def order(self, low, high):
        """Stationary Delta between two sizes."""
        return brentq(lambda delta: self.gap(delta).real, low, high, xtol=1e-14)

    def threshold(self):
        """V at which a tiny order parameter is stationary."""
        return self.V / (1 - self.gap(1e-6 * self.G12).real)

    def rates(self, x, k, weight, closing):
        """dx/dt, x (6, n), of the whole system."""
        n11, n22, u, w, sr, si = x
        delta = np.conj(self.V * (weight * closing * (sr + 1j * si)).sum())
        (E, eps), G = self.energies(k), self.G1 + self.G2
        pairs = -2 * (delta * (sr + 1j * si)).imag
        d21 = (1j * eps - G) * (u + 1j * w) - 0.5j * self.Omega * (n22 - n11)
        ds = (1j * E - self.G12) * (sr + 1j * si) + 1j * np.conj(delta) * (n11 + n22 - 1)
        f1, f2 = self.filled(self.lower(k) - self.mu1), self.filled(self.upper(k) - self.mu2)
        d11 = -self.Omega * w + pairs - 2 * self.G1 * (n11 - f1)
        d22 = self.Omega * w + pairs - 2 * self.G2 * (n22 - f2)
        return np.array([d11, d22, d21.real, d21.imag, ds.real, ds.imag])

    def fastest(self, delta, panels=7):
        """Eigenvalue of largest real part about a stationary state, the phase's own left out."""
        k, weight = _panels([-self.k_max, 0.0, self.k_max], panels, 6)
        A, b = self.matrix(k, delta)
        x = np.linalg.solve(A, -b[:, :, None])[:, :, 0].T
        closing, J = self.closing(k), []
        for column in np.eye(x.size):
            step = 1e-3 * column.reshape(x.shape)
            change = self.rates(x + step, k, weight, closing)
            J.append((change - self.rates(x - step, k, weight, closing)).ravel() / 2e-3)
        values = np.linalg.eigvals(np.array(J).T)
        values = values[np.abs(values) > 1e-6]
        value = values[np.argmax(values.real)]
        return complex(value.real, abs(value.imag))


def _panels(cuts, count=16, order=16):
    """Gauss nodes and weights/2pi of every interval, panels shrinking by 2 towards both ends."""
    x, w = np.polynomial.legendre.leggauss(order)
    nodes, weights = [], []
    for a, b in zip(cuts, cuts[1:]):
        grades = 0.5 * (b - a) * np.concatenate([[0.0], 2.0 ** np.arange(1 - count, 1)])
        edges = np.concatenate([a + grades, b - grades[-2::-1]])
        half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
        nodes.append((middle[:, None] + half[:, None] * x).ravel())
        weights.append((half[:, None] * w).ravel() / (2 * np.pi))
    return np.concatenate(nodes), np.concatenate(weights)


@row("V_c, Fig. 4", "6 x 6 systems of single momenta, Gauss panels", "2.14")
def critical():
    """With the exact populations, where the paper's 2.14 (2.14026) has those of (13)."""
    result = run("steady")
    return numbers(result.summary["V_c"], result.errors["V_c"], Motion().threshold(), 1e-9)


@row("V_c with mu off by 2 Gamma, laser by 2 Gamma", "the same", "insensitive")
def offset():
    """Of the chemical potential and of the frequency."""
    cases = {"mu": 0.02}, {"detuning": 0.02}
    results = [run("steady", parameters=case) for case in cases]
    here, errors = zip(*((r.summary["V_c"], r.errors["V_c"]) for r in results))
    return numbers(here, errors, [Motion(**case).threshold() for case in cases], 1e-8)


@row("Delta, Fig. 4, V = 5", "the same")
def order():
    """The steady state."""
    result = run("steady")
    other = Motion().order(0.01, 0.04)
    return numbers(result.summary["delta"], result.errors["delta"], other, 1e-11)


@row("Delta, Fig. 5, gamma1 = .8, V = 5", "the same")
def order_of_comparable_rates():
    """Both reservoirs."""
    result = run("steady", parameters={"gamma1": 0.8})
    other = Motion(G1=0.008, G2=0.002).order(5e-4, 0.01)
    return numbers(result.summary["delta"], result.errors["delta"], other, 1e-11)


@row("growth, frequency at V = 5", "the equations of motion, Runge-Kutta, slope of ln Delta")
def growth():
    """Late growth of a tiny order parameter in the driven normal state."""
    result, motion = run("growth"), Motion()
    k, weight = _panels([-0.2, 0.0, 0.2], 8, 12)
    A, b = motion.matrix(k, 0.0)
    x = np.linalg.solve(A[:, :4, :4], -b[:, :4, None])[:, :, 0].T
    start = np.concatenate([x, np.full((2, len(k)), 1e-12)])
    closing = motion.closing(k)

    def rates(t, y):
        return motion.rates(y.reshape(start.shape), k, weight, closing).ravel()

    t = np.arange(400.0, 700.1, 10.0)
    options = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-22, "t_eval": t}
    y = solve_ivp(rates, (0, 700), start.ravel(), **options).y.reshape(6, len(k), -1)
    delta = np.log((weight * closing) @ (y[4] + 1j * y[5]))
    rate = np.polyfit(t, delta.real, 1)[0], np.polyfit(t, np.unwrap(delta.imag), 1)[0]
    names = ("growth_rate", "frequency")
    here, errors = [result.summary[n] for n in names], [result.errors[n] for n in names]
    return numbers(here, errors, rate, 2e-7)


@row("V_c with Fermi edges in the window", "6 x 6 systems, panels cut at the edges")
def edges():
    """Optical pumping at T = 0."""
    result = run("steady", parameters=PUMPED)
    p = PUMPED
    motion = Motion(
        V=p["V"],
        Omega=0.0,
        G1=p["gamma1"] * p["Gamma"],
        G2=(1 - p["gamma1"]) * p["Gamma"],
        G12=p["Gamma12"],
        kappa=p["kappa_plus"],
        v=p["v_minus"],
        k_max=p["k_max"],
        half_gap=0.5 * p["E_g"],
        mu1=p["mu1"],
        mu2=p["mu2"],
    )
    return numbers(result.summary["V_c"], result.errors["V_c"], motion.threshold(), 1e-6)


@row("Delta and rate of turning with (17) between quasi-Fermi levels", "6 x 6 systems, MINPACK")
def turning():
    """A rotating state."""
    result = run("steady", parameters=BETWEEN, numerics={"points": 48})
    rates = {"G1": 0.01, "G2": 0.01, "G12": 0.02}
    levels = {"kappa": 50.0, "v": 1.0, "T": 0.02, "mu1": -4.75, "mu2": 5.25}
    motion = Motion(V=10.0, Omega=0.0, projected=False, **rates, **levels)

    def left(x):
        value = motion.gap(*x)
        return value.real, value.imag

    other = fsolve(left, (0.09, 0.56), xtol=1e-12)
    names = ("delta", "turning")
    here, errors = [result.summary[n] for n in names], [result.errors[n] for n in names]
    return numbers(here, errors, other, 1e-8)


@row("V of the Hopf bifurcation, Fig. 4", "6n x 6n differences of the equations of motion")
def hopf():
    """Above it the steady state is unstable."""

    def slowest(V):
        value = run("steady", parameters={"V": V}, numerics={"points": 40}).summary["eigenvalue"]
        return value[0]

    def by_differences(V):
        motion = Motion(V=V)
        return motion.fastest(motion.order(0.01, 0.2)).real

    here, other = (brentq(f, 7.0, 7.2, xtol=1e-6) for f in (slowest, by_differences))
    return numbers(here, 1e-4, other, 1e-4)


@row("eigenvalue of the steady state at V = 10", "the same")
def unstable():
    """The steady state, where the evolution ends in a limit cycle."""
    result, motion = run("steady", parameters={"V": 10.0}), Motion(V=10.0)
    value = motion.fastest(motion.order(0.01, 0.2))
    re, im = result.summary["eigenvalue"]
    return numbers((re, abs(im)), 1e-6, (value.real, value.imag), 1e-6)


ROWS = [
    critical,
    offset,
    order,
    order_of_comparable_rates,
    growth,
    edges,
    turning,
    hopf,
    unstable,
]
