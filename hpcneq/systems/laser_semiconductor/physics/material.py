"""Populations, gap equation and growth of interband pairing between particle reservoirs.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015), in the frame that rotates with the
laser, with the signs of Eqs. (2), (9), (10), (19); (16), (39), (A4) and (A10) print the opposite
sign of Delta, (9a) lost a factor i, and the dissipator of (9) is 2 X rho X+ - {X+X, rho}, without
the 1/2 printed below (5). V > 0 attracts in these equations. All arrays are over momenta, (n,).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....maths import bands
from ....maths.bands import Bands, Grid


@dataclass(frozen=True)
class Material:
    """One point: the model with its rates, bands and interaction, in the paper's units.

    Gamma1, Gamma2 : rates of the two bands (two-band, optical pumping). Gamma12 : decay of the pair
    amplitude; Gamma1 + Gamma2 in the two-band model. Gamma3, tau : three-band model, (A11). E_g :
    energy of the resonant transition, which is the laser's frequency. projected : whether the
    self-consistency is (18) or (17). turning : w of a state with s ~ exp(i w t), Delta ~ exp(-i w
    t), whose pairs have the energy E - w. mu : chemical potential from the middle of the resonant
    transition; pairs have the energy E - 2 mu. detuning : the laser's frequency beyond E_g.
    """

    V: float
    Omega: float
    Gamma1: float
    Gamma2: float
    Gamma12: float
    kappa_plus: float
    v_minus: float
    v_plus: float = 0.0
    k_max: float = 0.2
    T: float = 0.0
    E_g: float = 10.0
    model: str = "two-band"
    Gamma3: float = 0.0
    tau: float = 0.0
    mu1: float = 0.0
    mu2: float = 0.0
    projected: bool = True
    turning: float = 0.0
    mu: float = 0.0
    detuning: float = 0.0

    @property
    def Gamma(self) -> float:
        """Gamma1 + Gamma2."""
        return self.Gamma1 + self.Gamma2

    @property
    def dephasing(self) -> float:
        """Decay rate of the coherence between the bands that the laser connects."""
        if self.model == "three-band":
            return 1 / self.tau
        return self.Gamma

    @property
    def gammas(self) -> tuple[float, float]:
        """Shares (gamma_1, gamma_2) of the rates, below Eq. (12)."""
        return self.Gamma1 / self.Gamma, self.Gamma2 / self.Gamma

    @property
    def even(self) -> bool:
        """Whether populations and pair amplitudes are even in k."""
        fillings = self.v_minus == 0 or (self.T == 0 and not self.edges)
        return self.v_plus == 0 and self.detuning == 0 and fillings

    @property
    def edges(self) -> list[float]:
        """Momenta in the window at which a band crosses its chemical potential, ascending.

        The populations jump there at T = 0. With k_max = inf fillings do not depend on k.
        """
        if self.model == "three-band" or np.isinf(self.k_max):
            return []
        bent, half = 0.5 * self.kappa_plus, 0.5 * self.E_g
        crossings = (
            (bent, 0.5 * (self.v_plus - self.v_minus), -half - self.mu1),
            (bent, 0.5 * (self.v_plus + self.v_minus), half - self.mu2),
        )
        roots = np.concatenate([np.roots(crossing) for crossing in crossings])
        real = roots[np.abs(roots.imag) == 0].real
        return sorted({float(k) for k in real if abs(k) < self.k_max})

    def at(self, **values) -> Material:
        """The same with some of its numbers replaced."""
        return replace(self, **values)

    def on(self, grid: Grid) -> Bands:
        """The bands on a grid: E1,2 = (v_+ -+ v_-) k/2 + kappa_+ k^2/2 - mu +- detuning/2.

        kappa_- = 0; in the frame that rotates with the laser.
        """
        lower, upper = self.levels
        return bands.polynomial(
            grid,
            (lower, 0.5 * (self.v_plus - self.v_minus), 0.5 * self.kappa_plus),
            (upper, 0.5 * (self.v_plus + self.v_minus), 0.5 * self.kappa_plus),
        )

    @property
    def levels(self) -> tuple[float, float]:
        """E1 and E2 of the rotating frame at k = 0."""
        return 0.5 * self.detuning - self.mu, -0.5 * self.detuning - self.mu

    @property
    def resonances(self) -> list[float]:
        """Momenta in the window next to which E or eps is small, with an offset or a detuning."""
        pairs = np.roots([self.kappa_plus, self.v_plus, -2 * self.mu])
        if abs(pairs[0].imag) > 0:
            pairs = np.array([-0.5 * self.v_plus / self.kappa_plus])
        near = {0.0, self.detuning / self.v_minus, *map(float, pairs.real)}
        return sorted(k for k in near if abs(k) < self.k_max)

    def graded(self, points: int) -> Grid:
        """A grid dense where E or eps is within a rate of zero; points : on a side of each zero.

        Also dense at the edges of the fillings, within T, and at T = 0 cut there.
        """
        rates = [self.Gamma12]
        if self.model == "three-band":
            rates.append(1 / self.tau)
        scales = [np.sqrt(rate / abs(self.kappa_plus)) for rate in rates if self.kappa_plus] + [
            r / abs(self.v_minus) for r in rates if self.v_minus
        ]
        if self.v_plus:
            scales.append(self.Gamma12 / abs(self.v_plus))
        second = (
            -self.v_plus / self.kappa_plus if self.kappa_plus else 0.0
        )  # where E vanishes again
        centres, cuts = [0.0], self.edges
        if self.mu or self.detuning:
            slope = np.sqrt(self.v_plus**2 + 8 * abs(self.kappa_plus * self.mu))
            scales.append(self.Gamma12 / max(slope, abs(self.v_minus)))
            centres = self.resonances
        elif np.isfinite(self.k_max) and 0 < abs(second) < self.k_max:
            centres.append(second)
        if cuts and self.T > 0:
            steepest = abs(self.v_plus) + abs(self.v_minus) + abs(self.kappa_plus) * self.k_max
            scales.append(self.T / steepest)
            centres, cuts = sorted({*centres, *cuts}), []
        if cuts or len(centres) > 1:
            return bands.graded_about(centres, self.k_max, points, min(scales), cuts)
        return bands.graded(self.k_max, points, min(scales), even=self.even)

    def fillings(self, band: Bands) -> tuple[np.ndarray, np.ndarray]:
        """(f1, f2): what the reservoirs of the two bands would fill, (n,) each.

        In laboratory energies E1 - E_g/2, E2 + E_g/2. With k_max = inf at the energies of the
        resonance: parabolas that went on for ever would cross the chemical potential.
        """
        lower, upper = self.levels
        if np.isinf(self.k_max):
            E1 = E2 = 0 * band.k
        else:
            E1 = band.E1 - lower
            E2 = band.E2 - upper
        return fermi(E1 - 0.5 * self.E_g, self.mu1, self.T), fermi(
            E2 + 0.5 * self.E_g, self.mu2, self.T
        )


def fermi(energy: np.ndarray, mu: float, T: float) -> np.ndarray:
    """Fermi-Dirac occupation, same shape as energy; the step (1/2 at the edge) at T = 0."""
    x = np.asarray(energy) - mu
    return 0.5 * (1 - (np.tanh(x / (2 * T)) if T > 0 else np.sign(x)))


# ---- populations --------------------------------------------------------------------------------


def transitions(m: Material, band: Bands) -> np.ndarray:
    """Rate of laser transitions, Omega^2 Gamma / 2(eps^2 + Gamma^2), (n,).

    From the stationary coherence (9c).
    """
    if m.model == "optical-pumping":
        return np.zeros_like(band.k)
    return 0.5 * m.Omega**2 * m.dephasing / (band.eps**2 + m.dephasing**2)


def undetermined(m: Material) -> bool:
    """Whether a band has neither a reservoir nor transitions: it keeps what it began with."""
    laser = m.model != "optical-pumping" and m.Omega != 0
    return m.model != "three-band" and m.Gamma1 * m.Gamma2 == 0 and not laser


def populations(m: Material, band: Bands, D2: float) -> tuple[np.ndarray, np.ndarray]:
    """(n11, n22) of the stationary state at |Delta|^2 = D2, exact at any T; (n,) each.

    (9) with s and n21 eliminated. At T = 0, n11 + n22 - 1 is (11), (12); in the optical-pumping
    model (37), (38), where (Gamma/Gamma12)^2 should be (Gamma/Gamma12)^1. The three-band model
    knows populations to zeroth order in Delta, (A11).
    """
    R = transitions(m, band)
    if m.model == "three-band":
        x = R / (m.Gamma1 + m.Gamma2 + R)  # n22 = x n11
        n11 = 1 / (1 + x * (1 + m.Gamma1 / m.Gamma3))
        return n11, x * n11
    P = 2 * D2 * m.Gamma12 / ((band.E - m.turning) ** 2 + m.Gamma12**2)
    f1, f2 = m.fillings(band)
    a, b, off = R + 2 * m.Gamma1 + P, R + 2 * m.Gamma2 + P, P - R
    u, v = 2 * m.Gamma1 * f1 + P, 2 * m.Gamma2 * f2 + P
    # a b - off^2 without its cancellation where the laser dominates
    det = (R + P) * 2 * (m.Gamma1 + m.Gamma2) + 4 * m.Gamma1 * m.Gamma2 + 4 * R * P
    return (b * u - off * v) / det, (a * v - off * u) / det


def imbalance(m: Material, band: Bands, D2: float = 0.0) -> np.ndarray:
    """n11 + n22 - 1, what pairing feeds on, (n,).

    Written so that it does not cancel where it is small.
    """
    if m.model == "three-band":
        n11, n22 = populations(m, band, D2)
        return -n22 * m.Gamma1 / m.Gamma3
    R = transitions(m, band)
    P = 2 * D2 * m.Gamma12 / ((band.E - m.turning) ** 2 + m.Gamma12**2)
    f1, f2 = m.fillings(band)
    det = (R + P) * 2 * (m.Gamma1 + m.Gamma2) + 4 * m.Gamma1 * m.Gamma2 + 4 * R * P
    return (
        2 * R * (m.Gamma1 - m.Gamma2) * (f1 - f2)
        + (4 * m.Gamma1 * m.Gamma2 + 2 * R * m.Gamma) * (f1 + f2 - 1)
    ) / det


def coherence(m: Material, band: Bands, n11: np.ndarray, n22: np.ndarray) -> np.ndarray:
    """Stationary n21 of (9c), (n,) complex."""
    return (
        np.zeros(len(band.k), complex)
        if m.model == "optical-pumping"
        else 0.5j * m.Omega * (n22 - n11) / (1j * band.eps - m.dephasing)
    )


def pair_amplitude(m: Material, band: Bands, delta: complex) -> np.ndarray:
    """Stationary s = -Delta^* (n - 1)/(E + i Gamma), (10); (n,) complex."""
    energy = band.E - m.turning + 1j * m.Gamma12
    return -np.conj(delta) * imbalance(m, band, abs(delta) ** 2) / energy


def projection(m: Material, band: Bands) -> np.ndarray:
    """f of Delta^* = V int dk/2pi f s, (n,) complex.

    Re[1/(E + i Gamma)] (E + i Gamma) of (18), or 1 of (17) with full self-consistency.
    """
    return (
        band.E * (band.E + 1j * m.Gamma12) / (band.E**2 + m.Gamma12**2)
        if m.projected
        else np.ones(len(band.k), complex)
    )


# ---- gap equation -------------------------------------------------------------------------------


def gap_sum(m: Material, band: Bands, D2: float) -> float:
    """-int dk/2pi (n - 1) E/(E^2 + Gamma^2) of the exact populations at |Delta|^2 = D2.

    A steady state where V times it is 1, Eq. (19).
    """
    return -(band.weight * imbalance(m, band, D2) * band.E / (band.E**2 + m.Gamma12**2)).sum()


def rotating_gap(m: Material, band: Bands, D2: float) -> complex:
    """1 - V int dk/2pi f s/Delta^*, complex: 0 at a state that turns with ``m.turning``.

    Both self-consistencies, at |Delta|^2 = D2.
    """
    energy = band.E - m.turning + 1j * m.Gamma12
    terms = projection(m, band) * imbalance(m, band, D2) / energy
    return complex(1 + m.V * (band.weight * terms).sum())


def source(m: Material, band: Bands, delta: complex) -> float:
    """Particles per time that the pairing creates, sum of 2 (i Delta s - c.c.) over dk/2pi.

    Zero for a pairing that conserves particles.
    """
    return -4 * (band.weight * (delta * pair_amplitude(m, band, delta)).imag).sum()


def seed(m: Material, band: Bands, smallest: float = 1e-10, largest: float = 1e3) -> float:
    """The largest |Delta| with V gap_sum = 1, to 1e-6; 0 if there is none.

    Bracketed on 157 sizes and bisected on a logarithmic scale. With v_+ the sum need not fall with
    |Delta|: the order may then survive where the normal state is stable.
    """
    sizes = np.geomspace(smallest, largest, 157)
    over = np.array([m.V * gap_sum(m, band, size**2) > 1 for size in sizes])
    if not over.any():
        return 0.0
    last = int(np.flatnonzero(over)[-1])
    low, high = sizes[last], sizes[min(last + 1, len(sizes) - 1)]
    while high / low > 1 + 1e-6:
        middle = np.sqrt(low * high)
        low, high = (middle, high) if m.V * gap_sum(m, band, middle**2) > 1 else (low, middle)
    return float(np.sqrt(low * high))


# ---- growth -------------------------------------------------------------------------------------


def growth_condition(m: Material, band: Bands, rate: complex) -> complex:
    """1 - V int dk/2pi f i (n - 1)/(lambda - i E + Gamma) at lambda = ``rate``.

    Zero for a mode Delta^* ~ exp(lambda t) of the driven normal state.
    """
    return (
        1
        - m.V
        * (
            band.weight
            * projection(m, band)
            * 1j
            * imbalance(m, band)
            / (rate - 1j * band.E + m.Gamma12)
        ).sum()
    )


def growth_eigenvalue(m: Material, band: Bands) -> complex:
    """The eigenvalue of largest real part of the linearised pair amplitudes.

    ds = (i E - Gamma) s + i (n - 1) V sum w f s. -Gamma + i E are a continuum; a value at -Gamma
    means that no mode leaves it.
    """
    matrix = np.outer(1j * imbalance(m, band), m.V * band.weight * projection(m, band))
    matrix[np.diag_indices(len(band.k))] += 1j * band.E - m.Gamma12
    values = np.linalg.eigvals(matrix)
    return complex(values[np.argmax(values.real)])
