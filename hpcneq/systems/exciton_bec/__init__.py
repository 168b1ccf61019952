"""Driven-dissipative electron-hole condensates in the BCS-BEC crossover: Hanai, Littlewood and Ohashi (2018)."""
