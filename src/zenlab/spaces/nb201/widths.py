"""Widths of stages as text, `16:32:64`: 8 to 64 in steps of 8 (NATS-Bench, Dong et al., 2021)."""

import re
from collections.abc import Iterator

STEP = 8
WIDTHS = tuple(range(STEP, 64 + STEP, STEP))

Widths = tuple[int, ...]


def spell_widths(widths: Widths) -> str:
    """Write widths with colons between them."""
    return ":".join(map(str, widths))


def parse_widths(text: str, *, count: int) -> Widths:
    """Read `count` widths; blanks around them don't matter.

    Raises:
        ValueError: there are more or fewer of them, or one is not among `WIDTHS`.
    """
    parts = text.split(":")
    if len(parts) != count:
        raise ValueError(
            f"{text!r}: {len(parts)} found where {count} widths were wanted, with ':' between "
            f"them, such as {spell_widths(WIDTHS[:count])!r}"
        )
    return tuple(_width(part, place, text) for place, part in enumerate(parts, 1))


def stepped(widths: Widths) -> Iterator[Widths]:
    """Yield widths of which one is a step lower or higher."""
    for place, width in enumerate(widths):
        for other in (width - STEP, width + STEP):
            if other in WIDTHS:
                yield with_width(widths, place, other)


def with_width(widths: Widths, place: int, width: int) -> Widths:
    """Return widths with another one at a place."""
    return (*widths[:place], width, *widths[place + 1 :])


def _width(part: str, place: int, text: str) -> int:
    width = int(part) if re.fullmatch(r"\s*[0-9]{1,9}\s*", part) else None
    if width not in WIDTHS:
        raise ValueError(
            f"width {place} of {text!r} is {part.strip()!r}; "
            f"wanted one of {', '.join(map(str, WIDTHS))}"
        )
    return width
