"""A short recipe to be changed by tests."""

from typing import Any

from zenlab.validation.recipe import Recipe

DEFAULTS: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 64,
    "optimiser": "sgd",
    "learning_rate": 0.1,
    "warmup": 0.2,
    "momentum": 0.9,
    "nesterov": True,
    "weight_decay": 5e-4,
    "decayed": "weights",
    "label_smoothing": 0.0,
    "initialisation": "kaiming",
    "crop": None,
    "flip": True,
    "train_images": None,
    "holdout": 0.1,
    "evaluate": "epoch",
    "drop_last": False,
}


def recipe(**changes: Any) -> Recipe:
    """Return two epochs of gradient descent with some changes."""
    return Recipe(**{**DEFAULTS, **changes})
