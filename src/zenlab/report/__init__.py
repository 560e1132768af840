"""Report: what a run shows and leaves behind: terminal, files, figures."""
