"""NAS-Bench-201 cells in networks of free widths."""

from zenlab.spaces.nb201_width.space import NB201Width

__all__ = ["NB201Width"]
