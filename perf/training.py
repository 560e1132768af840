"""Images per second of a training against a plain PyTorch loop over the same batches.

Both train the best CIFAR-10 cell (index 6111) by the recipe of conf/validation/embedded.yaml on
Fashion-MNIST, in turns, in one thread. Run: python perf/training.py [--turns 5] [--images 4000]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch.nn import functional

from zenlab.datasets.fashion_mnist import fashion_mnist
from zenlab.spaces.nb201 import NB201
from zenlab.validation.recipe import Recipe
from zenlab.validation.training import Training

CELL = 6111


def recipe(images: int) -> Recipe:
    return Recipe(
        epochs=1,
        batch_size=128,
        optimiser="sgd",
        learning_rate=0.1,
        warmup=0.2,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
        decayed="weights",
        label_smoothing=0.0,
        initialisation="kaiming",
        crop=0,
        flip=False,
        train_images=images,
        holdout=0.0,
        evaluate="end",
        drop_last=True,
    )


def plain(training: Training, genotype: str) -> float:
    """Train as one would by hand: same batches, optimiser and layout; return images per second."""
    chosen = training.recipe
    mean, std = (
        torch.tensor(numbers)[:, None, None] for numbers in training.dataset.normalisation()
    )
    images, labels = training.shares.train
    network = training.space.build(training.space.parse(genotype))
    network = network.to(memory_format=torch.channels_last)
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    optimiser = torch.optim.SGD(
        [{"params": weights, "weight_decay": 5e-4}, {"params": others}],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
        fused=True,
    )
    steps = chosen.steps_per_epoch(len(images))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: chosen.learning_rate_factor(step, steps)
    )
    start = time.perf_counter()
    for batch in torch.randperm(len(images)).split(chosen.batch_size)[:steps]:
        shown = ((images[batch] - mean) / std).contiguous(memory_format=torch.channels_last)
        loss = functional.cross_entropy(network(shown), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return len(images) / (time.perf_counter() - start)


def ours(training: Training, genotype: str, seed: int) -> float:
    trained = training.score((training.space.parse(genotype), seed))
    if trained.error:
        raise RuntimeError(trained.error)
    return trained.images_per_second


def measure(width: int, side: int, images: int, turns: int) -> None:
    space = NB201(C=width, N=1, channels=1, image_size=side)
    ratios, speeds = [], []
    with tempfile.TemporaryDirectory() as home:
        data = fashion_mnist(home=home, image_size=side)
        training = Training(space, data, recipe(images), Path(home), {})
        plain(training, str(CELL))
        for turn in range(turns):
            first, second = plain(training, str(CELL)), ours(training, str(CELL), turn)
            ratios.append(second / first)
            speeds.append(second)
    print(
        f"C={width:<3} {side:>2} x {side:<2}  {statistics.median(speeds):>7,.0f} images/s, "
        f"{statistics.median(ratios):.2f} of a plain loop ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--images", type=int, default=4000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for width, side in ((8, 8), (16, 8), (16, 28)):
        measure(width, side, arguments.images, arguments.turns)


if __name__ == "__main__":
    main()
