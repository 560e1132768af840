"""Search spaces: which architectures there are, and how to draw, name, count and build them."""
