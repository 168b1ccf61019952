"""A two-band semiconductor driven by a laser: interband pairing with particle reservoirs or with phonons."""
