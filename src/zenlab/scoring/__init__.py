"""Scoring: one pass for all proxies; the store answers what is known, workers score the rest."""
