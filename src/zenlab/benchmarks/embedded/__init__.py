"""The benchmark that comes with zenlab: made by its own trainings, at hand without a network."""
