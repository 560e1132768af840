"""The supernet of NAS-Bench-201 that TE-NAS prunes."""

from zenlab.spaces.nb201_supernet.space import NB201Supernet

__all__ = ["NB201Supernet"]
