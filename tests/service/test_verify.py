"""What the service makes of chance and of who asks; the rules themselves are the core's."""

from itertools import count

import msgspec
import pytest

from hongyan.core.address import network
from hongyan.core.errors import InvalidNumber, StoreUnavailable
from hongyan.core.message import Kind
from hongyan.core.policy import Policy
from hongyan.core.verification import Rules
from hongyan.service.directory import App, Review
from hongyan.service.verify import Client, Verification
from support.world import World

DRAWN = 1 << 64
"""A code is made of 8 random bytes."""
PHONE = "13800138000"


class Chance:
    """Draws what the test says for codes, and something new for everything else."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = list(numbers)
        self._others = count(1)

    def __call__(self, size: int) -> bytes:
        number = self._numbers.pop(0) if size == 8 else next(self._others)
        return number.to_bytes(size)


@pytest.fixture
async def app(world: World) -> App:
    administering = world.administering
    administering.add_signature(world.account, "鸿雁")
    made = administering.add_template(world.account, "code", Kind.VERIFICATION, "鸿雁", "{1}/{2}")
    administering.review_template(made, Review.APPROVED, "")
    administering.put_route(Kind.VERIFICATION, ["sandbox"])
    plain = administering.directory().apps["app_test"]
    administering.change_app(msgspec.structs.replace(plain, template="code"))
    return (await world.store.refresh()).apps["app_test"]


def verification(world: World, *drawn: int, policy: Policy | None = None) -> Verification:
    return Verification(
        world.store,
        world.sealer,
        Rules(policy or Policy()),
        clock=world.clock,
        chance=Chance(*drawn),
        providers=frozenset({"sandbox"}),
    )


async def _texted(world: World, asked: Verification, app: App) -> str:
    """What the text says: the code, a stroke, the minutes."""
    await asked.start(app, PHONE, "register", Client())
    [claimed] = await world.claim()
    return claimed.message.text.removeprefix("【鸿雁】")


@pytest.mark.parametrize(
    ("drawn", "length", "code"),
    [
        ((42,), 6, "000042"),
        ((0,), 6, "000000"),
        ((999_999,), 6, "999999"),
        ((1_000_000,), 6, "000000"),
        ((DRAWN - DRAWN % 10**6 - 1,), 6, "999999"),
        ((42,), 8, "00000042"),
        # The rest of the range would favour small codes, so it is drawn again.
        ((DRAWN - DRAWN % 10**6, DRAWN - 1, 7), 6, "000007"),
        ((DRAWN - DRAWN % 10**8, 7), 8, "00000007"),
    ],
)
async def test_every_code_is_as_likely_and_keeps_its_leading_zeros(
    world: World, app: App, drawn: tuple[int, ...], length: int, code: str
) -> None:
    asked = verification(world, *drawn, policy=Policy(code_length=length))
    assert (await _texted(world, asked, app)).split("/")[0] == code


@pytest.mark.parametrize(("lifetime_s", "minutes"), [(300, "5"), (119, "1"), (600, "10")])
async def test_the_text_tells_whole_minutes(
    world: World, app: App, lifetime_s: int, minutes: str
) -> None:
    asked = verification(world, 0, policy=Policy(code_lifetime_s=lifetime_s))
    assert (await _texted(world, asked, app)).split("/")[1] == minutes


async def test_virtual_operators_ranges_can_be_refused(world: World, app: App) -> None:
    refusing = verification(world, 0, policy=Policy(virtual_numbers="refuse"))
    with pytest.raises(InvalidNumber) as refused:
        await refusing.start(app, "17000138000", "register", Client())
    assert refused.value.reason == "virtual"
    await refusing.start(app, PHONE, "register", Client())
    world.clock.pass_by(1)
    await verification(world, 0).start(app, "17000138000", "register", Client())


# Who asks.


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("2001:DB8:1:2:0:0:0:1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_an_address_is_counted_by_its_network(address: str, counted: str) -> None:
    assert network(address) == counted


@pytest.mark.parametrize("address", ["", "here", "192.0.2.256", "192.0.2.1/24", "1", "::g"])
def test_what_is_no_address_is_counted_by_nothing(address: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        network(address)


async def test_a_caller_whose_address_is_unknown_is_not_taken_for_a_nameless_one(
    world: World, app: App
) -> None:
    asked, gone = verification(world, 0), Client(by_address=True)
    with pytest.raises(StoreUnavailable):
        await asked.start(app, PHONE, "register", gone)
    with pytest.raises(StoreUnavailable):
        await asked.check(app, "", "000000", gone)
    assert await world.claim() == []
