"""WeChat 微信 over HTTPS: requests, answers, tokens, codes and CSV files, from both sides.

For who serves: `body` reads queries and bodies into what `requests` and `login` have, and raises
`fault.Fault`; `answers` are what goes back, always with HTTP 200; a fault's `body(rid)` is the answer
to what was refused. `tokens` writes and judges access tokens; `task` reads the CSV of a task.

For who calls: `body.written` makes a body of a request; `answers.read` raises `answers.Refused`, whose
errcode `codes` sorts into those after which a new token helps and those after which nothing does.

The cloud call (`wire.cloudcall`) carries the same requests and answers.
"""
