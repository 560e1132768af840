"""The story of a plan: how many networks a claim needs, before they are paid for."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from zenlab.assembly import choices
from zenlab.checks import require_positive, require_whole
from zenlab.hypotheses.claim import Claim
from zenlab.hypotheses.edits import EditClaim
from zenlab.hypotheses.part import Part
from zenlab.hypotheses.population import FEWEST
from zenlab.hypotheses.verdict import Verdict
from zenlab.populating import populate
from zenlab.report.files import write_summary, write_text
from zenlab.report.terminal import Terminal
from zenlab.stage import Log, streamed
from zenlab.tracking.metrics import NETWORKS

_SHRINK = 1.959963984540054  # standard errors from the middle to the end of a 95 % interval


def plan_claim(config: DictConfig) -> float | None:
    """Test a claim on a pilot sample; simulate how often more networks would decide it.

    In a simulation each part's effect is drawn around what the pilot found, with the standard error
    that so many networks would leave, and gets an interval of that width.

    Returns:
        How many networks of each population are needed; None where even the most don't suffice.

    Raises:
        ValueError: there is no claim, or a parameter of the plan is wrong.
    """
    terminal = Terminal()
    settings = _checked(config)
    name, claim = _claim_of(config)
    proxy = choices()["proxy"]
    terminal.say(f"zenlab: plan for hypothesis {name}, proxy {proxy}: {claim.statement}")
    folder = Path(HydraConfig.get().runtime.output_dir)
    with streamed(config, folder) as stream:
        plan = _plan(config, claim, settings, terminal, stream.log)
        plan = {"hypothesis": name, "proxy": proxy, **plan}
        write_summary(folder / "summary.json", plan)
        write_text(folder / "config.yaml", OmegaConf.to_yaml(config, resolve=True))
        stream.finish(plan, pd.DataFrame(plan["tried"]), {})
    for line in _lines(plan, settings):
        terminal.say(line)
    terminal.say(f"written to {folder}: summary.json, config.yaml")
    terminal.say_tracked(stream.url or stream.folder)
    needed: int | None = plan["needed"]
    return needed


def _claim_of(config: DictConfig) -> tuple[str, Claim]:
    """Return the claim and its name, if it can be planned for."""
    if not config.get("hypothesis"):
        raise ValueError("job=plan needs a claim: set hypothesis=..., such as zen_beyond_size")
    name = choices()["hypothesis"]
    claim = instantiate(config.hypothesis, _convert_="all")
    if not isinstance(claim, Claim):
        raise ValueError(f"hypothesis {name} holds several claims; plan one at a time")
    if isinstance(claim, EditClaim):
        raise ValueError(
            f"hypothesis {name} compares all pairs of a space whose accuracies are known; there "
            f"is nothing to plan"
        )
    return name, claim


def _plan(
    config: DictConfig, claim: Claim, settings: "_Settings", terminal: Terminal, log: Log
) -> dict[str, Any]:
    """Test the claim on a pilot, and search for a number that decides it often enough."""
    populations = {
        where: populate(
            config, where, replace(source, sample=settings.pilot), terminal, log, sampled=True
        )
        for where, source in claim.sources.items()
    }
    rng = np.random.default_rng(config.analysis.seed)
    draws = config.analysis.claim_draws
    pilot = claim.test(
        choices()["hypothesis"], choices()["proxy"], populations, draws=draws, rng=rng
    )
    there_are = min(len(found.measured) for found in populations.values())
    tried = _search(pilot, settings, min(settings.most, there_are), rng)
    for size, power in tried:
        log({NETWORKS: float(size), "plan/power": power})
    needed = next((size for size, power in tried if power >= settings.power), None)
    seconds = float(np.mean([found.seconds for found in populations.values()]))
    return {
        "pilot": pilot.row(),
        "parts": pilot.part_rows(),
        "wanted_power": settings.power,
        "tried": [{"networks": size, "power": power} for size, power in tried],
        "needed": needed,
        **_cost(config, needed, len(populations), seconds),
    }


def decided_share(
    parts: Sequence[Part], networks: int, *, simulations: int, rng: np.random.Generator
) -> float:
    """Return how often a verdict other than undecided comes out with so many networks."""
    decided = 0
    for _ in range(simulations):
        drawn = [_redrawn(part, networks, rng) for part in parts]
        decided += Verdict("", "", "", drawn).word != "undecided"
    return decided / simulations


def _redrawn(part: Part, networks: int, rng: np.random.Generator) -> Part:
    if part.effect is None or part.low is None or part.high is None:
        return part
    error = (part.high - part.low) / (2 * _SHRINK) * math.sqrt(part.n / networks)
    effect = part.effect + error * rng.standard_normal()
    reach = _SHRINK * error
    return replace(part, effect=effect, low=effect - reach, high=effect + reach)


class _Settings:
    def __init__(self, node: DictConfig) -> None:
        require_whole("plan.pilot", node.pilot, least=FEWEST)
        require_whole("plan.most", node.most, least=node.pilot)
        require_whole("plan.simulations", node.simulations, least=2)
        require_positive("plan.power", node.power)
        if node.power >= 1:
            raise ValueError(f"plan.power is {node.power}; wanted a share below 1")
        self.pilot, self.most = int(node.pilot), int(node.most)
        self.simulations, self.power = int(node.simulations), float(node.power)


def _checked(config: DictConfig) -> _Settings:
    return _Settings(config.plan)


def _search(
    pilot: Verdict, settings: _Settings, most: int, rng: np.random.Generator
) -> list[tuple[int, float]]:
    """Try larger numbers, by half as much again, until the power or `most` is reached."""
    tried: list[tuple[int, float]] = []
    size = FEWEST
    while True:
        power = decided_share(pilot.parts, size, simulations=settings.simulations, rng=rng)
        tried.append((size, power))
        if power >= settings.power or size >= most:
            return tried
        size = min(math.ceil(1.5 * size), most)


def _cost(
    config: DictConfig, needed: int | None, populations: int, seconds: float
) -> dict[str, Any]:
    """Return hours of one device for scoring and, if asked for, training what is needed."""
    training = config.plan.training_seconds
    if training is not None:
        require_positive("plan.training_seconds", training)
    networks = None if needed is None else needed * populations
    return {
        "networks": networks,
        "seconds_per_score": seconds,
        "scoring_hours": None if networks is None else networks * seconds / 3600,
        "training_hours": None
        if networks is None or training is None
        else networks * training / 3600,
    }


def _lines(plan: dict[str, Any], settings: _Settings) -> list[str]:
    lines = [f"pilot: {plan['pilot']['sentence']}"]
    lines += [f"{row['networks']:>8,} networks: {row['power']:.0%}" for row in plan["tried"]]
    if plan["needed"] is None:
        most = plan["tried"][-1]["networks"]
        return [*lines, f"even {most:,} networks decide it too rarely"]
    cost = f"{plan['scoring_hours']:.3g} hours of scoring on one device"
    if plan["training_hours"] is not None:
        cost += f", {plan['training_hours']:.3g} hours of training"
    return [
        *lines,
        f"about {plan['needed']:,} networks of each population decide it in "
        f"{settings.power:.0%} of repetitions: {cost}",
    ]
