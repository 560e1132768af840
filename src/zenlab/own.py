"""Scores of a network of your own: any `torch.nn.Module` that classifies images."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from hydra.utils import get_class
from omegaconf import OmegaConf
from torch import nn

from zenlab.checks import require_whole
from zenlab.core import (
    Batch,
    CombinedProxy,
    Genotype,
    Network,
    NetworkProxy,
    Proxy,
    Score,
    SymbolicProxy,
)
from zenlab.options import config_folder
from zenlab.own_network import OwnNetwork, Shape
from zenlab.proxies.size import Params
from zenlab.proxies.suite import Suite
from zenlab.scoring.measure import Measurement, Views, seed_of
from zenlab.scoring.scorer import SymbolicScorer

Settings = Mapping[str, Mapping[str, Any]]


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

    Everything is done on copies, in float32 and in training mode, with all parameters trainable;
    the model and PyTorch's global random state stay as they are. The same class name, weights and
    seed give the same values. Proxies draw convolutions, linear layers and batch norms anew, each
    as its paper does; `settings={"naswot": {"initialisation": "keep"}}` keeps the model's weights.

    A proxy of features (zen) takes what `model.forward_features` returns, if there is such a
    method. Without one, features are the maps (n, c, h, w) that enter the last global pooling,
    whether a module or a function does it; or else those that are flattened to (n, c h w). A
    pooling that other maps come after (squeeze and excitation) isn't the last. Likewise
    `forward_blocks` and `thin`, for AZ-NAS and linear regions, are taken from the model.

    Args:
        model: returns class scores, (n, classes), for images (n, c, h, w).
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
    shape, where = _checked_shape(input_shape), _checked_device(device)
    made = _make_proxies(proxies, settings, seed)
    if batch is not None:
        _check_batch(batch, shape, made)
    with _global_randomness(seed, where):
        network = OwnNetwork(model, shape)
        outputs = _count_outputs(network, shape, where)
    classes = _checked_classes(outputs, num_classes, batch, made)
    genotype, space, views = Genotype(type(model).__name__), _Alone(network), Views()
    batches: dict[tuple[int, int], Batch] = {}
    scores = {}
    for name, proxy in made.items():
        if isinstance(proxy, SymbolicProxy):
            (scores[name],) = SymbolicScorer(space, proxy).score([genotype], lambda _: None)
            continue
        key = (proxy.batch_size, proxy.seed) if batch is None else (0, 0)
        if key not in batches:
            batches[key] = (batch or _noise(shape, classes, *key)).to(where)
        with _global_randomness(seed_of(proxy.seed, genotype), where):
            scores[name] = _score(Measurement(space, proxy, batches[key]), genotype, views)
    if len(scores) == 1:
        _raise_value_error(*scores.values())
    return scores


class _Alone:
    """A space of one architecture, the user's."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def parse(self, text: str) -> Genotype:
        return Genotype(text)

    def sample(self, rng: np.random.Generator) -> Genotype:
        raise ValueError("there is one architecture, and nothing to draw")

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        raise ValueError("there is one architecture, which has no neighbour")

    def build(self, genotype: Genotype) -> Network:
        return self._network  # whoever measures it takes a copy (`Views`)

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        return {"params": float(sum(weight.numel() for weight in self._network.parameters()))}

    def canonical(self, genotype: Genotype) -> str:
        return genotype


def _score(measurement: Measurement, genotype: Genotype, views: Views) -> Score:
    try:
        return measurement.score(genotype, views)
    except (TypeError, AttributeError, LookupError) as error:  # modules that answer with no tensor
        return measurement.failed(genotype, _in_a_line(error))


def _raise_value_error(score: Score) -> None:
    kind, _, reason = (score.error or "").partition(": ")
    if kind == ValueError.__name__:
        raise ValueError(reason)


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


@contextmanager
def _global_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch's global state, which dropout draws from, and leave it as it was."""
    on_gpu = device.type == "cuda" or torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_gpu else ()):
        torch.manual_seed(seed)
        yield


def _noise(shape: Shape, classes: int, size: int, seed: int) -> Batch:
    """The batch that a dataset of such images would give (`Dataset.batch`)."""
    images = torch.randn(size, *shape, generator=torch.Generator().manual_seed(seed))
    return Batch(images, torch.arange(size) % classes, synthetic=True)


@torch.no_grad()
def _count_outputs(network: Network, shape: Shape, device: torch.device) -> int:
    """Run one image through a copy, in evaluation mode."""
    probe = copy.deepcopy(network).to(device).eval()
    image = torch.zeros(1, *shape, device=device)
    try:
        probe.get_submodule("model")(image)
    except Exception as error:  # a model may raise anything
        raise ValueError(
            f"the model can't read an image of input_shape={shape}: {_in_a_line(error)}"
            f"{_wanted_channels(network, shape)}"
        ) from error
    return probe(image).shape[1]  # type: ignore[no-any-return]


