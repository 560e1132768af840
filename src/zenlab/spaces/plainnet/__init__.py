"""Zen-NAS's structure strings."""

from zenlab.spaces.plainnet.space import PlainNet

__all__ = ["PlainNet"]
