"""Polynomials of a chain's Nambu matrix by the compiled kernels, against dense algebra."""

import numpy as np
import pytest
from scipy.linalg import expm

from hpcneq.solvers.auxiliary_modes.polynomials import Planes, Polynomial, rate_moments

STEP, SLOPE = 0.5, 0.3 - 0.2j  # of a rate: its first moment


class Chain:
    """One block with random hops and levels; the mean field is (pairing, shifts) as they are."""

    def __init__(self, n, moving, closed):
        rng = np.random.default_rng(n)
        self.n, self.moving = n, moving
        self.hop, self.levels = rng.normal(size=n), rng.normal(size=(2, n))
        if not closed:
            self.hop[-1] = 0
        self.fields = [rng.normal(size=3 * n) + 1j * rng.normal(size=3 * n) for _ in range(2)]

    def chain(self, b):
        return self.hop, self.levels

    def local_fields(self, b, c):
        shifts = c[self.n :].real.reshape(2, self.n) if self.moving else None
        return c[: self.n], shifts

    def matrix(self, c, constant=1.0):
        """H of a mean field, or what is linear in it."""
        n, (D, shifts) = self.n, self.local_fields(0, c)
        hop = np.zeros((n, n))
        for j in range(n):
            hop[j, (j + 1) % n] += self.hop[j]
            hop[(j + 1) % n, j] += self.hop[j]
        levels = constant * self.levels + (0 if shifts is None else shifts)
        H = np.kron(np.diag([1, -1]), constant * hop) + np.diag(levels.ravel()) + 0j
        H[:n, n:] -= np.diag(D)
        H[n:, :n] -= np.diag(D.conj())
        return H


@pytest.mark.parametrize("n, closed", [(1, False), (2, False), (9, False), (11, True)])
def test_the_norm_of_mirrored_levels_is_bounded(n, closed):
    """Where holes have minus the levels of electrons: never less than the norm of H_eff; of one
    pairing D, hop 1 and level e on a ring exactly sqrt((|e| + 2)^2 + D^2).

    Fails if the levels count less than they do.
    """
    system = Chain(n, False, closed)
    system.levels[1] = -system.levels[0]
    for scale in (0.3, 1.0, 3.0):
        mean, slope = (scale * field for field in system.fields)
        H, Hdot = system.matrix(mean), system.matrix(slope, 0.0)
        H = H + 1j * STEP**2 / 12 * (H @ Hdot - Hdot @ H)
        polynomial = Polynomial(system, 0, STEP, mean, slope, Planes())
        assert polynomial.radius > (1 - 1e-14) * np.linalg.norm(H, 2)
        U = polynomial.propagator().T
        np.testing.assert_allclose(U, expm(-1j * STEP * H), atol=1e-13)
    if closed:
        system.hop[:], system.levels[:] = 1.0, [[0.7], [-0.7]]
        mean, slope = np.full(n, 0.4 + 0j), np.zeros(n, complex)
        bound = Polynomial(system, 0, STEP, mean, slope, Planes()).radius
        assert bound == pytest.approx(np.hypot(2.7, 0.4), rel=1e-14)


def test_the_norm_of_an_alternating_pairing_is_bounded():
    """Hops 1 and a pairing D of alternating sign on a ring: the norm is 2 + D, all that hops and
    pairing can be together.

    Fails without the commutator of hops and pairing.
    """
    system = Chain(8, False, True)
    system.hop[:], system.levels[:] = 1.0, 0.0
    mean, slope = 0.4 * np.resize([1.0, -1.0 + 0j], 8), np.zeros(8, complex)
    assert np.linalg.norm(system.matrix(mean), 2) == pytest.approx(2.4, rel=1e-12)
    assert Polynomial(system, 0, STEP, mean, slope, Planes()).radius > 2.4 - 1e-12


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("n, closed", [(1, False), (2, False), (9, False), (11, True)])
def test_modes_against_the_exponential_of_the_dense_matrix(n, closed, moving):
    """U, and old modes with the functions of H on their sources, of slow and stiff rates, for open
    and closed chains, fixed and moving levels: to rounding of either precision; the sums are those
    of the new modes.

    Fails if the source of a hole's column is put on the up row, if the hop to the left is that of
    the site itself, or with the commutator's sign changed.
    """
    system = Chain(n, moving, closed)
    mean, slope = system.fields
    H, Hdot = system.matrix(mean), system.matrix(slope, 0.0)
    H = H + 1j * STEP**2 / 12 * (H @ Hdot - Hdot @ H)
    polynomial = Polynomial(system, 0, STEP, mean, slope, Planes())
    U = polynomial.propagator().T
    np.testing.assert_allclose(U, expm(-1j * STEP * H), atol=1e-13)
    rates, rng, N = np.array([-0.02 + 0.3j, -5.0, -300 + 2j]), np.random.default_rng(1), 2 * n
    old = rng.normal(size=(3, N, N)) + 1j * rng.normal(size=(3, N, N))
    strength = rng.normal(size=(3, N)) + 0j
    for kind, error in ((np.complex128, 1e-12), (np.complex64, 1e-5)):
        given = rate_moments(STEP, rates, np.full(3, SLOPE))
        functions = polynomial.source_functions(given, np.dtype(kind))
        new, sums = np.empty((3, N, N), kind), np.zeros((2, N, N), complex)
        whole = given, slice(0, 3), functions, strength, 0, rates, sums
        polynomial.advance(old.astype(kind), new, *whole)
        for g, rate in enumerate(rates):
            exact = _exact(H, Hdot, rate, old[g].T, np.diag(strength[g]))
            np.testing.assert_allclose(new[g], exact.T, atol=error)
        np.testing.assert_allclose(sums[0], new.astype(complex).sum(0), atol=1e-12)
        np.testing.assert_allclose(
            sums[1], np.tensordot(rates, new.astype(complex), 1), rtol=1e-10, atol=1e-10
        )


def _exact(H, Hdot, rate, old, source):
    """e^{dt A} old + dt phi1(dt A) (1 + dt^2 kappa A1) source, A = rate - i H."""
    one = np.eye(len(H))
    A, A1 = rate * one - 1j * H, SLOPE * one - 1j * Hdot
    x, w = np.polynomial.legendre.leggauss(60)
    x, w = 0.5 * (1 + x), 0.5 * w
    z = STEP * rate
    kappa = (w * np.exp(z * x) * x * (1 - x) / 2).sum() / (w * np.exp(z * x)).sum()
    if abs(z) > 20:
        kappa = (z + 2) / (-2 * z**2)
    phi = np.linalg.solve(STEP * A, expm(STEP * A) - one)
    return expm(STEP * A) @ old + STEP * phi @ (one + STEP**2 * kappa * A1) @ source
