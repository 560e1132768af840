"""NAS-Bench-Macro: eight layers of three kinds."""

from zenlab.spaces.nb_macro.space import NBMacro

__all__ = ["NBMacro"]
