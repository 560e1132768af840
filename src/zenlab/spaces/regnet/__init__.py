"""RegNets, whose widths follow a rounded line."""

from zenlab.spaces.regnet.space import RegNet

__all__ = ["RegNet"]
