"""What can become of a message besides its arrival."""

from __future__ import annotations


class NotSent(Exception):
    """It did not arrive; ``again`` says whether another try may help."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.again = again


class MayHaveArrived(Exception):
    """It was handed over, and the answer was lost."""
