"""Models of cells, Wannier90 files and Python against matrices written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.lattice import Model
from hpcneq.systems.lattice.physics import cell, wannier
from hpcneq.systems.lattice.physics.mean_field import MeanField
from hpcneq.systems.lattice.physics.nambu import Form, bond_currents
from hpcneq.systems.lattice.physics.random_fields import disordered


class Term:
    """A hop, bond or pairing term as an input has it."""

    def __init__(self, from_, to, shift, value=0.0, V=0.0):
        self.from_, self.to, self.shift, self.value, self.V = from_, to, shift, value, V


def square(size, periodic):
    """A square lattice of s orbitals."""
    return cell.crystal(np.eye(2).tolist(), ["s"], [[0.0, 0.0]], size, periodic)


def bands(model, k):
    """<k|h|k> of a periodic model of one orbital a cell."""
    wave = np.exp(1j * model.position @ k) / np.sqrt(model.sites)
    return np.vdot(wave, model.hopping.dense() @ wave)


def test_a_periodic_cell_has_the_bands_of_its_hops():
    """h_{R + shift, R} = value: <k|h|k> = sum value e^{-ik shift} + c.c.; a shift with the other
    sign, or the conjugate hop left out, would show at once."""
    hops = [Term("s", "s", [1, 0], -1.0), Term("s", "s", [0, 1], [-0.5, 0.3])]
    model = cell.model_of_crystal(square([4, 6], [True, True]), "z", hops, 0.0, [])
    k = 2 * np.pi * np.array([1 / 4, 2 / 6])
    expected = -2 * np.cos(k[0]) + 2 * np.real((-0.5 + 0.3j) * np.exp(-1j * k[1]))
    assert bands(model, k) == pytest.approx(expected, abs=1e-13)


def test_hops_that_wrap_to_the_same_pair_add_up():
    """On a ring of two sites a hop and the one around are the same pair; on a ring of one site
    they are an energy."""
    two = cell.model_of_crystal(
        square([2, 1], [True, True]),
        "z",
        [Term("s", "s", [1, 0], -1.0), Term("s", "s", [0, 1], -0.5)],
        0.0,
        [],
    )
    np.testing.assert_allclose(two.hopping.dense(), [[-1.0, -2.0], [-2.0, -1.0]])


def test_open_edges_cut_hops():
    model = cell.model_of_crystal(
        square([3, 2], [False, False]), "z", [Term("s", "s", [1, 1], 1j)], 0.0, []
    )
    dense = model.hopping.dense()
    assert np.count_nonzero(dense) == 2 * 2
    assert dense[3, 0] == 1j and dense[0, 3] == -1j  # (1, 1) from (0, 0)


def test_honeycomb_has_its_bands():
    """|E| = |1 + e^{ik a1} + e^{ik a2}|-like bands: the levels of a periodic sheet in pairs."""
    a1, a2 = [1.0, 0.0], [0.5, 0.8660254]
    crystal = cell.crystal(
        [a1, a2], ["A", "B"], [[0.0, 0.0], [0.0, 0.5773503]], [6, 3], [True, True]
    )
    hops = [Term("A", "B", shift, -1.0) for shift in ([0, 0], [0, -1], [1, -1])]
    model = cell.model_of_crystal(crystal, "z", hops, 0.0, [])
    m, n = np.meshgrid(np.arange(6) / 6, np.arange(3) / 3)
    size = np.abs(1 + np.exp(2j * np.pi * n) + np.exp(2j * np.pi * (n - m))).ravel()
    levels = np.linalg.eigvalsh(model.hopping.dense())
    np.testing.assert_allclose(levels, np.sort(np.concatenate([-size, size])), atol=1e-12)


def hr_file(path, H, degeneracy):
    """A file x_hr.dat of {R: (m, m)}, each multiplied by its degeneracy."""
    m = len(next(iter(H.values())))
    lines = ["written by a test", str(m), str(len(H)), " ".join(str(degeneracy[R]) for R in H)]
    for R, matrix in H.items():
        lines += [
            f"{R[0]} {R[1]} {R[2]} {a + 1} {b + 1} {x.real:.12f} {x.imag:.12f}"
            for b in range(m)
            for a, x in enumerate(degeneracy[R] * matrix[:, b])
        ]
    path.write_text("\n".join(lines) + "\n")


def two_orbitals():
    """{R: H(R)} with a complex hop and different orbitals."""
    onsite = np.array([[0.3, 0.2j], [-0.2j, -0.1]])
    hop = np.array([[-1.0, 0.4], [0.1j, 0.5]])
    return {(0, 0, 0): onsite, (1, 0, 0): hop, (-1, 0, 0): hop.conj().T}


def test_wannier_functions_are_divided_by_their_degeneracy(tmp_path):
    """H_mn(R) = <m 0|H|n R>: on an open chain the block (C, C + R) is H(R)."""
    H = two_orbitals()
    hr_file(tmp_path / "x_hr.dat", H, {(0, 0, 0): 1, (1, 0, 0): 2, (-1, 0, 0): 2})
    model, _ = wannier.cut_out(wannier.read("x_hr.dat", tmp_path), "z", [3], [False], 0.0, (), ())
    dense = model.hopping.dense()
    np.testing.assert_allclose(dense[2:4, 2:4], H[0, 0, 0], atol=1e-11)
    np.testing.assert_allclose(dense[2:4, 4:6], H[1, 0, 0], atol=1e-11)
    np.testing.assert_allclose(dense[0:2, 4:6], 0)


def test_tb_files_bring_their_positions(tmp_path):
    H = two_orbitals()
    rows = ["written by a test", "2.0 0.0 0.0", "0.0 3.0 0.0", "0.0 0.0 4.0", "2", "3", "1 1 1"]
    for R, matrix in H.items():
        rows += ["", f"{R[0]} {R[1]} {R[2]}"]
        rows += [
            f"{a + 1} {b + 1} {matrix[a, b].real} {matrix[a, b].imag}"
            for b in range(2)
            for a in range(2)
        ]
    for R in H:
        rows += ["", f"{R[0]} {R[1]} {R[2]}"]
        for b in range(2):
            for a in range(2):
                at = 0.5 * b * (a == b and R == (0, 0, 0))
                rows.append(f"{a + 1} {b + 1} {at} 0.0 0.0 0.0 0.0 0.0")
    (tmp_path / "x_tb.dat").write_text("\n".join(rows) + "\n")
    model, _ = wannier.cut_out(wannier.read("x_tb.dat", tmp_path), "z", [2], [], 0.0, (), ())
    np.testing.assert_allclose(model.position[:, 0], [0.0, 0.5, 2.0, 2.5])
    np.testing.assert_allclose(model.hopping.dense()[:2, 2:], H[1, 0, 0], atol=1e-12)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda H: H.pop((-1, 0, 0)), "has R = (1, 0, 0) but not -R"),
        (lambda H: H.update({(1, 0, 0): np.eye(2)}), "H(R) is not H(-R)^+ at R = (1, 0, 0)"),
    ],
)
def test_a_file_that_is_not_hermitian_is_refused(spoil, words, tmp_path):
    H = two_orbitals()
    spoil(H)
    hr_file(tmp_path / "x_hr.dat", H, dict.fromkeys(H, 1))
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")[:12]):
        wannier.read("x_hr.dat", tmp_path)


@pytest.mark.parametrize("text", ["", "one line", "a\n2\n3\n1 1\n", "a\nb\nc\n", "\x00\x01"])
def test_what_is_no_such_file_is_one_line(text, tmp_path):
    (tmp_path / "x_hr.dat").write_text(text)
    with pytest.raises(ValueError, match="is neither x_hr.dat nor x_tb.dat") as told:
        wannier.read("x_hr.dat", tmp_path)
    assert "\n" not in str(told.value)


# ---- Nambu form and mean field ------------------------------------------------------------------


def slater(levels, n, seed=3):
    """<c_b^+ c_a> and <c_b c_a> of a random Gaussian state of 2n spin orbitals, spin outside."""
    numbers = np.random.Generator(np.random.Philox(seed))
    K = numbers.normal(size=(levels, levels)) + 1j * numbers.normal(size=(levels, levels))
    D = numbers.normal(size=(levels, levels)) + 1j * numbers.normal(size=(levels, levels))
    K, D = K + K.conj().T, D - D.T
    H = np.block([[K, -D], [-D.conj().T, -K.conj()]])
    energies, states = np.linalg.eigh(H)
    rho = (states / (np.exp(energies) + 1)) @ states.conj().T
    return rho[:levels, :levels], rho[:levels, levels:]


@pytest.mark.parametrize("hartree, exchange", [(False, False), (True, True)])
def test_h_is_the_derivative_of_the_energy(hartree, exchange):
    """4n: with all channels H/2 is the derivative of <H> by rho: Wick's energy of random Gaussian
    states, by differences. Independent of how the terms were written down. Without Hartree and
    exchange only pairs count."""
    n, U, V = 2, 1.3, 0.7
    model = Model(np.zeros((2 * n, 2 * n)), spin="full", U=U, bonds=[(0, 1, V)])
    field, half = MeanField(model, hartree, exchange), 2 * n

    def energy(G, F):
        """-U sum n_up n_dn - V n_0 n_1, with the channels asked for."""
        total = 0.0
        pairs = [(2 * i, 2 * i + 1, U) for i in range(n)]
        pairs += [(a, 2 + b, V) for a in (0, 1) for b in (0, 1)]
        for a, b, strength in pairs:
            total -= strength * abs(F[a, b]) ** 2
            if hartree:
                total -= strength * (G[a, a] * G[b, b]).real
            if exchange:
                total += strength * abs(G[a, b]) ** 2
        return total

    G, F = slater(half, n)
    rho = np.block([[G, F], [F.conj().T, np.eye(half) - G.T]])
    H = field.dense(field.values(rho[field.rows, field.columns]))
    numbers = np.random.Generator(np.random.Philox(5))
    for _ in range(4):
        g = numbers.normal(size=(half, half)) + 1j * numbers.normal(size=(half, half))
        f = numbers.normal(size=(half, half)) + 1j * numbers.normal(size=(half, half))
        g, f = g + g.conj().T, f - f.T
        e = 1e-5
        slope = (energy(G + e * g, F + e * f) - energy(G - e * g, F - e * f)) / (2 * e)
        step = np.block([[g, f], [f.conj().T, -g.T]])
        assert 0.5 * np.trace(H @ step).real == pytest.approx(slope, abs=1e-8)


def test_both_forms_agree_where_spin_is_conserved():
    """A 2n model written as 4n has the same H between the components they share, with all
    channels on; signs of holes and constants of Hartree would differ."""
    n = 3
    h = np.diag([0.2, -0.1, 0.4]) + np.diag([-1.0, -0.7], 1) + np.diag([-1.0, -0.7], -1)
    bonds, U = [(0, 1, 0.6), (1, 2, 0.3)], np.array([1.0, 0.0, 2.0])
    small = MeanField(Model(h, U=U, bonds=bonds), True, True)
    large = MeanField(Model(np.kron(h, np.eye(2)), spin="full", U=U, bonds=bonds), True, True)
    numbers = np.random.Generator(np.random.Philox(2))
    x = numbers.normal(size=(2 * n, 2 * n)) + 1j * numbers.normal(size=(2 * n, 2 * n))
    energies, states = np.linalg.eigh(x + x.conj().T)
    rho = (states / (np.exp(energies) + 1)) @ states.conj().T
    up, down = rho[:n, :n], np.eye(n) - rho[n:, n:].T
    G, F = np.zeros((2 * n, 2 * n), complex), np.zeros((2 * n, 2 * n), complex)
    G[::2, ::2], G[1::2, 1::2] = up, down
    F[::2, 1::2], F[1::2, ::2] = rho[:n, n:], -rho[:n, n:].T
    whole = np.block([[G, F], [F.conj().T, np.eye(2 * n) - G.T]])
    H = small.dense(small.values(rho[small.rows, small.columns]))
    L = large.dense(large.values(whole[large.rows, large.columns]))
    shared = np.concatenate([np.arange(0, 2 * n, 2), 2 * n + np.arange(1, 2 * n, 2)])
    # an equal-spin triplet has no place in 2n; it is 0 in this state
    np.testing.assert_allclose(L[np.ix_(shared, shared)], H, atol=1e-13)


def test_a_vector_potential_moves_the_bands():
    """h_ij e^{iA(r_i - r_j)} shifts k by A, around the ring too; holes by -A."""
    hops = [Term("s", "s", [1, 0], -1.0)]
    model = cell.model_of_crystal(square([5, 1], [True, True]), "z", hops, 0.0, [])
    field, A = MeanField(model, False, False), np.array([0.3])
    H = field.dense(field.values(np.zeros(0, complex), A))
    k = 2 * np.pi / 5 * np.arange(5)
    np.testing.assert_allclose(
        np.linalg.eigvalsh(H[:5, :5]), np.sort(-2 * np.cos(k - 0.3)), atol=1e-12
    )
    np.testing.assert_allclose(H[5:, 5:], -H[:5, :5].conj(), atol=1e-14)


def test_bond_currents_are_what_densities_lose():
    """d n_i/dt of the commutator with the hops equals the currents of the links, both forms."""
    h = np.array([[0, 1j, 0.3], [-1j, 0, 0.5], [0.3, 0.5, 0]])
    numbers = np.random.Generator(np.random.Philox(8))
    for spin, matrix in (("z", h), ("full", np.kron(h, [[1, 0.2j], [-0.2j, 0.7]]))):
        model = Model(matrix, spin=spin)
        field, form, bonds = MeanField(model, False, False), Form(spin, 3), bond_currents(model)
        x = numbers.normal(size=(form.size,) * 2) + 1j * numbers.normal(size=(form.size,) * 2)
        rho = x + x.conj().T
        if spin == "full":  # densities are those of electrons alone
            rho = 0.5 * (rho + form.particle_hole(rho))
        values = field.values(np.zeros(0, complex))
        H = field.dense(values)
        change = np.diagonal(-1j * (H @ rho - rho @ H)).real
        rate = np.bincount(form.site, form.particle * change, 3)
        flows = bonds.of(
            field.at(values, bonds.hop_rows, bonds.hop_columns), rho[bonds.rows, bonds.columns]
        )
        into = np.bincount(bonds.j, flows, 3) - np.bincount(bonds.i, flows, 3)
        np.testing.assert_allclose(into, rate, atol=1e-12)


def test_disorder_depends_on_the_seed_and_stays_hermitian():
    h = np.diag([-1.0, -1.0], 1) + np.diag([-1.0, -1.0], -1)
    one, same, other = (disordered(Model(h), 0.5, 0.3, seed).hopping.dense() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    np.testing.assert_allclose(one, one.conj().T)
    assert not np.allclose(one, other)
    assert np.abs(np.diagonal(one)).max() <= 0.25 and np.abs(one[0, 1] + 1).max() <= 0.15
