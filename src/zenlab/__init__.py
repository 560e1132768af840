"""zenlab: does a training-free NAS proxy work here, under which conditions, and how sure are we?"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zenlab.own import score as score

__all__ = ["score"]


def __getattr__(name: str) -> Any:
    """Load what is heavy when it is asked for."""
    if name == "score":
        from zenlab.own import score

        return score
    raise AttributeError(f"module 'zenlab' has no attribute {name!r}")
