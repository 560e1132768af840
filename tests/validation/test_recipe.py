"""Recipes: the learning rate of each step, and what can't be trained by."""

import math

import pytest

from tests.validation.recipes import recipe


def test_the_learning_rate_rises_linearly_and_falls_as_a_cosine() -> None:
    factors = [recipe(warmup=0.2).learning_rate_factor(step, 100) for step in range(100)]
    assert factors[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert factors[20] == 1
    assert factors[60] == pytest.approx((1 + math.cos(math.pi / 2)) / 2)
    assert factors[-1] < 0.001
    assert sorted(factors[20:], reverse=True) == factors[20:]


def test_without_a_rise_it_begins_at_the_top() -> None:
    assert recipe(warmup=0.0).learning_rate_factor(0, 10) == 1


@pytest.mark.parametrize(
    ("images", "size"), [(50_000, 256), (5_120, 256), (5_000, 128), (1_294, 64), (30, 2)]
)
def test_few_images_make_small_batches(images: int, size: int) -> None:
    assert recipe(batch_size=None).batch_size_for(images) == size
    assert recipe(batch_size=100).batch_size_for(images) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "validation.epochs is 0; wanted at least 1"),
        ({"batch_size": 2.5}, "validation.batch_size is 2.5; wanted a whole number"),
        ({"learning_rate": -1}, "validation.learning_rate is -1; wanted a positive number"),
        ({"optimiser": "adam"}, "validation.optimiser is 'adam'; wanted one of sgd, adamw"),
        ({"holdout": 1.0}, "validation.holdout is 1.0; wanted a number from 0 to below 1"),
        ({"momentum": 0}, "validation.nesterov needs validation.momentum above 0"),
        ({"weight_decay": -1.0}, "validation.weight_decay is -1.0; wanted a number from 0 on"),
        ({"crop": -1}, "validation.crop is -1; wanted at least 0"),
    ],
)
def test_bad_parameters_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe(**change)
