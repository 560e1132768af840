"""Images to train on and images to test with, and whether they can serve for that."""

from functools import lru_cache

import torch

from zenlab.datasets.pixels import Pixels, Splits

_TEST_SHARE = 5  # one in five
_SPLIT_SEED = 0


@lru_cache(maxsize=4)
def split_by_class(pixels: Pixels) -> Splits:
    """Keep a fifth of each class for testing, always the same images.

    Raises:
        ValueError: a class has fewer than five images.
    """
    labels = _labels(pixels)
    rng = torch.Generator().manual_seed(_SPLIT_SEED)
    tested = torch.zeros(len(labels), dtype=torch.bool)
    for label in sorted(set(labels.tolist())):
        members = torch.nonzero(labels == label)[:, 0]
        if len(members) < _TEST_SHARE:
            raise ValueError(
                f"class {label} has {len(members)} images; wanted at least {_TEST_SHARE}, for "
                f"one in {_TEST_SHARE} is kept for testing"
            )
        order = torch.randperm(len(members), generator=rng)
        tested[members[order[: len(members) // _TEST_SHARE]]] = True
    return Splits(_part(pixels, ~tested), _part(pixels, tested))


def require_labelled(name: str, pixels: Pixels, num_classes: int) -> None:
    """See that images have labels below `num_classes`.

    Raises:
        ValueError: they don't.
    """
    if pixels.labels is None:
        raise ValueError(f"{name} has no labels, and training needs some; set dataset.labels")
    highest = int(pixels.labels.max())
    if highest >= num_classes:
        raise ValueError(
            f"dataset.num_classes is {num_classes}, but a label of {name} is {highest}"
        )


def require_classes(name: str, pixels: Pixels, num_classes: int) -> None:
    """See that there are at least two classes, each with an image.

    Raises:
        ValueError: there is one class, or an empty one.
    """
    counts = torch.bincount(_labels(pixels), minlength=num_classes)
    if int((counts > 0).sum()) < 2:
        raise ValueError(f"all images of {name} are of one class; wanted at least two classes")
    if empty := [label for label, count in enumerate(counts.tolist()) if not count]:
        shown = ", ".join(map(str, empty[:5]))
        raise ValueError(
            f"{name} has no image of class {shown}{' ...' if len(empty) > 5 else ''}; "
            f"set dataset.num_classes to the number of classes, and labels from 0 on without gaps"
        )


def _labels(pixels: Pixels) -> torch.Tensor:
    if pixels.labels is None:
        raise ValueError("there are no labels")
    return pixels.labels


def _part(pixels: Pixels, mask: torch.Tensor) -> Pixels:
    return Pixels(pixels.images[mask], _labels(pixels)[mask])
