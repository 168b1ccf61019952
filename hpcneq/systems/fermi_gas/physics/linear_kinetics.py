"""Equations of motion of the pairs, protocol MeanField: linearised, with the pairs above a cutoff.

Momenta below p_c are evolved in time, those above are in closed form. Delta = U sum_p g_12 with U
-> 0 for p -> infinity. Pairs above p_c follow Delta nearly adiabatically: their response to a rate
lambda, - lambda sum V/(lambda + c), c ~ 2 i E, is replaced by - lambda K/(1 + lambda B), K = sum
V/c, B K = sum V/c^2, right to second order. With the force F = sum_{p < p_c} (g_12 - u Delta) + tau
Delta this makes an equation of motion of Delta,

    (K - B F') dDelta/dt = F + B dF/dt|_Delta,      F' = dF/dDelta,

the next order is lambda^3 p_c^-5/50. Kawamura, Hanai and Ohashi (2022), Eqs. (69), (74) with the
corrections of :mod:`.response`.
"""

from __future__ import annotations

import numpy as np

from . import angular_grid, radial_grid, response

CHUNK = 64  # momenta in one item of work


def above(p_c: float) -> float:
    """Frequency of the fastest mode of Delta and the pairs together over the fastest of a pair.

    Measured: 1.92 to 1.3 for p_c = 1.5 to 3.
    """
    return max(1.32, 1 + 2.2 / p_c**2)


