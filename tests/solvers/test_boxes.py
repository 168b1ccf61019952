"""Momenta of cells: pairs, two dimensions, even and odd waves apart, frames that travel.

Every docstring names a change of the code under which the test was seen to fail.
"""

from dataclasses import replace

import numpy as np
import pytest

from hpcneq.maths.crossed_box import CrossedBox, nodes_along_z
from hpcneq.maths.pair_box import pair_box
from hpcneq.maths.plane_wave_box import PlaneWaveBox
from hpcneq.solvers.supercell.medium import Medium
from hpcneq.solvers.supercell.patterns import pair_sums_at_rest

G = 0.7
EVEN = np.array([0.03 + 0.01j, 0.1, 0.4, 0.1, 0.03 + 0.01j])


def medium(box):
    """A bath of three modes around a box."""
    w = np.array([0.05, 0.8, 6.0])
    rates = np.stack([-(0.1 + w) + 0.4j, -(0.1 + w) - 0.4j], axis=1)
    sources = np.stack([-0.3j * w, -0.2j * w], axis=1)
    return Medium(box, 0.5, 0.2, np.array([0.1, 0.14]), rates, sources)


def test_even_and_odd_waves_are_apart_at_the_edge_of_the_zone():
    """Levels and pair sums at k = 0 and G/2 are those of whole blocks at the same momenta.

    Fails with the wave that mirrors itself paired with its neighbour, or weights not repeated.
    """

    class Whole(PlaneWaveBox):
        momenta = np.array([0.0, 0.5 * G])

    y, weights = np.array([0.3, 1.1]), np.array([0.6, 0.9])
    split = medium(PlaneWaveBox(G, 7, 2, y, weights, True, True))
    whole = medium(Whole(G, 7, 2, y, weights, False))
    levels = []
    for m in (split, whole):
        blocks = range(m.box.blocks)
        E = np.linalg.eigvalsh(m.hamiltonians(blocks, m.pairing(EVEN))).ravel()
        levels.append(np.sort(E))
    spare = len(levels[0]) - len(levels[1])  # a state that odd waves lack has mu and its opposite
    assert split.box.blocks == 8 and spare == 8
    kept = np.sort(np.concatenate([levels[1], [0.5, -0.5] * 4]))
    assert kept == pytest.approx(levels[0], abs=1e-12)
    sums = [pair_sums_at_rest(m, EVEN) for m in (split, whole)]
    assert sums[0] == pytest.approx(0.5 * (sums[1] + sums[1][::-1]), abs=1e-13)


@pytest.mark.parametrize("points, even", [(1, True), (2, True), (2, False)])
def test_a_cell_of_two_dimensions_knows_no_direction(points, even):
    """Stripes along y have the sums of stripes along x; fails with a ring across of another length,
    or with p_z counted once.
    """
    y, weights = nodes_along_z(1.2, 1, 3.0)
    box = CrossedBox(G, 25, points, y, weights, even, False, G, 5, points, 1)
    m = medium(box)
    along = np.array([0, 0.1, 0, 0, 0.4, 0, 0, 0.1, 0], complex)
    across = along.reshape(3, 3).T.ravel()
    one, two = pair_sums_at_rest(m, along), pair_sums_at_rest(m, across)
    assert one == pytest.approx(two.reshape(3, 3).T.ravel(), abs=1e-13)
    assert abs(one[1]) > 1e-4
    dU = box.finite_size(9).reshape(3, 3)
    assert dU == pytest.approx(dU.T, abs=1e-13)
    assert box.over_p_x(np.ones((len(box.momenta), 25))).sum() == pytest.approx(
        25 * box.multiplicity.sum()
    )
    volume = (G / (2 * np.pi)) ** 2 * 25 * 2 * np.sqrt(3.0) / (2 * np.pi)
    counted = box.weights.sum() * 25 if not box.parity else 0.5 * box.weights.sum() * 25
    assert counted == pytest.approx(volume, rel=1e-12)


def test_pairs_of_momenta_fill_a_sphere():
    """Weights add up to its volume, and a plane wave at rest to that of a uniform state.

    Fails with cosines of one sign not doubled.
    """
    box = pair_box(0.3, 1.0, np.array([0.9, 1.0, 1.1]), 3.0, 1, 8)
    assert box.weights.sum() * 2 == pytest.approx(3.0**3 / (6 * np.pi**2), rel=1e-12)
    assert np.all(np.diff(box.p_x) > 0) and box.over_p_x(np.ones((box.blocks, 2))).sum() > 0
    F = pair_sums_at_rest(medium(box), np.array([0, 0.4, 0], complex))
    assert abs(F[0]) < 1e-15 and F[1].real > 0.01


def test_a_frame_that_travels_is_stationary():
    """n and modes of H - v p obey the equations of motion in this frame.

    Fails with the sign of v changed in the modes, or p of the holes taken as its opposite.
    """
    box = PlaneWaveBox(G, 7, 2, np.array([0.3]), np.array([1.0]), False)
    m = replace(medium(box), velocity=0.13)
    c = np.array([0.02, 0.1, 0.4, 0.2 + 0.05j, -0.03j])
    blocks = range(box.blocks)
    pairing = m.pairing(c)
    E, V, n, Q = m.stationary(blocks, pairing)
    modes = m.stationary_modes(blocks, E, V)
    assert np.abs(modes.sum(2) - Q).max() < 1e-13
    p = np.concatenate([box.along, box.along], axis=1)
    i = np.arange(m.size)
    H = m.hamiltonians(blocks, pairing)
    H[:, i, i] -= 0.13 * p
    wide = np.repeat(m.rates, 7, axis=1)[None] - 1j * 0.13 * p[:, None]
    dm = np.einsum("bij,bjpk->bipk", -1j * H, modes) + modes * wide[:, None]
    dm[:, i, :, i] += np.repeat(m.sources, 7, axis=1).T[:, None]
    dn = -1j * (H @ n - n @ H) - m.damping * n + m.sum_of_sources(Q)
    assert max(np.abs(dm).max(), np.abs(dn).max()) < 1e-13
