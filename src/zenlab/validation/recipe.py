"""How a network is trained: everything that decides the result besides network, images and seed."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from zenlab.checks import require_one_of, require_positive, require_whole

Optimiser = Literal["sgd", "adamw"]
Decayed = Literal["all", "weights"]
Initialisation = Literal["kaiming", "default"]
Evaluated = Literal["epoch", "end"]

_LARGEST_BATCH, _LEAST_STEPS = 256, 20
_DROPPED_BELOW = 2  # images: batch norm needs more than one value for each channel


@dataclass(frozen=True)
class Recipe:
    """Gradient descent with a learning rate that rises linearly, then falls as a cosine to 0.

    conf/validation/full.yaml is that of NAS-Bench-201 (Dong and Yang, ICLR 2020, table 1).

    `batch_size` None is 256 or, of few images, the power of two that leaves at least twenty steps
    an epoch. `warmup` is the share of steps in which the learning rate rises. `decayed=weights`
    spares biases and batch norms from weight decay. `initialisation=kaiming` draws convolutions
    from N(0, 2 / fan_in) (He et al., ICCV 2015). `crop` is the black frame in pixels from which a
    random part is cut, None an eighth of the side; `flip` mirrors every other image, where the
    dataset allows it. `train_images` keeps the first so many of the shuffled training images, the
    same for all seeds. `holdout` is the share of these that is not trained on: candidates are
    picked by it, and 0 leaves nothing to pick by but the test images. `evaluate` says how often it
    is looked at. `drop_last` leaves out a last batch that isn't full; one of a single image is
    always left out.
    """

    epochs: int
    batch_size: int | None
    optimiser: Optimiser
    learning_rate: float
    warmup: float
    momentum: float
    nesterov: bool
    weight_decay: float
    decayed: Decayed
    label_smoothing: float
    initialisation: Initialisation
    crop: int | None
    flip: bool
    train_images: int | None
    holdout: float
    evaluate: Evaluated
    drop_last: bool

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("validation.epochs", self.epochs)
        if self.batch_size is not None:
            require_whole("validation.batch_size", self.batch_size)
        require_positive("validation.learning_rate", self.learning_rate)
        for name, kind in (
            ("optimiser", Optimiser),
            ("decayed", Decayed),
            ("initialisation", Initialisation),
            ("evaluate", Evaluated),
        ):
            require_one_of(f"validation.{name}", getattr(self, name), get_args(kind))
        for name in ("warmup", "momentum", "label_smoothing", "holdout"):
            _require_share(f"validation.{name}", getattr(self, name))
        if self.nesterov and self.momentum == 0:
            raise ValueError("validation.nesterov needs validation.momentum above 0")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ValueError(
                f"validation.weight_decay is {self.weight_decay}; wanted a number from 0 on"
            )
        if self.crop is not None:
            require_whole("validation.crop", self.crop, least=0)
        if self.train_images is not None:
            require_whole("validation.train_images", self.train_images, least=2)

    def batch_size_for(self, images: int) -> int:
        """Return how many of `images` images a batch has."""
        if self.batch_size is not None:
            return self.batch_size
        enough = max(images // _LEAST_STEPS, _DROPPED_BELOW)
        return min(_LARGEST_BATCH, 1 << (enough.bit_length() - 1))

    def steps_per_epoch(self, images: int) -> int:
        """Return how many batches a pass over `images` images has."""
        whole, rest = divmod(images, self.batch_size_for(images))
        return whole + (rest >= _DROPPED_BELOW and not self.drop_last)

    def learning_rate_factor(self, step: int, steps: int) -> float:
        """Return what the learning rate is multiplied with in `step` (from 0) of `steps`."""
        rising = round(self.warmup * steps)
        if step < rising:
            return (step + 1) / rising
        return (1 + math.cos(math.pi * (step - rising) / max(steps - rising, 1))) / 2


def _require_share(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"{name} is {value!r}; wanted a number from 0 to below 1")