class Chunks:
    """Momenta of one or more runs in chunks, one item each, and one more item per run.

    That holds the run's order parameter. counts : momenta of each run. ``run`` (items,) : whose
    chunk it is.
    """

    def __init__(self, counts: list[int]) -> None:
        self.counts, self.runs = counts, len(counts)
        self.sizes = [-(-n // CHUNK) for n in counts]
        self.run = np.concatenate(
            [np.repeat(np.arange(self.runs), self.sizes), np.arange(self.runs)]
        )
        self.items = len(self.run)
        self.momenta = self.items - self.runs

    def pack(self, arrays: list[np.ndarray]) -> np.ndarray:
        """(momenta chunks, CHUNK, ...) of arrays (n, ...), one per run; padded with 0."""
        chunks = []
        for values, size in zip(arrays, self.sizes):
            whole = np.zeros((size * CHUNK, *values.shape[1:]), values.dtype)
            whole[: len(values)] = values
            chunks.append(whole.reshape(size, CHUNK, *values.shape[1:]))
        return np.concatenate(chunks)

    def mine(self, part: range) -> tuple[slice, int, list[int], list[int]]:
        """(slice of the momenta chunks, number of them, holders' local places, runs they hold)."""
        stop = min(part.stop, self.momenta)
        where = slice(part.start, max(stop, part.start))
        holders = [k for k in range(max(part.start, self.momenta), part.stop)]
        return (
            where,
            where.stop - where.start,
            [k - part.start for k in holders],
            [int(self.run[k]) for k in holders],
        )


class Linear:
    """The linearised equation for one or more runs.

    Fields ``dg`` (4 CHUNK,) per item, dg_mn in the bases of p +- q/2. responses : one
    :class:`.response.Response` of variant A or C per run. start : (runs, 2) amplitudes (a, b). The
    mean field is (runs, 2, 2): (a, b) and its velocity. lasting : see :func:`.angular_grid.points`.
    """

    def __init__(
        self,
        responses: list[response.Response],
        start: list[list[complex]],
        p_c: float,
        lasting: float = 0.0,
    ) -> None:
        self.start_at, self.p_c = np.asarray(start, complex), p_c
        inner = [
            angular_grid.points(
                r.D, r.Q, r.baths, r.q, r.angle, r.dp, r.fine, p_c, r.angles, lasting
            )
            for r in responses
        ]
        core = [response.Kinetic(r, points) for r, points in zip(responses, inner)]
        self.chunks = Chunks([k.count for k in core])
        self.items, self.fields = self.chunks.items, {"dg": (4 * CHUNK,)}
        sums = [
            np.stack([k.A, k.B, k.A * k.gap, k.B * k.gap]).reshape(4, -1) * np.tile(k.weight, 4)
            for k in core
        ]
        self.table = {
            "c": self.pack([k.c for k in core]),
            "Fa": self.pack([k.follows_at(0) for k in core]),
            "Fb": self.pack([k.follows_at(1) for k in core]),
            "Sa": self.pack([k.follows[0] for k in core]),
            "Sb": self.pack([k.follows[1] for k in core]),
            "W": np.stack([self.pack([w[row] for w in sums]) for row in range(4)], axis=1),
        }
        self.relax = np.array([2 * r.baths.width for r in responses])
        self.law = [law(r, k, p_c) for r, k in zip(responses, core)]
        self.known: dict[range, dict[str, np.ndarray]] = {}

    def pack(self, arrays: list[np.ndarray]) -> np.ndarray:
        """(chunks, 4 CHUNK) of arrays (2 m, 2 n, points)."""
        chunks = self.chunks.pack([values.reshape(4, -1).T for values in arrays])
        return chunks.reshape(len(chunks), 4 * CHUNK)

    @property
    def fastest(self) -> float:
        """The largest rate or frequency."""
        return above(self.p_c) * float(np.abs(self.table["c"]).max())

    def breakpoints(self, t_max: float) -> list[float]:
        """Times at which the drive bends: there is none."""
        return []

    def start(self, part: range) -> dict[str, np.ndarray]:
        """The fields of these items at t = 0: the static response to (a, b)."""
        at, (_, count, holders, runs) = self.mine(part), self.chunks.mine(part)
        dg = np.zeros((len(part), 4 * CHUNK), complex)
        a, b = (self.start_at[at["run"], k][:, None] for k in (0, 1))
        dg[:count] = at["Sa"] * a + at["Sb"] * b
        for place, run in zip(holders, runs):
            dg[place, :2] = self.start_at[run]
        return {"dg": dg}

    def mine(self, part: range) -> dict[str, np.ndarray]:
        """The coefficients of this rank's momenta."""
        if part not in self.known:
            where, *_ = self.chunks.mine(part)
            coefficients = {name: values[where] for name, values in self.table.items()}
            self.known[part] = coefficients | {"run": self.chunks.run[where]}
        return self.known[part]

    def partials(self, t: float, local: dict[str, np.ndarray], part: range) -> np.ndarray:
        """Rows (n, runs, 3, 2): sums of dg, (a, b) from their holder, sums of c dg."""
        at, (_, count, holders, runs) = self.mine(part), self.chunks.mine(part)
        dg, run, places = local["dg"], at["run"], np.arange(count)
        rows = np.zeros((len(part), self.chunks.runs, 3, 2), complex)
        # real weights: two real columns
        columns = np.ascontiguousarray(dg[:count]).view(float).reshape(count, -1, 2)
        parts = at["W"] @ columns
        sums = parts[..., 0] + 1j * parts[..., 1]
        rows[places, run, 0] = sums[:, :2]
        rows[places, run, 2] = self.relax[run, None] * sums[:, :2] + 1j * sums[:, 2:]
        for place, held in zip(holders, runs):
            rows[place, held, 1] = dg[place, :2]
        return rows

    def close(self, sums: np.ndarray) -> np.ndarray:
        """The mean field (runs, 2, 2) from the summed rows: (a, b) and its velocity."""
        x = sums[:, 1]
        velocity = [X @ y + S @ s[0] + C @ s[2] for (X, S, C), y, s in zip(self.law, x, sums)]
        return np.stack([x, velocity], axis=1)

    def rhs(
        self,
        t: float,
        side: int,
        local: dict[str, np.ndarray],
        c: np.ndarray,
        out: dict[str, np.ndarray],
        part: range,
    ) -> None:
        """d/dt of the fields into ``out``."""
        at, (_, count, holders, runs) = self.mine(part), self.chunks.mine(part)
        result = out["dg"]
        a, b = (c[at["run"], 0, k][:, None] for k in (0, 1))
        new = result[:count]
        np.multiply(at["Fa"], a, out=new)
        new += at["Fb"] * b
        new -= local["dg"][:count]
        new *= at["c"]
        result[count:] = 0
        for place, run in zip(holders, runs):
            result[place, :2] = c[run, 1]


def law(r: response.Response, core: response.Kinetic, p_c: float) -> tuple[np.ndarray, ...]:
    """(2, 2) matrices (X, S, C): d(a, b)/dt = X (a, b) + S s + C c.

    s and c are the sums of dg and of c dg below p_c.
    """
    far = response.Kinetic(r, outer_points(r, p_c))
    K, KB = (pairs_only(far.static / far.c**k).reshape(2, 2) for k in (1, 2))
    B = KB @ np.linalg.inv(K)
    pull = far.uniform.sum(axis=1).reshape(2, 2) - np.eye(2) * (
        core.pairing.mean(axis=0) @ core.weight
    )
    driven = np.array(
        [
            [np.sum(x * core.weight * core.c * core.follows_at(k)) for k in (0, 1)]
            for x in (core.A, core.B)
        ]
    )  # (a, b) add to dF/dt
    left = np.linalg.inv(K - B @ pull)
    return left @ (pull + B @ driven), left, -left @ B


def pairs_only(terms: np.ndarray) -> np.ndarray:
    """The sum over m != n of (k, 2 m, 2 n, points).

    Levels that pass each other move by D^2 Gam/E^4 only, but slowly.
    """
    return terms[:, 0, 1].sum(axis=1) + terms[:, 1, 0].sum(axis=1)


def outer_points(r: response.Response, p_c: float) -> angular_grid.Points:
    """The Points above p_c, on one panel to infinity along each ray."""
    c, nu, share = angular_grid.directions(r.D, r.Q, r.baths, r.q, r.angle, r.fine, r.angles)
    p, weight = radial_grid.outer(p_c)
    return angular_grid.assemble(
        np.tile(p, len(c)),
        (share[:, None] * (weight * p**2)).ravel(),
        np.repeat(c, len(p)),
        np.repeat(nu, len(p)),
        r.D,
        r.Q,
        r.q,
        r.angle,
    )
