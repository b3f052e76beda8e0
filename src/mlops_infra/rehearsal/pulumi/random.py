"""The emulated `random` provider, complete: its values are random, and live in the state alone.

https://www.pulumi.com/registry/packages/random/
"""

from __future__ import annotations

import base64
import secrets
import string
from typing import TYPE_CHECKING
from uuid import uuid4

import pulumi_random as random

from mlops_infra.rehearsal.pulumi.description import CloudError, Provider, ResourceType

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
WORDS = ("amber", "brisk", "calm", "eager", "fond", "keen", "merry", "quick", "sound", "wise")
"""For `RandomPet`: the real one knows more of them."""


def _text(call: Call) -> str:
    """Draw a text as `RandomPassword` and `RandomString` do."""
    inputs = call.inputs
    classes = {
        "Lower": ("lower", string.ascii_lowercase),
        "Upper": ("upper", string.ascii_uppercase),
        "Numeric": ("numeric", string.digits),
        "Special": ("special", inputs.get("overrideSpecial") or SPECIAL),
    }
    allowed = {
        name: letters
        for name, (switch, letters) in classes.items()
        if inputs.get(switch, inputs.get("number", True) if name == "Numeric" else True)
    }
    if not allowed:
        raise CloudError("at least one class of characters must be allowed")
    letters = [
        secrets.choice(classes[name][1])
        for name in classes
        for _ in range(inputs.get(f"min{name}", 0))
    ]
    if len(letters) > inputs["length"]:
        raise CloudError(f"length {inputs['length']} is below the sum of the minimums")
    every = "".join(allowed.values())
    letters += [secrets.choice(every) for _ in range(inputs["length"] - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def _bytes(call: Call) -> Properties:
    drawn = base64.urlsafe_b64decode(f"{call.id}==")
    prefix = call.inputs.get("prefix", "")
    standard = base64.b64encode(drawn).decode()
    return {
        "hex": prefix + drawn.hex(),
        "dec": prefix + str(int.from_bytes(drawn, "big")),
        "b64Std": prefix + standard,
        "b64Url": prefix + call.id,
    }


def _secret_bytes(call: Call) -> Properties:
    drawn = secrets.token_bytes(call.inputs["length"])
    return {"base64": base64.b64encode(drawn).decode(), "hex": drawn.hex()}


def _integer(call: Call) -> str:
    low, high = call.inputs["min"], call.inputs["max"]
    if low > high:
        raise CloudError(f"min {low} is above max {high}")
    return str(low + secrets.randbelow(high - low + 1))


def _pet(call: Call) -> str:
    words = [secrets.choice(WORDS) for _ in range(call.inputs.get("length", 2))]
    return call.inputs.get("separator", "-").join(
        [*filter(None, [call.inputs.get("prefix")]), *words]
    )


def _shuffled(call: Call) -> Properties:
    inputs = list(call.inputs["inputs"])
    secrets.SystemRandom().shuffle(inputs)
    return {"results": inputs[: call.inputs.get("resultCount", len(inputs))]}


_DRAWN = frozenset(
    {
        *("length", "special", "overrideSpecial", "lower", "upper", "number", "numeric"),
        *("minLower", "minUpper", "minNumeric", "minSpecial", "keepers"),
    }
)
PROVIDER = Provider(
    name="random",
    version="4.21.4",
    types=(
        ResourceType(
            sdk=random.RandomPassword,
            id=lambda _: "none",  # it is the state's alone, so it needs none; so says the real one
            computed=lambda call: {"result": _text(call)},
            secret=frozenset({"result", "bcryptHash"}),
            replace_on=_DRAWN,
            is_in_cloud=False,
        ),
        ResourceType(
            sdk=random.RandomString,
            id=_text,
            computed=lambda call: {"result": call.id},
            replace_on=_DRAWN,
            is_in_cloud=False,
        ),
        ResourceType(
            sdk=random.RandomId,
            id=lambda call: secrets.token_urlsafe(call.inputs["byteLength"]),
            computed=_bytes,
            replace_on=frozenset({"byteLength", "keepers", "prefix"}),
            is_in_cloud=False,
        ),
        ResourceType(
            sdk=random.RandomInteger,
            id=_integer,
            computed=lambda call: {"result": int(call.id)},
            replace_on=frozenset({"min", "max", "keepers", "seed"}),
            is_in_cloud=False,
        ),
        ResourceType(
            sdk=random.RandomPet,
            id=_pet,
            replace_on=frozenset({"length", "prefix", "separator", "keepers"}),
            is_in_cloud=False,
        ),
        ResourceType(
            sdk=random.RandomShuffle,
            id=lambda _: "-",
            computed=_shuffled,
            replace_on=frozenset({"inputs", "resultCount", "keepers", "seed"}),
            is_in_cloud=False,
        ),
        ResourceType(
            sdk=random.RandomBytes,
            id=lambda _: "none",
            computed=_secret_bytes,
            secret=frozenset({"base64", "hex"}),
            replace_on=frozenset({"length", "keepers"}),
            is_in_cloud=False,
        ),
        *(
            ResourceType(
                sdk=sdk,
                id=lambda _: str(uuid4()),
                computed=lambda call: {"result": call.id},
                replace_on=frozenset({"keepers"}),
                is_in_cloud=False,
            )
            for sdk in (random.RandomUuid, random.RandomUuid4, random.RandomUuid7)
        ),
    ),
)
