"""How a golden value is read off zenlab's functions: one module for each family of proxies.

Each module has `READINGS`, from the names in the file to functions of a `Case` that return the
value before logarithm, sign and the rule for dead networks.
"""
