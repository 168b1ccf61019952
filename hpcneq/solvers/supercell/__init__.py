"""Blocks of Bloch and transverse momenta, an order parameter periodic along x, bath modes."""
