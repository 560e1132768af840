"""Benchmarks: the measured quantities that scores are compared with."""
