"""Faults: why a call is refused as a whole, by Tencent's code, in the caller's language."""

from typing import Final

from hongyan.wire.tencent.codes import CODES, ENGLISH, Language


class Fault(Exception):
    """A call is answered with this code. `parameter` is what it is about, as the caller wrote it."""

    def __init__(self, code: str, parameter: str = "") -> None:
        super().__init__(code, parameter)
        self.code = code
        self.parameter = parameter
        self._told = CODES[code]

    def __str__(self) -> str:
        return f"{self.code}: {self.says(ENGLISH)}"

    def says(self, language: Language) -> str:
        """The message on the wire."""
        return self._told.says(language).replace("{parameter}", self.parameter[:_LONGEST_NAME])


class AuthFailure(Fault):
    """Who calls is not proven to be who they say, or may not come in."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"AuthFailure.{kind}")


_LONGEST_NAME: Final = 128
"""Characters of a parameter's name that go back: the caller chose it."""
