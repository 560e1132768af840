"""The W&B dashboard of a project as code: `python -m zenlab.dashboard` (docs/tracking.md)."""
