"""Parts of a space that a searcher is narrowed to."""

from zenlab.core import Admit, Genotype, Space


def inside(space: Space, where: str | None, admit: Admit) -> Admit:
    """Return what admits the part of a space that `where` names: live, or a descriptor that is 1.

    It raises ValueError where the space has no such descriptor.
    """
    if where is None:
        return admit
    return lambda genotype: _holds(space, genotype, where) and admit(genotype)


def _holds(space: Space, genotype: Genotype, where: str) -> bool:
    described = space.describe(genotype)
    if where == "live":
        return described["dead"] == 0
    if where not in described:
        names = ", ".join(name for name, value in described.items() if value in (0.0, 1.0))
        raise ValueError(
            f"searcher.where is {where!r}; wanted live, or a descriptor of the space that is 0 or "
            f"1, such as {names}"
        )
    return described[where] == 1
