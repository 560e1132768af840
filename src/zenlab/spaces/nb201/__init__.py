"""NAS-Bench-201: a cell of five operations on six edges."""

from zenlab.spaces.nb201.space import NB201

__all__ = ["NB201"]
