"""Scores of a network of your own: any `torch.nn.Module` that classifies images.

Everything is done on copies, in float32 and in training mode, with all parameters trainable; the
model and PyTorch's global random state stay as they are. The same class name, weights and seed give
the same values. Proxies draw convolutions, linear layers and batch norms anew, each as its paper
does; `settings={"naswot": {"initialisation": "keep"}}` keeps the model's weights.

A proxy of features (zen) takes what `model.forward_features` returns, if there is such a method.
Without one, features are the maps (n, c, h, w) that enter the last global pooling, whether a module
or a function does it; or else those that are flattened to (n, c h w). A pooling that other maps
come after (squeeze and excitation) isn't the last. Likewise `forward_blocks` and `thin`, for AZ-NAS
and linear regions, are taken from the model.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

import torch
from torch import nn

from zenlab.checks import require_whole
from zenlab.core import Batch, NetworkProxy, Proxy, Score, SymbolicProxy
from zenlab.own_network import Alone, checked_shape
from zenlab.own_proxies import Settings, make_proxies, readers
from zenlab.scoring.measure import Measurement, Views, seed_of
from zenlab.scoring.scorer import SymbolicScorer
from zenlab.spaces.module.network import Shape


def score(
    model: nn.Module,
    *,
    proxies: Sequence[str] | str,
    input_shape: Sequence[int],
    num_classes: int | None = None,
    batch: Batch | None = None,
    settings: Settings = MappingProxyType({}),
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, Score]:
    """Score a network with proxies, by name; the genotype of a score is the model's class name.

    The module `zenlab.own` says what proxies see of it, and how features are found.

    Args:
        model: returns class scores, (n, classes), for images (n, c, h, w); it is never changed.
        proxies: options of conf/proxy that score a network alone, and `params`; one name or many.
        input_shape: channels, height and width of an image.
        num_classes: of synthetic labels; None: as many as the model has outputs.
        batch: what all proxies are shown; None: Gaussian noise with labels in turn, for each
            proxy as many images as it wants.
        settings: parameters of proxies, by name.
        seed: of whatever is random, unless `settings` has another for a proxy.
        device: where to compute, as PyTorch spells it.

    Returns:
        A score for each proxy. What goes wrong in one of several is the `error` of its score.

    Raises:
        ValueError: an argument makes no sense, a proxy can't score a network alone, or the model
            doesn't classify such images; or the only proxy asked for finds its assumption broken,
            such as the batch norms that zen needs.
    """
    _check_arguments(model, num_classes, seed)
    shape, where = checked_shape(input_shape), _checked_device(device)
    made = make_proxies(proxies, settings, seed)
    if batch is not None:
        _check_batch(batch, shape, made)
    with _global_randomness(seed, where):
        space = Alone(model, shape)
        outputs = space.count_outputs(where)
    classes = _checked_classes(outputs, num_classes, batch, made)
    shown, views = _Shown(batch, shape, classes, where), Views()
    scores = {name: _score(space, proxy, shown, views) for name, proxy in made.items()}
    if len(scores) == 1:
        _raise_value_error(*scores.values())
    return scores


class _Shown:
    """What each proxy is shown: one batch for all, or noise of which equal batches are shared."""

    def __init__(
        self, batch: Batch | None, shape: Shape, classes: int, device: torch.device
    ) -> None:
        self.device = device
        self._batch = None if batch is None else batch.to(device)
        self._shape = shape
        self._classes = classes
        self._noise: dict[tuple[int, int], Batch] = {}

    def to(self, proxy: NetworkProxy) -> Batch:
        if self._batch is not None:
            return self._batch
        key = proxy.batch_size, proxy.seed
        if key not in self._noise:
            self._noise[key] = _noise(self._shape, self._classes, *key).to(self.device)
        return self._noise[key]


def _noise(shape: Shape, classes: int, size: int, seed: int) -> Batch:
    """The batch that a dataset of such images would give (`Dataset.batch`)."""
    images = torch.randn(size, *shape, generator=torch.Generator().manual_seed(seed))
    return Batch(images, torch.arange(size) % classes, synthetic=True)


def _score(space: Alone, proxy: Proxy, shown: _Shown, views: Views) -> Score:
    if isinstance(proxy, SymbolicProxy):
        (made,) = SymbolicScorer(space, proxy).score([space.genotype], lambda _: None)
        return made
    measurement = Measurement(space, proxy, shown.to(proxy))
    with _global_randomness(seed_of(proxy.seed, space.genotype), shown.device):
        try:
            return measurement.score(space.genotype, views)
        except (TypeError, AttributeError, LookupError) as error:  # modules that give no tensor
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return measurement.failed(space.genotype, reason)


def _raise_value_error(score: Score) -> None:
    kind, _, reason = (score.error or "").partition(": ")
    if kind == ValueError.__name__:
        raise ValueError(reason)


@contextmanager
def _global_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch's global state, which dropout draws from, and leave it as it was."""
    on_gpu = device.type == "cuda" or torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_gpu else ()):
        torch.manual_seed(seed)
        yield


def _check_arguments(model: object, num_classes: int | None, seed: int) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(f"model is a {type(model).__name__}; wanted a torch.nn.Module")
    if num_classes is not None:
        require_whole("num_classes", num_classes)
    require_whole("seed", seed, least=0)


def _checked_device(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device is {name!r}: {error}") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device is {name!r}, but PyTorch sees no CUDA device; wanted 'cpu'")
    return device


def _check_batch(batch: Batch, shape: Shape, proxies: Mapping[str, Proxy]) -> None:
    images, labels = batch.images, batch.labels
    if tuple(images.shape[1:]) != shape or images.dtype != torch.float32:
        raise ValueError(
            f"batch.images have the shape {tuple(images.shape)} and type {images.dtype}; wanted "
            f"(n, {', '.join(map(str, shape))}) and torch.float32"
        )
    if labels.shape != images.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"batch.labels have the shape {tuple(labels.shape)} and type {labels.dtype}; wanted "
            f"({len(images)},) and torch.int64"
        )
    if batch.synthetic and (reading := readers(proxies)):
        raise ValueError(
            f"proxy {reading[0]} reads labels, and the batch has none (synthetic=True); give it "
            f"labels, or leave batch out for noise with synthetic ones"
        )


def _checked_classes(
    outputs: int, wanted: int | None, batch: Batch | None, proxies: Mapping[str, Proxy]
) -> int:
    """Return the number of classes of labels, all of which the model must know."""
    if wanted is not None and wanted > outputs:
        raise ValueError(f"num_classes is {wanted}, but the model has {outputs} outputs")
    if batch is not None and readers(proxies):
        least, most = int(batch.labels.min()), int(batch.labels.max())
        if least < 0 or most >= outputs:
            raise ValueError(
                f"batch.labels go from {least} to {most}; the model has {outputs} outputs, so "
                f"wanted 0 to {outputs - 1}"
            )
    return wanted or outputs
