"""The linearised equation of motion with few pairs in the place of many.

Every pair of levels decays alike and turns at a frequency x of its own; Delta feels sums over all
alone. Seen from where they have decayed, few frequencies do for all
(:class:`hpcneq.maths.cauchy.Poles`): with pairs that follow y' = c (a - y), c = 4 gamma + i x,

    sum_p (dg_12, dg_21) = sum_j V_j (y_a, y_b)_j,

V_j (2, 2) real, a and b the disturbances of the order parameter and its conjugate.
"""

from __future__ import annotations

import numpy as np

from hpcneq.maths.cauchy import Poles

from .linear_kinetics import CHUNK, Chunks, Linear
from .response import Response

NEAR = 0.5  # of the levels' rate: decaying modes are seen from there
TURNS = 10.0  # of an interval of frequencies, over the time that levels last, where that is short


class FewPairs(Linear):
    """`Linear` with a field ``dg`` (kinds CHUNK,) per item: the pairs that follow a, b and none.

    The last ones only where the start is not what the drive holds: variant A.
    """

    def __init__(
        self,
        responses: list[Response],
        start: list[list[complex]],
        p_c: float,
        lasting: float = 0.0,
    ) -> None:
        super().__init__(responses, start, p_c, lasting)
        off = [self._off_drive(run) for run in range(len(responses))]
        self.kinds = 3 if any(np.abs(x).max() > 0 for x in off) else 2
        few = [self._few(run, x, lasting) for run, x in enumerate(off)]
        self.chunks = Chunks([len(x) for x, _ in few])
        self.items, self.fields = self.chunks.items, {"dg": (self.kinds * CHUNK,)}
        pack = self.chunks.pack
        rates = [rate + 1j * x for rate, (x, _) in zip(self.relax, few)]
        weights = [np.concatenate([V, V * x], axis=0) for x, V in few]
        packed = pack([np.moveaxis(V, -1, 0) for V in weights])
        flat = np.moveaxis(packed, 1, -1).reshape(len(packed), 4, self.kinds * CHUNK)
        self.table = {"c": pack(rates), "W": np.ascontiguousarray(flat)}
        self.known = {}

    def _pairs(self, run):
        """{name: (pairs, ...)} of the table of one run; weights first."""
        where = self.chunks.run[: self.chunks.momenta] == run
        return {name: values[where] for name, values in self.table.items()}

    def _off_drive(self, run):
        """(pairs,) what the start differs by from what the drive holds."""
        at, (a, b) = self._pairs(run), self.start_at[run]
        return ((at["Sa"] - at["Fa"]) * a + (at["Sb"] - at["Fb"]) * b).ravel()

    def _few(self, run, off, lasting):
        """(frequencies (n,), weights (2, kinds, n) of A and B for each kind) of one run."""
        at = self._pairs(run)
        x = at["c"].imag.ravel()
        kinds = [at["Fa"].ravel(), at["Fb"].ravel(), off][: self.kinds]
        V = np.stack([at["W"][:, k].ravel() * kind for k in (0, 1) for kind in kinds])
        if not V.imag.any():
            V = V.real
        near = NEAR * self.relax[run]
        if lasting:
            near = max(near, TURNS / lasting)
        if near > 0:
            few = Poles(x, V, near, 1.001 * np.abs(x).max())
            if len(few.x) < len(x):
                x, V = few.x, few.strength
        return x, V.reshape(2, self.kinds, -1)

    def start(self, part: range) -> dict[str, np.ndarray]:
        """The fields of these items at t = 0: pairs that have followed (a, b)."""
        at, (_, count, holders, runs) = self.mine(part), self.chunks.mine(part)
        dg = np.ones((len(part), self.kinds, CHUNK), complex)
        dg[:count, :2] = self.start_at[at["run"]][:, :, None]
        dg[count:] = 0
        dg = dg.reshape(len(part), -1)
        for place, run in zip(holders, runs):
            dg[place, :2] = self.start_at[run]
        return {"dg": dg}

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
        shape = count, self.kinds, CHUNK
        new, dg = result[:count].reshape(shape), local["dg"][:count].reshape(shape)
        np.subtract(c[at["run"], 0][:, :, None], dg[:, :2], out=new[:, :2])
        np.negative(dg[:, 2:], out=new[:, 2:])
        new *= at["c"][:, None]
        result[count:] = 0
        for place, run in zip(holders, runs):
            result[place, :2] = c[run, 1]
