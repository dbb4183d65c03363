"""/openapi.json: a valid document, and the house keeps to it whatever it is asked."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema

from hongyan.core.time import MINUTE
from support.held import HeldHouse
from support.process import NOTICE, Answer, Client, Dev, new_address, new_phone

OPERATIONS = {
    "startVerification": ("POST", "/v1/verifications"),
    "resendVerification": ("POST", "/v1/verifications/{id}/resend"),
    "checkVerification": ("POST", "/v1/verifications/{id}/check"),
    "sendMessage": ("POST", "/v1/messages"),
    "showMessage": ("GET", "/v1/messages/{id}"),
    "verifyProof": ("POST", "/v1/proofs/verify"),
    "register": ("POST", "/register"),
    "registerVerify": ("POST", "/register/verify"),
    "jwks": ("GET", "/.well-known/jwks.json"),
    "healthz": ("GET", "/healthz"),
    "readyz": ("GET", "/readyz"),
    "metrics": ("GET", "/metrics"),
    "latestSandboxMessage": ("GET", "/sandbox/messages/latest"),
    "listSandboxMessages": ("GET", "/sandbox/messages"),
    "replyFromSandbox": ("POST", "/sandbox/replies"),
    "sandboxEvents": ("GET", "/sandbox/events"),
    "developmentPage": ("GET", "/sandbox/page.json"),
}
FUZZED = [
    name
    for name, (method, path) in OPERATIONS.items()
    if method == "POST" or "{" in path or path.startswith("/sandbox/messages")
]
"""Those that take anything."""

FUZZING = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
schemathesis.checks.load_all_checks()
CHECKS: Any = schemathesis.checks.CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


@pytest.fixture(scope="session")
def document(dev: Dev) -> Any:
    return dev.nobody.get("/openapi.json").json


@pytest.fixture(scope="session")
def schema(document: Any) -> BaseSchema:
    return schemathesis.openapi.from_dict(document)


# The document.


def test_the_document_is_valid_openapi_3_1(document: Any, schema: BaseSchema) -> None:
    assert document["openapi"].startswith("3.1.")
    schema.validate()


def test_the_document_names_every_operation_once(document: Any) -> None:
    found = {
        operation["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert found == OPERATIONS


def test_the_document_says_where_the_house_is_and_which_keys_it_takes(
    dev: Dev, document: Any
) -> None:
    assert document["servers"] == [{"url": dev.url}]
    schemes = document["components"]["securitySchemes"]
    assert {one["scheme"] for one in schemes.values()} == {"bearer"}
    send = document["paths"]["/v1/messages"]["post"]
    assert send["security"] == [{"secretKey": []}]
    start = document["paths"]["/v1/verifications"]["post"]
    assert start["security"] == [{"secretKey": []}, {"publishableKey": []}]


def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(tree: Any) -> set[str]:
        if isinstance(tree, dict):
            own = {tree["$ref"]} if "$ref" in tree else set()
            return own.union(*map(references, tree.values()))
        return set().union(*map(references, tree)) if isinstance(tree, list) else set()

    schemas = document["components"]["schemas"]
    assert {one.removeprefix("#/components/schemas/") for one in references(document)} <= set(
        schemas
    )


# The house, asked anything.


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", FUZZED)
def test_whatever_is_asked_is_answered_as_documented(
    dev: Dev, schema: BaseSchema, name: str, mode: GenerationMode
) -> None:
    method, path = OPERATIONS[name]
    headers = {"Authorization": f"Bearer {dev.file['api_key']}"}

    @FUZZING
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=dev.url, headers=headers, timeout=10)
        case.validate_response(response, checks=CHECKS)

    ask()


# The house, asked as it wants to be.


def asked(
    schema: BaseSchema,
    client: Client,
    name: str,
    status: int,
    body: object = None,
    **variables: str,
) -> Any:
    """What an operation answers, which must be as documented."""
    method, path = OPERATIONS[name]
    kind: dict[str, Any] = {} if body is None else {"body": body, "media_type": "application/json"}
    if variables:
        kind["path_parameters" if "{" in path else "query"] = variables
    case = schema[path][method].Case(**kind)
    headers = {"Authorization": f"Bearer {client.key}"} if client.key else {}
    response = case.call(base_url=client.url, headers=headers, timeout=10)
    case.validate_response(response, checks=CHECKS)
    assert response.status_code == status, response.text
    return response.json()


def test_the_way_of_a_code_is_as_documented(held: HeldHouse, phone: str) -> None:
    schema = schemathesis.openapi.from_dict(held.nobody.get("/openapi.json").json)
    app = held.app
    start = {"phone": phone, "purpose": "login", "client": {"openid": "o1"}}
    verification = asked(schema, app, "startVerification", 201, start)["id"]
    asked(schema, app, "startVerification", 429, start)
    asked(schema, app, "resendVerification", 429, {"client": {"openid": "o1"}}, id=verification)
    before = app.latest(phone)["id"]
    held.clock.pass_by(MINUTE)
    resend = {"client": {"openid": "o1"}}
    asked(schema, app, "resendVerification", 200, resend, id=verification)
    code = asked(schema, app, "latestSandboxMessage", 200, phone=phone, wait="5", after=before)[
        "code"
    ]
    check = {"code": code, "client": {"openid": "o1"}}
    proof = asked(schema, app, "checkVerification", 200, check, id=verification)["proof"]
    asked(schema, app, "checkVerification", 400, check, id=verification)
    asked(schema, app, "verifyProof", 200, {"proof": proof})
    asked(schema, app, "verifyProof", 409, {"proof": proof})


def test_the_way_of_a_text_is_as_documented(schema: BaseSchema, app: Client, phone: str) -> None:
    sent = asked(schema, app, "sendMessage", 201, {"to": phone, **NOTICE})
    asked(schema, app, "sendMessage", 200, {"to": [phone, "1"], **NOTICE})
    app.settled(sent["id"], "delivered")
    asked(schema, app, "showMessage", 200, id=sent["id"])
    asked(schema, app, "listSandboxMessages", 200, phone=phone)


def test_the_way_of_a_registration_is_as_documented(own: Dev, phone: str) -> None:
    schema = schemathesis.openapi.from_dict(own.nobody.get("/openapi.json").json)
    asked(schema, own.nobody, "register", 200, {"phone": phone})
    asked(schema, own.nobody, "register", 429, {"phone": phone})
    body = {"phone": phone, "code": own.nobody.code(phone)}
    asked(schema, own.nobody, "registerVerify", 200, body)
    asked(schema, own.nobody, "registerVerify", 400, body)


@pytest.mark.parametrize("name", ["jwks", "healthz", "readyz", "developmentPage"])
def test_what_machines_ask_is_as_documented(schema: BaseSchema, nobody: Client, name: str) -> None:
    asked(schema, nobody, name, 200)


# Every code is documented where it is given.

Ask = Callable[[Client], Answer]


def keyed(client: Client) -> Answer:
    body = {"phone": new_phone(), "purpose": "login"}
    client.post("/v1/verifications", body, idempotency_key=body["phone"])
    return client.post("/v1/verifications", body | {"purpose": "a"}, idempotency_key=body["phone"])


START: dict[str, Ask] = {
    "unknown_key": lambda app: app.with_key("x").start("1"),
    "invalid_json": lambda app: app.post("/v1/verifications", b"{"),
    "invalid_request": lambda app: app.post("/v1/verifications", {}),
    "too_large": lambda app: app.post("/v1/verifications", bytes(300_000)),
    "unsupported_media_type": lambda app: app.post("/v1/verifications", {}, content_type="a/b"),
    "invalid_idempotency_key": lambda app: app.post(
        "/v1/verifications", {"phone": "1", "purpose": "a"}, idempotency_key=""
    ),
    "idempotency_key_reused": keyed,
    "invalid_number": lambda app: app.start("1"),
    "country_closed": lambda app: app.start("+14155552671"),
    "invalid_purpose": lambda app: app.start("13800138000", "a\n"),
    "too_soon": lambda app: [app.start("13700137000") for _ in range(2)][1],
}
SEND: dict[str, Ask] = {
    "invalid_text": lambda app: app.send(new_phone(), text=" ", signature="鸿雁"),
    "invalid_parameters": lambda app: app.send(new_phone(), template="notice"),
    "unknown_template": lambda app: app.send(new_phone(), template="a"),
    "unknown_signature": lambda app: app.send(new_phone(), text="a", signature="a"),
    "invalid_number": lambda app: app.send("1"),
    "country_closed": lambda app: app.send("+14155552671"),
}
CHECK: dict[str, Ask] = {
    "invalid_code": lambda app: app.check("a", "1"),
    "invalid_or_expired": lambda app: app.check("a", "123456"),
}
RESEND: dict[str, Ask] = {"invalid_or_expired": lambda app: app.resend("a")}
SHOW: dict[str, Ask] = {"not_found": lambda app: app.get("/v1/messages/a")}
PROVE: dict[str, Ask] = {"proof_invalid": lambda app: app.post("/v1/proofs/verify", {"proof": "a"})}
LATEST: dict[str, Ask] = {
    "not_found": lambda app: app.get("/sandbox/messages/latest", phone=new_phone()),
    "invalid_number": lambda app: app.get("/sandbox/messages/latest"),
    "invalid_request": lambda app: app.get("/sandbox/messages/latest", phone=new_phone(), wait="a"),
    "country_closed": lambda app: app.get("/sandbox/messages/latest", phone="+14155552671"),
    "host_refused": lambda app: app.call("GET", "/sandbox/messages/latest", None, {"Host": "a"}),
}
ASKED = [
    (name, code, ask)
    for name, asks in [
        ("startVerification", START),
        ("resendVerification", RESEND),
        ("checkVerification", CHECK),
        ("sendMessage", SEND),
        ("showMessage", SHOW),
        ("verifyProof", PROVE),
        ("latestSandboxMessage", LATEST),
    ]
    for code, ask in asks.items()
]


def documented(document: Any, name: str, answer: Answer) -> str:
    """What the document says of such an answer."""
    method, path = OPERATIONS[name]
    said: str = document["paths"][path][method.lower()]["responses"][str(answer.status)][
        "description"
    ]
    return said


@pytest.mark.parametrize(
    ("name", "code", "ask"), ASKED, ids=[f"{name}-{code}" for name, code, _ in ASKED]
)
def test_a_code_is_documented_where_it_is_given(
    document: Any, dev: Dev, name: str, code: str, ask: Ask
) -> None:
    answer = ask(dev.app.at(new_address()))
    assert answer.problem[1] == code
    assert code in documented(document, name, answer)


def test_the_code_for_an_app_without_a_template_is_documented(
    document: Any, dev: Dev, phone: str
) -> None:
    created = dev.command("app", "create", "Bare")
    answer = dev.app.with_key(created["api_key"]).start(phone)
    assert answer.problem == (400, "unknown_template")
    assert "unknown_template" in documented(document, "startVerification", answer)
