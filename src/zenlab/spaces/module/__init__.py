"""One network of your own."""

from zenlab.spaces.module.space import Module

__all__ = ["Module"]
