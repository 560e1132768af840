"""Training-free proxies: numbers that should rank architectures as their accuracy would."""
