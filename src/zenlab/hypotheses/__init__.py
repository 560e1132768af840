"""Claims about proxies and architectures, the evidence for them, and what follows."""
