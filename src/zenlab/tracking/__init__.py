"""Where a run is streamed to while it goes on: Weights & Biases, or nowhere."""
