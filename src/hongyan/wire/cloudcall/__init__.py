"""The cloud call 云调用: how `wx-server-sdk` reaches WeChat's APIs through CloudBase, served.

A face does this with a request to `/admin`:

1. `call.read(request)` → `Call`: the multipart form, who claims to have signed it, which API. Nothing
   is proven yet.
2. Look `call.claim.secret_id` up, then `call.require(request, secret_key, now_s, also)`.
3. Check that `call.environment`, `call.token` (its permissions) and `call.appid` are that account's:
   `Refused(Word.INVALID_ENV, …)`, `answer.failed(NOT_PERMITTED)` and the others of `fault`.
4. `wechat.body.convert(call.parameters(), …)`, the same request as over HTTPS;
   `names.PATHS[call.api]` → the path of the same API over HTTPS.
5. `answer.answered(json)` with the bytes that HTTPS would have answered; `answer.failed(code)` for a
   code of the cloud call itself; `answer.refused(error, request_id)` for what was not let in.

What raises: `Refused` everywhere here, and `wechat.Fault` where parameters are no JSON.
"""
