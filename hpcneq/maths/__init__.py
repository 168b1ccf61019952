"""Mathematics that knows no system: closed forms, rational fits, lattices, quadrature."""
