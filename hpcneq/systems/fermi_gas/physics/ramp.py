"""A difference of chemical potentials that changes in time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ramp:
    """dmu(t): ``first`` until ``begin``, straight to ``last`` in ``time``.

    back : straight back in as long.
    """

    first: float
    last: float
    begin: float = 0.0
    time: float = 1.0
    back: bool = False

    def __call__(self, t: float) -> float:
        """dmu at a time."""
        part = min(max((t - self.begin) / self.time, 0.0), 2.0 if self.back else 1.0)
        return self.first + (self.last - self.first) * (part if part <= 1 else 2 - part)

    def slope(self, t: float) -> float:
        """d dmu/dt at a time between those at which it bends."""
        part, slope = (t - self.begin) / self.time, (self.last - self.first) / self.time
        if part < 0 or part > (2 if self.back else 1):
            return 0.0
        return slope if part <= 1 else -slope

    @property
    def end(self) -> float:
        """dmu after everything."""
        return self.first if self.back else self.last

    def breakpoints(self, t_max: float) -> list[float]:
        """Times before ``t_max`` at which it bends."""
        if self.first == self.last:
            return []
        times = [self.begin, self.begin + self.time]
        if self.back:
            times.append(self.begin + 2 * self.time)
        return [t for t in times if 0 < t < t_max]
