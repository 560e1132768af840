"""Datasets: the task that a network is made for, and the batch that proxies look at."""
