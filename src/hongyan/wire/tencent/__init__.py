"""Tencent Cloud SMS 腾讯云短信, API 3.0: its calls, answers and faults, from both sides.

Who serves it reads a `call`, proves its claim (`wire.tc3`, `wire.tc1`), has its typed request
(`requests`, `old`, made strict by `strict`, kept in `bounds`), and answers in an `envelope`, with a
`status` for each number, or refuses with a `fault` in the caller's language. Receipts and replies
go out by `push`.

Who calls it writes a `call.posted`, signs it with a `tc3.Signer`, reads the `envelope` (a typed
answer, a `Refusal`, or Unreadable), `push`es that come in, and what `carrier`s say in them.

Who reviews has the codes of the lint's findings in `status`. Who explains (`hongyan debug send`, the
documents) has every code's cause and cure in `codes`.

`requests` and `answers` are made by scripts/tencent_types.py from the names and types that Tencent
publishes; all the others are written by hand.
"""
