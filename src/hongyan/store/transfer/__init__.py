"""How a house leaves its store: into another kind of store (move), into a file (backup), and back
out of one (restore). Each checks by counts and sums that everything has arrived.
"""

from collections.abc import Callable
from typing import TypeAlias

Watch: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""
