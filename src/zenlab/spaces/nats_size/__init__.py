"""NATS-Bench's size space: five widths around one cell."""

from zenlab.spaces.nats_size.space import NatsSize

__all__ = ["NatsSize"]
