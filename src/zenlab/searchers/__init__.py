"""Searchers: which architectures are scored, and in which order (ask and tell)."""
