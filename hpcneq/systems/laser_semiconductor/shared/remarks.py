"""What the reader of a static result must know of the model."""

from __future__ import annotations

from ..inputs import Parameters

SOURCE = (
    "the projection in (18) makes pairing a source of particles (particle_source): without it, "
    'self_consistency = "full", nothing pairs for two bands at T = 0'
)
UNDETERMINED = (
    "a band without a reservoir (gamma1 or gamma2 = 0) and without laser transitions keeps what it "
    "began with: there is no one steady state"
)
ROTATING = (
    'self_consistency = "full": two bands at T = 0 do not pair at any V; between quasi-Fermi '
    "levels pairing grows beyond V_c, where normal_stable is false, into a state that turns "
    "(turning; turning_c at V_c)"
)
LINEAR = (
    "three-band: the model's populations do not know the pairing (A11), so that it has a threshold "
    "and a growth rate, but no order parameter"
)


def remarks(parameters: Parameters) -> list[str]:
    """Warnings of a static task for its model."""
    if parameters.model == "three-band":
        return [LINEAR]
    if parameters.self_consistency == "projected":
        return [SOURCE]
    return [ROTATING]