def _wanted_channels(network: Network, shape: Shape) -> str:
    first = next((module for module in network.modules() if isinstance(module, nn.Conv2d)), None)
    if first is None or first.in_channels == shape[0]:
        return "; wanted (channels, height, width)"
    return f"; its first convolution wants {first.in_channels} channels"


def _make_proxies(names: Sequence[str] | str, settings: Settings, seed: int) -> dict[str, Proxy]:
    names = [names] if isinstance(names, str) else list(names)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"proxies is {names}; wanted names of proxies, each once, such as ['zen']")
    unknown = set(settings) - set(names)
    if unknown:
        raise ValueError(f"settings has {', '.join(sorted(unknown))}, which is not among proxies")
    return {name: _make_alone(name, settings.get(name, {}), seed) for name in names}


def _make_alone(name: str, settings: Mapping[str, Any], seed: int) -> Proxy:
    """Make a proxy that can score a network without others and without a space."""
    proxy = _make(name, settings, seed)
    if isinstance(proxy, Suite | CombinedProxy):
        members = ", ".join(repr(str(member)) for member in proxy.members)
        what = "stands for several proxies" if isinstance(proxy, Suite) else "ranks many networks"
        raise ValueError(f"proxy {name} {what}; name those that you want of its members: {members}")
    if isinstance(proxy, Params | NetworkProxy):
        return proxy
    bound = [option for option in _options() if _needs_space(_make(option, {}, seed))]
    raise ValueError(
        f"proxy {name} needs an architecture of a space, and a network isn't enough; so do "
        f"{', '.join(bound)}; of what needs no training at all, params works here"
    )


def _needs_space(proxy: Any) -> bool:
    return isinstance(proxy, SymbolicProxy) and not isinstance(proxy, Params)


def _make(name: str, settings: Mapping[str, Any], seed: int) -> Any:
    options = _options()
    if name not in options:
        raise ValueError(f"there is no proxy {name}; the options are {', '.join(options)}")
    config = OmegaConf.create({"seed": seed, "proxy": OmegaConf.load(options[name])})
    parameters: Any = OmegaConf.to_container(config.proxy, resolve=True)
    target = parameters.pop("_target_")
    for key in settings:
        if key not in parameters:
            known = ", ".join(parameters) or "no parameters"
            raise ValueError(f"settings has {key} for {name}; {name} has {known}")
    return get_class(target)(**{**parameters, **settings})


def _options() -> dict[str, Path]:
    return {path.stem: path for path in sorted((config_folder() / "proxy").glob("*.yaml"))}


def _check_arguments(model: object, num_classes: int | None, seed: int) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(f"model is a {type(model).__name__}; wanted a torch.nn.Module")
    if num_classes is not None:
        require_whole("num_classes", num_classes)
    require_whole("seed", seed, least=0)


def _checked_shape(shape: Sequence[int]) -> Shape:
    if not isinstance(shape, Sequence) or len(shape) != 3 or isinstance(shape, str):
        raise ValueError(
            f"input_shape is {shape!r}; wanted (channels, height, width), such as (3, 224, 224)"
        )
    for name, size in zip(("channels", "height", "width"), shape, strict=True):
        require_whole(f"the {name} of input_shape", size)
    return shape[0], shape[1], shape[2]


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
    readers = _readers(proxies)
    if batch.synthetic and readers:
        raise ValueError(
            f"proxy {readers[0]} reads labels, and the batch has none (synthetic=True); give it "
            f"labels, or leave batch out for noise with synthetic ones"
        )


def _checked_classes(
    outputs: int, wanted: int | None, batch: Batch | None, proxies: Mapping[str, Proxy]
) -> int:
    """Return the number of classes of labels, all of which the model must know."""
    if wanted is not None and wanted > outputs:
        raise ValueError(f"num_classes is {wanted}, but the model has {outputs} outputs")
    if batch is not None and _readers(proxies):
        least, most = int(batch.labels.min()), int(batch.labels.max())
        if least < 0 or most >= outputs:
            raise ValueError(
                f"batch.labels go from {least} to {most}; the model has {outputs} outputs, so "
                f"wanted 0 to {outputs - 1}"
            )
    return wanted or outputs


def _readers(proxies: Mapping[str, Proxy]) -> list[str]:
    return [name for name, proxy in proxies.items() if getattr(proxy, "needs_labels", False)]
