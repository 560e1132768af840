"""What scores know about accuracy beyond other numbers, such as the size of the network.

A partial correlation is that of what is left of scores and accuracies after a regression on the
covariates: on their ranks for Spearman's rho, on the signs of their pairs for Kendall's tau.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zenlab.analysis.bounded import Bounded, bound_correlation
from zenlab.analysis.checked import require_draws, require_rows
from zenlab.analysis.matrices import columns_of, draw_times, kendall_matrices, spearman_matrices
from zenlab.analysis.ranked import Floats

_LEFT = 1e-9  # of the variance; less than this is rounding
_NOTHING_LEFT = "scores or accuracies are all tied, or follow from the covariates"


@dataclass(frozen=True)
class Partial:
    """Rank correlations of scores and accuracies given covariates, over `n` rows."""

    n: int
    given: tuple[str, ...]
    kendall: Bounded
    spearman: Bounded


def partial_correlations(
    scores: ArrayLike,
    accuracies: ArrayLike,
    given: Mapping[str, ArrayLike],
    *,
    draws: int,
    rng: np.random.Generator,
    groups: ArrayLike | None = None,
) -> Partial:
    """Return partial Kendall and Spearman given named covariates (n,), one, several or none.

    Spearman's is Pearson's correlation of the residuals of the mid-ranks. Kendall's is minus the
    element over the root of the diagonal ones in the inverse of the matrix of tau-b; with one
    covariate that is Kendall's formula (Biometrika 1942). Covariates that are tied throughout or
    follow from others change nothing.

    Neither is exactly zero where scores and accuracies follow a covariate and not each other
    (Korn, The American Statistician 1984). For normal variables that follow it with r = 0.7, tau
    is 0.11 and rho 0.01. So for the claim that a proxy knows more than a covariate take Spearman's,
    or compare within strata, and never Kendall's alone.

    Args:
        scores: (n,), higher is better; minus infinities tie in the last place.
        accuracies: (n,), in percent.
        given: the covariates.
        draws: resamples of the rows for the 95 % intervals; 400 are enough.
        rng: decides the resamples.
        groups: (n,), equal for rows that aren't independent; None: all are.

    Raises:
        ValueError: the arrays don't fit together or hold nan; `draws` is below 2.
    """
    require_draws(draws)
    values = require_rows({"scores": scores, "accuracies": accuracies, **given})
    columns = columns_of(values)
    count = columns.shape[1]
    times = draw_times(count, draws, rng, groups)
    kendall, spearman = (
        bound_correlation(partial_of(matrices(columns, times)), rows=count, undefined=_NOTHING_LEFT)
        for matrices in (kendall_matrices, spearman_matrices)
    )
    return Partial(count, tuple(given), kendall, spearman)


def partial_of(matrices: Floats) -> Floats:
    """Return the correlation (m,) of the first two of k columns given the rest, from (m, k, k).

    Nan where one of the two is tied, or where the others determine it.
    """
    known = np.where(np.isnan(matrices), 0, matrices)  # what is tied explains nothing
    across, among = known[:, :2, 2:], known[:, 2:, 2:]
    weights = across @ np.linalg.pinv(among, rcond=_LEFT, hermitian=True)
    left = matrices[:, :2, :2] - weights @ across.transpose(0, 2, 1)
    spread = np.where(left[:, (0, 1), (0, 1)] > _LEFT, left[:, (0, 1), (0, 1)], np.nan)
    partial: Floats = np.clip(left[:, 0, 1] / np.sqrt(spread.prod(1)), -1, 1)
    return partial
