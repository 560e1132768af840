"""Architectures as small SVG pictures that follow the light or dark scheme of the reader."""

from zenlab.report.drawings.draw import draw, picture

__all__ = ["draw", "picture"]
