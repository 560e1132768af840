"""TransNAS-Bench-101's macro space: modules that widen and shrink."""

from zenlab.spaces.transnas_macro.space import TransNASMacro

__all__ = ["TransNASMacro"]
