"""Short training of the best candidates: what a proxy's promise is worth."""
