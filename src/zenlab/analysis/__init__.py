"""Analysis: how well scores rank architectures by accuracy, and how sure that is."""
