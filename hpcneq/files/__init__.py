"""What is on disk: result files, checkpoints, journals, provenance."""
