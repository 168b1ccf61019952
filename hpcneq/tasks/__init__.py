"""What each system can compute: one module a system, binding its physics to the shared solvers and the store."""
