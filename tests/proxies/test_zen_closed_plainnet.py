"""The closed-form Zen-score of Zen-NAS's networks, with and without links."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from zenlab.core import Batch, Genotype
from zenlab.proxies import moments, zen_closed
from zenlab.proxies.chain_form import ChainMemory, chain_terms
from zenlab.proxies.closed_form import Setting
from zenlab.proxies.expansion import Expander
from zenlab.proxies.moments import Fields
from zenlab.proxies.zen import Zen
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.plainnet import PlainNet

STEM = "SuperConvK3BNRELU(3,8,1,1)"
STARTS = {
    "residual": f"{STEM}SuperResK3K3(8,16,1,8,1)SuperResK3K3(16,32,2,16,1)"
    "SuperResK3K3(32,64,2,32,1)SuperResK3K3(64,64,2,32,1)SuperConvK1BNRELU(64,128,1,1)",
    "mobile": f"{STEM}SuperResIDWE6K3(8,16,1,8,1)SuperResIDWE6K3(16,32,2,16,1)"
    "SuperResIDWE6K3(32,64,2,32,1)SuperResIDWE6K3(64,96,2,64,1)SuperConvK1BNRELU(96,512,1,1)",
}
CLOSED = ZenClosed(batch_size=16)


def space(blocks: str, *, residual: bool) -> PlainNet:
    return PlainNet(
        blocks=blocks,  # type: ignore[arg-type]
        initial=STARTS[blocks],
        max_width=2048,
        residual=residual,
        sample_mutations=25,
    )


def drawn(made: PlainNet, count: int, most_norms: int = 130) -> list[Genotype]:
    """Random structures that a CPU runs in a second or two."""
    rng, found = np.random.default_rng(1), []
    while len(found) < count:
        genotype = made.sample(rng)
        described = made.describe(genotype)
        small = described["macs"] < 3e8 and described["params"] < 1e7
        if small and 18 <= described["norms"] <= most_norms:
            found.append(genotype)
    return found


def monte_carlo(made: PlainNet, genotype: Genotype, draws: int) -> float:
    batch = Batch(torch.zeros(16, 3, 32, 32), torch.zeros(16, dtype=torch.long), synthetic=True)
    rng = torch.Generator().manual_seed(1)
    zen = Zen(batch_size=16, repeats=draws)
    return zen.measure_graph(made.graph(genotype), batch, rng=rng).value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("residual", "least", "bias", "spread"), [(False, 0.998, 1.5, 1.0), (True, 0.995, 2.5, 1.5)]
)
def test_forty_random_structures_are_ranked_as_the_means_of_four_draws(
    residual: bool, least: float, bias: float, spread: float
) -> None:
    found, means = [], []
    for blocks, count in (("residual", 26), ("mobile", 14)):
        made = space(blocks, residual=residual)
        genotypes = drawn(made, count)
        found += [estimate.value for estimate in CLOSED.evaluate(made, genotypes)]
        means += [monte_carlo(made, genotype, 4) for genotype in genotypes]
    errors = np.array(found) - means
    assert stats.spearmanr(found, means).statistic >= least
    assert abs(errors.mean()) <= bias and errors.std() <= spread


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("blocks", ["residual", "mobile"])
def test_a_few_structures_come_out_close_to_draws(blocks: str, residual: bool) -> None:
    made = space(blocks, residual=residual)
    genotypes = drawn(made, 3, most_norms=60)
    found = [estimate.value for estimate in CLOSED.evaluate(made, genotypes)]
    means = [monte_carlo(made, genotype, 2) for genotype in genotypes]
    assert found == pytest.approx(means, abs=3)


@pytest.mark.parametrize("statistics", ["fresh", "carried", "batch"])
def test_a_plain_chain_has_the_same_terms_by_scalars_and_by_fields(statistics: str) -> None:
    closed = ZenClosed(repeats=4, statistics=statistics)  # type: ignore[arg-type]
    setting = Setting(closed.lags, closed.gamma, 64, closed._log_deviation, growth_cap=0.1)
    expander, memory = Expander(), ChainMemory()
    for blocks in STARTS:
        made = space(blocks, residual=False)
        for genotype in drawn(made, 3):
            graph = made.graph(genotype)
            by_scalars = chain_terms(graph, setting, memory)
            chain = zen_closed._chain(graph, expander)
            ((_, by_fields),) = zen_closed._different([chain], setting, expander)
            assert by_scalars == pytest.approx(by_fields, rel=1e-9)
            assert all(math.isfinite(term) for term in by_fields.values())


def test_networks_with_links_or_without_batch_norm_are_no_plain_chains() -> None:
    setting = Setting(10, 0.01, 64, CLOSED._log_deviation)
    genotype = Genotype(STARTS["residual"])
    linked = space("residual", residual=True)
    bare = PlainNet("residual", STARTS["residual"], 2048, residual=False, batch_norm=False)
    for made in (linked, bare):
        assert chain_terms(made.graph(genotype), setting, ChainMemory()) is None


@pytest.mark.parametrize("statistics", ["fresh", "carried", "batch"])
def test_networks_are_scored_together_as_alone(statistics: str) -> None:
    closed = ZenClosed(repeats=2, statistics=statistics)  # type: ignore[arg-type]
    linked = space("residual", residual=True)
    for made, genotypes in (
        (linked, drawn(linked, 3, most_norms=50)),
        (NB201(), [NB201().parse(str(index)) for index in (1462, 6111, 9930)]),
    ):
        together = closed.evaluate(made, genotypes)
        alone = [closed.evaluate(made, [genotype])[0] for genotype in genotypes]
        assert len({e.value for e in together}) == 3
        assert [e.value for e in together] == pytest.approx([e.value for e in alone], rel=1e-12)


def test_squeeze_excitation_is_refused_with_what_works_instead() -> None:
    made = PlainNet("residual", STARTS["residual"], 2048, squeeze_excitation=True)
    with pytest.raises(ValueError, match=r"no rule for GlobalPool.*proxy=zen"):
        CLOSED.evaluate(made, [made.start])


@pytest.mark.parametrize(
    ("mean", "variance", "gap"), [(0.4, 1.7, 0.05), (1.5, 0.6, 0.2), (0, 1, 0.01)]
)
def test_a_rectified_field_with_a_mean_has_the_moments_of_its_draws(
    mean: float, variance: float, gap: float
) -> None:
    """Two million pairs of correlated Gaussians."""
    rng = np.random.default_rng(0)
    shared, own, other = rng.standard_normal((3, 2_000_000))
    kept, lost = math.sqrt(variance - gap), math.sqrt(gap)
    clean = mean + kept * shared + lost * own
    moved = mean + kept * shared + lost * other
    one, two = np.maximum(clean, 0), np.maximum(moved, 0)
    field = Fields(np.array([[[variance], [gap]]]), np.array([mean], dtype=float))
    rectified = moments.relu(field)
    assert rectified.mu[0] == pytest.approx(one.mean(), rel=3e-3)
    assert rectified.K[0, 0] == pytest.approx(one.var(), rel=5e-3)
    assert rectified.G[0, 0] == pytest.approx(one.var() - np.cov(one, two)[0, 1], rel=2e-2)
    for features, on in (((one, two), True), ((clean, moved), False)):
        found = moments.mean_difference(field, rectified=on)[0]
        assert found == pytest.approx(np.abs(features[0] - features[1]).mean(), rel=3e-3)


def test_a_mean_next_to_zero_changes_nothing() -> None:
    field = np.array([[[1.7], [0.05]]])
    plain = moments.relu(Fields(field, np.zeros(1)))
    nearly = moments.relu(Fields(field, np.full(1, 1e-9)))
    assert nearly.moments == pytest.approx(plain.moments, rel=1e-6)
    assert nearly.mu == pytest.approx(plain.mu, rel=1e-6)


def test_means_are_refused_where_pooling_needs_more_than_lag_0() -> None:
    with pytest.raises(ValueError, match="no rule for networks that pool and also rectify sums"):
        moments.relu(Fields(np.ones((1, 2, 3)), np.ones(1)))
