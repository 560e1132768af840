"""Networks as graphs of operations: what can be said of them without building them."""
