"""The exponential integrator of each kind of state."""

from __future__ import annotations

from .auxiliary_modes.integrator import Exponential
from .auxiliary_modes.state import BlockState
from .auxiliary_modes.stepping import Stepper
from .pole_leads.column_steps import ColumnSteps
from .pole_leads.columns import ColumnState
from .pole_leads.etd import DiagonalExact, PoleStepper
from .pole_leads.frozen import Frozen
from .pole_leads.state import PoleState
from .propagated_fields import Propagated, PropagatedState
from .site_columns.integrator import Columns
from .site_columns.state import SiteState
from .site_windows.integrator import Windows
from .site_windows.state import WindowState
from .supercell.state import SupercellState
from .supercell.stepping import DriftExact


def integrator(
    state: BlockState
    | SiteState
    | WindowState
    | PoleState
    | SupercellState
    | ColumnState
    | PropagatedState,
    corrector: int = 0,
) -> Stepper:
    """The exponential integrator of a state with bath modes."""
    if isinstance(state, PropagatedState):
        return Propagated(state)
    if isinstance(state, ColumnState):
        return ColumnSteps(state)
    if isinstance(state, SupercellState):
        return DriftExact(state)
    if isinstance(state, PoleState):
        return pole_stepper(state, corrector)
    if isinstance(state, WindowState):
        return Windows(state, corrector)
    if isinstance(state, SiteState):
        return Columns(state, corrector)
    return Exponential(state, corrector)


def pole_stepper(state: PoleState, corrector: int = 0) -> PoleStepper:
    """The exponential integrator of a state whose leads are poles, by its method."""
    if state.method == "frozen":
        return Frozen(state, corrector)
    return DiagonalExact(state, corrector)
