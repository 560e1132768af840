"""ResNets of free depth and width."""

from zenlab.spaces.resnet.space import ResNet

__all__ = ["ResNet"]
