"""The sections of a report's page, each made from what the summary of a run holds."""
