"""Disorder: random energies and hops that depend on the seed and the site alone."""

from __future__ import annotations

import numpy as np

from .model import Model, Triplets

ENERGIES, HOPS = 0, 1  # streams of random numbers
SEEDS = 2


def stream(seed: int, kind: int) -> np.random.Generator:
    """The random numbers of one kind."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, kind], np.uint64)))


def disordered(model: Model, onsite: float, hop: float, seed: int) -> Model:
    """The model with random energies in [-onsite/2, onsite/2] and hops times 1 + [-hop/2, hop/2].

    Both spins of a site have the same.
    """
    matrices = [model.hopping, model.hopping_down]
    if hop:
        factors = _factors(model, hop, seed)
        matrices = [None if m is None else _scaled(m, model, factors) for m in matrices]
    if onsite:
        energies = onsite * (stream(seed, ENERGIES).random(model.sites) - 0.5)
        inner = model.hopping.size // model.sites
        every = np.arange(model.hopping.size)
        added = Triplets.summed(len(every), every, every, np.repeat(energies, inner))
        matrices = [None if m is None else m.plus(added) for m in matrices]
    return model.replaced(hopping=matrices[0], hopping_down=matrices[1])


def _pair(matrix: Triplets, model: Model) -> np.ndarray:
    """A number for each entry, the same for both directions and spins of a pair of sites."""
    inner = matrix.size // model.sites
    i, j = matrix.rows // inner, matrix.columns // inner
    return np.minimum(i, j) * model.sites + np.maximum(i, j)


def _factors(model: Model, hop: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(pairs, factor of each); 1 for the energies of sites."""
    listed = [_pair(m, model) for m in (model.hopping, model.hopping_down) if m is not None]
    pairs = np.unique(np.concatenate(listed))
    factors = 1 + hop * (stream(seed, HOPS).random(len(pairs)) - 0.5)
    factors[pairs // model.sites == pairs % model.sites] = 1.0
    return pairs, factors


def _scaled(matrix: Triplets, model: Model, factors: tuple[np.ndarray, np.ndarray]) -> Triplets:
    pairs, values = factors
    return matrix.scaled(values[np.searchsorted(pairs, _pair(matrix, model))])
