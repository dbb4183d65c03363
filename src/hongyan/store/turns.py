"""Turns: what is asked about next, where both doubts and others wait for a provider's answer."""


class Turns:
    """Doubts go first, but for half of what may be asked the others have the first claim."""

    def __init__(self) -> None:
        self._doubts_had_more: set[str] = set()
        """Providers that were last asked about more doubts than others: the others' turn."""

    def share_of_doubts(self, provider: str, most: int, doubts: int, others: int) -> int:
        """Half of what may be asked, more where the others leave some. An odd one goes by turns."""
        half = most // 2
        odd = most % 2 if provider not in self._doubts_had_more else 0
        share = min(doubts, max(half + odd, most - others))
        if share > half:
            self._doubts_had_more.add(provider)
        elif doubts or others:
            self._doubts_had_more.discard(provider)
        return share
