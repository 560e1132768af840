"""Constraints: what a search may not ask for."""
