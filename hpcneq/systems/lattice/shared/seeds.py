"""Where self-consistent states are sought: uniform pairs, signs along directions, random ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....tasks import Given
from ..physics.mean_field import MeanField
from ..physics.random_fields import SEEDS, stream
from .lead_input import AXES
from .setup import Setup

AMPLITUDE = 0.3  # of a seed's pair amplitudes <c c>; full pairing has 1/2
ALONG = 0.9  # cosine above which a bond lies along an axis
Seed = tuple[str, np.ndarray]  # name, mean field


def seeds(setup: Setup, most: int | None = None) -> list[Seed]:
    """The starts that an input asks for, the normal state's first. most : random ones."""
    given, field = setup.given, setup.field
    initial = given.initial
    listed: list[Seed] = [("normal", half_filled(field))]
    if initial.state == "normal" or not np.any(field.pairs):
        return listed
    if initial.state == "seed":
        listed.append(("seed", prescribed(setup)))
    else:
        listed += list(patterns(setup))
        count = given.numerics.seeds if most is None else most
        listed += [(f"random {k + 1}", random(setup, k)) for k in range(count)]
    listed = [(name, noisy(given, field, c, k)) for k, (name, c) in enumerate(listed)]
    return [seed for seed in listed if _repeats(setup, *seed)]


def _repeats(setup: Setup, name: str, c: np.ndarray) -> bool:
    """Whether a start is one of those that repeat along the ring, where only these are sought."""
    if setup.ring is None or name == "normal":
        return True
    return bool(np.abs(setup.ring.average(c) - c).max() < 1e-3)


def half_filled(field: MeanField) -> np.ndarray:
    """No pairs, half an electron in every state."""
    return np.where(field.diagonal, 0.5, 0).astype(complex)


def _with_pairs(
    field: MeanField, on_site: np.ndarray | complex, on_bond: np.ndarray | complex
) -> np.ndarray:
    """The mean field with pair amplitudes on sites (n,) and the model's bonds (bonds,)."""
    form, model = field.form, field.model
    site, hole_site = form.site[field.rows], form.site[field.columns]
    amplitude = np.zeros(field.fields, complex)
    on_site = np.broadcast_to(on_site, (model.sites,))
    same = site == hole_site
    amplitude[same] = on_site[site[same]]
    on_bond = np.broadcast_to(on_bond, (len(model.bonds),))
    parity = -1.0 if form.spin == "none" else 1.0
    table = {}
    for (i, j, _), value in zip(model.bonds, on_bond):
        table[i, j], table[j, i] = value, parity * value
    for k in np.nonzero(~same & field.pairs)[0]:
        amplitude[k] = table[int(site[k]), int(hole_site[k])]
    if form.spin == "full":
        amplitude *= _spin_sign(field)
    return np.where(field.pairs, amplitude, half_filled(field))


def _spin_sign(field: MeanField) -> np.ndarray:
    """+1 for up-down, -1 for down-up, 0 for equal spins."""
    spin, other = field.rows % 2, field.columns % 2
    return np.where(spin == other, 0.0, 1.0 - 2.0 * spin)


def _directions(setup: Setup) -> np.ndarray:
    """Axis that each bond lies along, -1 for none, (bonds,)."""
    model = setup.model
    i = np.array([bond[0] for bond in model.bonds], int)
    j = np.array([bond[1] for bond in model.bonds], int)
    moved = np.abs(model.displacement(i, j))
    length = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-300)
    along = moved / length
    return np.where(along.max(1) > ALONG, along.argmax(1), -1)


def patterns(setup: Setup) -> Iterator[Seed]:
    """Uniform pairs on sites and bonds; on bonds also with a sign that depends on the direction."""
    field, model = setup.field, setup.model
    if np.any(model.U):
        yield "uniform", _with_pairs(field, AMPLITUDE, 0.0)
    if model.bonds:
        yield "bonds", _with_pairs(field, 0.0, AMPLITUDE)
        axis = _directions(setup)
        if len(set(axis)) > 1:
            yield "signs", _with_pairs(field, 0.0, AMPLITUDE * np.where(axis == 0, 1.0, -1.0))
            if model.spin == "none":
                yield "chiral", _with_pairs(field, 0.0, AMPLITUDE * np.where(axis == 0, 1, 1j))


def random(setup: Setup, k: int) -> np.ndarray:
    """Pairs of random phases, those of neighbours alike: a few waves across the lattice."""
    numbers = stream(seed_of(setup.given) + 1000 * (k + 1), SEEDS)
    model = setup.model
    extent = np.maximum(np.ptp(model.position, axis=0), 1e-9)
    place = (model.position - model.position.min(0)) / extent
    wave = numbers.normal(size=(place.shape[1],)) * np.pi
    phase = place @ wave
    on_site = AMPLITUDE * numbers.uniform(0.3, 1.0) * np.exp(1j * phase)
    on_bond = np.zeros(len(model.bonds), complex)
    if model.bonds:
        i = np.array([bond[0] for bond in model.bonds], int)
        kinds = np.array(setup.bond_numbers)
        signs = np.exp(2j * np.pi * numbers.random(kinds.max() + 1))
        on_bond = on_site[i] * signs[kinds]
    return _with_pairs(setup.field, np.where(model.U != 0, on_site, 0), on_bond)


def seed_of(given: Given) -> int:
    """The key of the seeds' random numbers."""
    own = given.initial.seed
    return int(given.run.seed if own is None else own)


def prescribed(setup: Setup) -> np.ndarray:
    """The pair amplitudes of [initial] delta and bond, which are energies."""
    initial, model = setup.given.initial, setup.model
    scale = setup.drives.U(-1.0)
    U = np.where(model.U == 0, 1.0, model.U * scale)
    on_site = np.where(model.U != 0, np.asarray(initial.delta or 0.0, float) / U, 0.0)
    on_bond = np.zeros(len(model.bonds))
    if initial.bond is not None and model.bonds:
        V = np.array([bond[2] or 1.0 for bond in model.bonds])
        on_bond = _bond_values(setup) / V
    return _with_pairs(setup.field, on_site, on_bond)


def _bond_values(setup: Setup) -> np.ndarray:
    """[initial] bond of every bond of the model, (bonds,)."""
    bond = setup.given.initial.bond
    if isinstance(bond, dict):
        axis = _directions(setup)
        values = np.zeros(len(axis))
        for name, value in bond.items():
            values[axis == AXES.index(name)] = value
        return values
    if isinstance(bond, list):
        return np.array(bond, float)[setup.bond_numbers]
    return np.full(len(setup.model.bonds), float(bond))


def noisy(given: Given, field: MeanField, c: np.ndarray, k: int) -> np.ndarray:
    """The mean field with the random addition of [initial] noise to its pairs."""
    if not given.initial.noise:
        return c
    return c + noise(given, field, k)


def noise(given: Given, field: MeanField, k: int = 0) -> np.ndarray:
    """Random complex pair amplitudes with the standard deviation of [initial] noise."""
    numbers = stream(seed_of(given), SEEDS + 1 + k)
    parts = numbers.normal(size=(2, field.fields))
    return np.where(field.pairs, given.initial.noise * (parts[0] + 1j * parts[1]), 0)
