"""Evolution with leads of finite memory on lattice sites, every mode within its own range."""
