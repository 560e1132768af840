"""EPE-NAS: how alike the gradients at images of one class are (Lopes et al., arXiv 2102.08099)."""

import math
import warnings
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation
from zenlab.proxies.input_jacobian import InputJacobian, SeenJacobian, correlations

_OFFSET = 1e-5
_MOST_CLASSES_SUMMED = 100


@dataclass(frozen=True)
class EpeNas:
    """The sum over classes of how little the gradients at images of one class correlate.

    It depends on how many images of the batch share a class: compare scores of equal batches only.
    Minus infinity where the gradient at an image is constant, as in a dead network.
    """

    needs_labels: ClassVar[bool] = True

    batch_size: int = 64
    initialisation: Initialisation = "default"
    dtype: Literal["float32", "float64"] = "float32"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.batch_size", self.batch_size, least=2)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.dtype", self.dtype, ("float32", "float64"))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        require_whole("proxy.seed", self.seed, least=0)

    @property
    def look(self) -> InputJacobian:
        """The gradient of the logits at the images."""
        return InputJacobian(self.initialisation, self.dtype)

    def judge(self, seen: SeenJacobian) -> Estimate:
        """Return the score of a Jacobian; warn once per process if its labels are made up."""
        if seen.synthetic:
            # Python's default filter shows a warning of one place and text once per process.
            warnings.warn(
                "epe_nas compares images of one class, but the labels of this dataset are "
                "synthetic: its scores say nothing about classes",
                stacklevel=1,
            )
        value = epe_nas(seen.jacobian, seen.labels, seen.classes)
        return Estimate(-math.inf if math.isnan(value) else value)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by the gradient of its logits at the images of `batch`."""
        return self.judge(self.look.take(network, batch, rng=rng))


def epe_nas(jacobian: Tensor, labels: Tensor, classes: int) -> float:
    """Return the sum over classes of |s|, s = sum of ln(|r| + 1e-5) over correlations r in a class.

    With more than 100 classes, s is divided by the number of images, and the result is the sum of
    |s - s'| over all ordered pairs of classes that occur, divided by `classes`. It is nan where a
    row of the Jacobian, (n, inputs), is constant.

    Args:
        jacobian: (n, inputs).
        labels: the class of each row, (n,).
        classes: how many classes there are.
    """
    rows = [jacobian[labels == label] for label in torch.unique(labels)]
    sums = torch.stack([(correlations(r).abs() + _OFFSET).log().sum() for r in rows])
    if classes <= _MOST_CLASSES_SUMMED:
        return sums.abs().sum().item()
    sums = sums / torch.tensor([len(r) for r in rows], device=sums.device)
    return (sums[:, None] - sums).abs().sum().item() / classes
