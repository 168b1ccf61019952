"""Evolution with leads of finite memory on lattice sites, no symmetry assumed."""
