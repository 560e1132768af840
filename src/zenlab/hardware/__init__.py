"""Hardware: on which devices a run computes, one worker process for each entry."""
