"""A picture in parts: what several architectures share is spelt alike in each of them."""

from dataclasses import dataclass
from html import escape

_LONGEST_TITLE = 160
_STYLE = (
    "<style>.zenlab-drawing{color:#1f2933}"
    "@media(prefers-color-scheme:dark){.zenlab-drawing{color:#e4e8ee}}</style>"
)


@dataclass(frozen=True)
class Picture:
    """Elements of SVG, `parts`, on a ground of `width` x `height`.

    `title` is shown when the pointer rests on the picture, `description` is for who can't see it.
    """

    title: str
    description: str
    width: int
    height: int
    parts: tuple[str, ...]

    def __str__(self) -> str:
        """Return the picture as one SVG element that stands by itself."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="zenlab-drawing" role="img" '
            f'aria-label="{escape(self.description)}" {self.frame}>'
            f"<title>{escape(_shortened(self.title))}</title>{_STYLE}{''.join(self.parts)}</svg>"
        )

    @property
    def frame(self) -> str:
        """The attributes that all pictures of this size share."""
        return (
            f'width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" fill="none" '
            f'font-family="system-ui,sans-serif" font-size="11" text-anchor="middle"'
        )


def text(x: float, y: float, words: str, *, fill: str = "currentColor", more: str = "") -> str:
    """Return words, centred at x, with their foot at y."""
    return f'<text x="{x:g}" y="{y:g}" fill="{fill}"{more}>{escape(words)}</text>'


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"
