"""Stationary states of leads in pole form: the Lyapunov equation A R - R A^+ = -i C by Schur.

With A = Z T Z^+ the modes of the tail are triangular solves, and the core is the triangular
equation T Y - Y T^+ = F, by recursion on halves: almost all work is matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.linalg import lapack, schur, solve_triangular

from ...errors import HpcneqError
from ...maths.arrays import ArrayLike, ComplexArray, IntArray
from ...maths.pole_leads import Density, LeadPoles, Matrix

SMALL = 48  # triangular equations up to this size are left to LAPACK
UNDAMPED = 1e-9  # slower states count as undamped


class Undamped(HpcneqError):
    """States that no lead damps: the stationary state is not unique.

    growth : the largest Im of an eigenvalue of A. components : Nambu components (indices) on which
    these states live.
    """

    def __init__(self, growth: float, components: Sequence[int]):
        self.growth, self.components = growth, [int(i) for i in components]
        shown = ", ".join(map(str, self.components[:12]))
        more = ", ..." if len(self.components) > 12 else ""
        super().__init__(
            f"undamped states on the components {shown}{more} (max Im eig A = {growth:.1e}): "
            "give them a lead or a floor"
        )


def growth(A: ComplexArray) -> float:
    """The largest Im of an eigenvalue of A; >= 0: undamped states, or a fit that is not passive."""
    return float(np.linalg.eigvals(A).imag.max())


def undamped(A: ComplexArray, size: int, tolerance: float = UNDAMPED) -> tuple[float, IntArray]:
    """(largest Im of an eigenvalue, components (k,) < ``size`` of the states above -tolerance)."""
    values, vectors = np.linalg.eig(A)
    slow = vectors[:size, values.imag >= -tolerance]
    weight = (np.abs(slow) ** 2).sum(axis=1)
    components = np.flatnonzero(weight > 1e-6 * max(weight.max(initial=0.0), 1e-300))
    return float(values.imag.max()), components


def stationary(
    leads: LeadPoles,
    H: Matrix,
    shifts: ArrayLike,
    phases: ArrayLike | None = None,
    tolerance: float = UNDAMPED,
) -> Density:
    """R of constant H (size, size) and potentials ``shifts`` (leads,).

    phases : (leads,) of phi, 0 if None. Raises `Undamped` if the state is not unique.
    """
    phi = np.zeros(leads.count) if phases is None else np.asarray(phases, float)
    dense = H.toarray() if sparse.issparse(H) else np.asarray(H, complex)
    A = np.asarray(leads.matrix(dense, shifts, phi))
    T, Z = schur(A, output="complex")
    if np.diagonal(T).imag.max() >= -tolerance:
        raise Undamped(*undamped(A, leads.size, tolerance))
    back = Z.conj().T
    tail = Z @ _tail(T, back @ leads.tail_source(phi).toarray(), leads.tail_levels(shifts))
    source = leads.core_source(phi).toarray() + fed_back(leads, tail)
    F = -1j * (back @ source @ Z)
    Y = lyapunov(T, F)
    core = Z @ Y @ back
    core = 0.5 * (core + core.conj().T)
    return Density(core, tail)


def _tail(T: ComplexArray, source: ComplexArray, x: ComplexArray) -> ComplexArray:
    """Y of T Y - Y x^* = -i source: columns of one x together."""
    Y = np.empty_like(source)
    poles, place = np.unique(x.conj(), return_inverse=True)
    shifted, diagonal = T.copy(), np.diagonal(T)
    for k, pole in enumerate(poles):
        columns = np.flatnonzero(place == k)
        np.fill_diagonal(shifted, diagonal - pole)
        Y[:, columns] = solve_triangular(shifted, -1j * source[:, columns], check_finite=False)
    return Y


def fed_back(leads: LeadPoles, tail: ComplexArray) -> ComplexArray:
    """-i (W R_tc - R_ct W^+) (n, n), the source of the core by the modes of the tail."""
    Z = np.zeros((leads.core, leads.core), complex)
    np.add.at(Z.T, leads.tail_couplings(), 1j * tail.T)
    return np.asarray(Z + Z.conj().T)


def lyapunov(T: ComplexArray, F: ComplexArray) -> ComplexArray:
    """Y of T Y - Y T^+ = F, T (n, n) upper triangular, F anti-Hermitian; Y is Hermitian."""
    n = len(T)
    if n <= SMALL:
        return _small(T, T, F)
    m = n // 2
    T1, T2 = T[:m, :m], T[m:, m:]
    T12 = T[:m, m:]
    Y2 = lyapunov(T2, F[m:, m:])
    Y12 = _sylvester(T1, T2, F[:m, m:] - T12 @ Y2)
    K = T12 @ Y12.conj().T
    Y1 = lyapunov(T1, F[:m, :m] - K + K.conj().T)
    return np.block([[Y1, Y12], [Y12.conj().T, Y2]])


def _sylvester(S, T, F):
    """Y of S Y - Y T^+ = F, S and T upper triangular."""
    if max(F.shape) <= SMALL:
        return _small(S, T, F)
    if len(S) >= len(T):
        m = len(S) // 2
        low = _sylvester(S[m:, m:], T, F[m:])
        return np.concatenate([_sylvester(S[:m, :m], T, F[:m] - S[:m, m:] @ low), low])
    m = len(T) // 2
    right = _sylvester(S, T[m:, m:], F[:, m:])
    left = _sylvester(S, T[:m, :m], F[:, :m] + right @ T[:m, m:].conj().T)
    return np.concatenate([left, right], axis=1)


def _small(S, T, F):
    """`_sylvester` by LAPACK."""
    Y, scale, _ = lapack.ztrsyl(S, T, F, trana="N", tranb="C", isgn=-1)
    return Y / scale


def residual(
    leads: LeadPoles, H: Matrix, density: Density, shifts: ArrayLike, phases: ArrayLike
) -> float:
    """The largest entry of dR/dt of a state of constant H and potentials."""
    dense = H.toarray() if sparse.issparse(H) else np.asarray(H, complex)
    A = np.asarray(leads.matrix(dense, shifts, phases))
    tail = -1j * (A @ density.tail - density.tail * leads.tail_levels(shifts).conj())
    tail += leads.tail_source(phases).toarray()
    K = -1j * (A @ density.core)
    core = K + K.conj().T + leads.core_source(phases).toarray() + fed_back(leads, density.tail)
    return float(max(np.abs(core).max(), np.abs(tail).max(initial=0.0)))


def green(A: ComplexArray, size: int, energies: ArrayLike) -> ComplexArray:
    """G^R (n, size, size) of the system at ``energies`` (n,) from A."""
    one = np.eye(len(A))[:, :size]
    w = np.atleast_1d(np.asarray(energies))
    return np.array([np.linalg.solve(e * np.eye(len(A)) - A, one)[:size] for e in w])


def redundancy(rho: ComplexArray) -> float:
    """The largest entry of rho + C rho - 1 in the 4n form, C X = tau_1 X^* tau_1."""
    n = len(rho) // 2
    swapped = np.block([[rho[n:, n:], rho[n:, :n]], [rho[:n, n:], rho[:n, :n]]]).conj()
    return float(np.abs(rho + swapped - np.eye(2 * n)).max())
