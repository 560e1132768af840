"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): 50,000 + 10,000 images in colour, 32 x 32."""

from collections.abc import Sequence
from functools import partial

from zenlab.datasets import hub
from zenlab.datasets.dataset import Dataset, Input


def cifar(
    *,
    name: str,
    repository: str,
    labels: str,
    num_classes: int,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    home: str,
    channels: int = 3,
    image_size: int = 32,
    input: Input = "noise",
    mirrored: bool = True,
) -> Dataset:
    """Return one of the two; `labels` is the column of a `repository` on Hugging Face.

    `home` keeps what is downloaded, which happens when images are asked for.
    """
    load = partial(hub.load, repository=repository, images="img", labels=labels, home=home)
    return Dataset(
        name=name,
        channels=channels,
        image_size=image_size,
        num_classes=num_classes,
        mean=mean,
        std=std,
        input=input,
        pixels=partial(load, split="train"),
        test=partial(load, split="test"),
        mirrored=mirrored,
        native_size=32,
    )
