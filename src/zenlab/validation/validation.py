"""Which of the best candidates are trained, how often, and how."""

from dataclasses import dataclass, fields

from zenlab.checks import require_whole
from zenlab.validation.recipe import Recipe


@dataclass(frozen=True)
class Validation(Recipe):
    """The recipe by which the `top_k` candidates with the highest scores are trained.

    Each is trained with `seeds` seeds, from 0 on. `keep_weights` keeps the trained weights.
    """

    top_k: int
    seeds: int
    keep_weights: bool

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        super().__post_init__()
        require_whole("validation.top_k", self.top_k)
        require_whole("validation.seeds", self.seeds)

    @property
    def recipe(self) -> Recipe:
        """The recipe alone."""
        return Recipe(**{field.name: getattr(self, field.name) for field in fields(Recipe)})


@dataclass(frozen=True)
class NoValidation:
    """Nothing is trained."""
