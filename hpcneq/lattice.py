"""What a Python model of the system ``lattice`` imports: ``from hpcneq.lattice import Model``."""

from __future__ import annotations

from .systems.lattice.physics.model import Model

__all__ = ["Model"]
