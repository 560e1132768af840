"""Watching chosen modules of a network at work, without keeping what they return."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

See = Callable[[nn.Module, Any, Any], None]
"""Called with a module, its first input, and its output."""


@torch.no_grad()
def watch(
    network: nn.Module,
    images: Tensor,
    modules: Iterable[nn.Module],
    see: Callable[[nn.Module, Tensor], None],
    *,
    layout: torch.memory_format = torch.channels_last,
) -> None:
    """Run a network once on images, and show `see` every output of `modules` as it is made.

    A module that is called twice is seen twice. The next module may write into an output, so `see`
    copies what it wants to keep. Convolutions on a CPU are two to three times as fast in
    channels_last; they follow the images, whatever the layout of their weights.

    Raises:
        ArithmeticError: the network's answer isn't finite, so nor is what was seen.
    """
    watch_passage(network, images, modules, lambda m, _, output: see(m, output), layout=layout)


@torch.no_grad()
def watch_passage(
    network: nn.Module,
    images: Tensor,
    modules: Iterable[nn.Module],
    see: See,
    *,
    layout: torch.memory_format = torch.channels_last,
) -> None:
    """Run a network as `watch` does, and show `see` also what enters `modules`.

    Raises:
        ArithmeticError: the network's answer isn't finite, so nor is what was seen.
    """
    with replaced_forwards({module: _watcher(module, see) for module in modules}):
        answer = network(images.clone(memory_format=layout))
    require_finite(answer)


def require_finite(answer: Tensor) -> None:
    """See that the answer of a network is finite, and so what led to it.

    Raises:
        ArithmeticError: it isn't.
    """
    if not answer.abs().amax().isfinite():  # an answer for each entry takes ten times as long
        raise ArithmeticError(f"the activations overflowed {answer.dtype}")


def leaves(network: nn.Module) -> list[nn.Module]:
    """Return the modules that contain no other, each once, in the order of `modules()`."""
    found: dict[nn.Module, None] = {}
    ahead = [network]
    while ahead:
        module = ahead.pop()
        held = module._modules  # not `modules()` and `children()`, which take five times as long
        within = [one for one in held.values() if one is not None] if held else []
        if within:
            ahead.extend(reversed(within))
        else:
            found[module] = None
    return list(found)


@contextmanager
def replaced_forwards(forwards: Mapping[nn.Module, Callable[..., Any]]) -> Iterator[None]:
    """Let modules call other functions in place of their `forward`.

    Forward hooks could do no more than watch, and take longer: to register and remove them, and
    because a module that has hooks is called in more steps.
    """
    own = {module: vars(module).get("forward") for module in forwards}  # None, but for rare cases
    for module, forward in forwards.items():
        vars(module)["forward"] = forward
    try:
        yield
    finally:
        for module, before in own.items():
            del vars(module)["forward"]
            if before is not None:
                vars(module)["forward"] = before


def _watcher(module: nn.Module, see: See) -> Callable[..., Any]:
    forward = module.forward

    def watch_forward(*inputs: Any, **named: Any) -> Any:
        output = forward(*inputs, **named)
        see(module, inputs[0] if inputs else None, output)
        return output

    return watch_forward
