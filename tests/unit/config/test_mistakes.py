"""Every kind of mistake that a value can be, in the words a person gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TOP = (
    "name, project, cloud, owner, protected, server, database, artifacts, access, alerts, ci,"
    " image, tags, local, aws, azure, gcp"
)
NETWORK = "a network such as 203.0.113.0/24 or 2001:db8::/32, with no bits set after the prefix"

ONE = {
    "a missing key is at its parent's line": (
        ("  auth: basic\n", ""),
        "6: server.auth: missing; allowed: basic or none",
    ),
    "a missing section is at the top": (
        ("image: build\n", ""),
        (
            "1: image: missing; allowed: build, or an image reference with a digest"
            " or with a tag other than latest"
        ),
    ),
    "a missing mapping lists its keys": (
        ("  replicas: {min: 2, max: 4}\n", ""),
        "6: server.replicas: missing; allowed: a mapping with min, max",
    ),
    "a misspelt key is no missing key too": (
        ("replicas:", "replicaz:"),
        (
            "9: server.replicaz: unknown key 'replicaz', did you mean 'replicas'?;"
            " allowed: cpu, memory_gib, replicas, auth"
        ),
    ),
    "an unknown key lists the known ones": (
        ("image: build", "image: build\nstate: {}"),
        f"24: state: unknown key 'state'; allowed: {TOP}",
    ),
    "a key that is there is not suggested": (
        ("  auth: basic", "  auth: basic\n  auths: 1"),
        "11: server.auths: unknown key 'auths'; allowed: cpu, memory_gib, replicas, auth",
    ),
    "text for a number": (
        ("memory_gib: 4", 'memory_gib: "4"'),
        "8: server.memory_gib: '4' is not a whole number; allowed: a whole number from 1 to 30",
    ),
    "a fraction for a number": (
        ("memory_gib: 4", "memory_gib: 4.5"),
        "8: server.memory_gib: 4.5 is not a whole number; allowed: a whole number from 1 to 30",
    ),
    "no number at all for a number": (
        ("memory_gib: 4", "memory_gib: .nan"),
        "8: server.memory_gib: nan is not a whole number; allowed: a whole number from 1 to 30",
    ),
    "infinity for a number": (
        ("memory_gib: 4", "memory_gib: .inf"),
        "8: server.memory_gib: inf is not a whole number; allowed: a whole number from 1 to 30",
    ),
    "true for a number": (
        ("memory_gib: 4", "memory_gib: true"),
        "8: server.memory_gib: true is not a whole number; allowed: a whole number from 1 to 30",
    ),
    "too small a number": (
        ("storage_gib: 128", "storage_gib: 19"),
        "13: database.storage_gib: 19 is too small; allowed: a whole number from 20 to 16384",
    ),
    "too large a number": (
        ("port: 5000", "port: 65536"),
        "26: local.port: 65536 is too large; allowed: a whole number from 1024 to 65535",
    ),
    "a number that is no choice": (
        ("cpu: 2", "cpu: 3"),
        "7: server.cpu: 3 is not allowed; allowed: 1, 2 or 4",
    ),
    "true is not 1": (
        ("cpu: 2", "cpu: true"),
        "7: server.cpu: true is not allowed; allowed: 1, 2 or 4",
    ),
    "1.0 is not 1": (
        ("cpu: 2", "cpu: 2.0"),
        "7: server.cpu: 2.0 is not allowed; allowed: 1, 2 or 4",
    ),
    "a text that is no choice": (
        ("cloud: aws", "cloud: ibm"),
        "3: cloud: 'ibm' is not allowed; allowed: local, aws, azure or gcp",
    ),
    "text for a boolean": (
        ("versioning: true", 'versioning: "true"'),
        "16: artifacts.versioning: 'true' is not true or false; allowed: true or false",
    ),
    "a number for text": (
        ("owner: ml-platform", "owner: 12"),
        "4: owner: 12 is not text; allowed: one line of up to 256 characters, not empty, in quotes",
    ),
    "an account without quotes": (
        ('"012345678901"', "123456789012"),
        "28: aws.account: 123456789012 is not text; allowed: 12 digits, in quotes",
    ),
    "a list for text": (
        ("owner: ml-platform", "owner: [a, b, c, d]"),
        (
            "4: owner: ['a', 'b', 'c', ...] is not text;"
            " allowed: one line of up to 256 characters, not empty"
        ),
    ),
    "text for a mapping": (
        ("replicas: {min: 2, max: 4}", "replicas: 2"),
        "9: server.replicas: 2 is not a mapping; allowed: a mapping with min, max",
    ),
    "a list for tags": (
        ("  cost-center: ml", "  - ml"),
        "24: tags: ['ml'] is not a mapping; allowed: a mapping of text to text, at most 40 keys",
    ),
    "a number for a tag": (
        ("cost-center: ml", "cost-center: 12"),
        "25: tags.cost-center: 12 is not text; allowed: text of 0 to 256 characters, in quotes",
    ),
    "a long tag": (
        ("cost-center: ml", f"cost-center: {'a' * 257}"),
        (
            f"25: tags.cost-center: '{'a' * 27}...{'a' * 28}' is too long;"
            " allowed: text of 0 to 256 characters"
        ),
    ),
    "a tag without a key": (
        ("cost-center: ml", "'': ml"),
        "25: tags.'': '' is too short; allowed: text of 1 to 128 characters",
    ),
    "a tag that pydantic might mistake": (
        ("cost-center: ml", '"[key]": 1'),
        "25: tags.'[key]': 1 is not text; allowed: text of 0 to 256 characters, in quotes",
    ),
    "a key that pydantic might mistake": (
        ("image: build", 'image: build\n"[key]": 1'),
        f"24: '[key]': unknown key '[key]'; allowed: {TOP}",
    ),
    "too many tags": (
        ("  cost-center: ml", "\n".join(f"  tag-{n}: ml" for n in range(41))),
        "24: tags: too many keys; allowed: a mapping of text to text, at most 40 keys",
    ),
    "no networks": (
        ("    - 0.0.0.0/0\n    - 203.0.113.0/24\n", "    []\n"),
        f"19: access.allowed_cidrs: the list is empty; allowed: a list, each {NETWORK}",
    ),
    "text for a list": (
        ("    - 0.0.0.0/0\n    - 203.0.113.0/24\n", "    0.0.0.0/0\n"),
        f"19: access.allowed_cidrs: '0.0.0.0/0' is not a list; allowed: a list, each {NETWORK}",
    ),
    "an item of a list": (
        ("203.0.113.0/24", "10.0.0.1/8"),
        f"21: access.allowed_cidrs[1]: '10.0.0.1/8' is not allowed; allowed: {NETWORK}",
    ),
}


@pytest.mark.parametrize(("change", "problem"), ONE.values(), ids=ONE)
def test_a_mistake_names_line_key_value_and_what_is_allowed(
    check: Callable[..., list[str]], change: tuple[str, str], problem: str
) -> None:
    assert check(change) == [problem]


def test_every_mistake_is_told_at_once_and_in_the_files_order(
    check: Callable[..., list[str]],
) -> None:
    problems = check(
        ("gcp:", "gcq:"),
        ("owner: ml-platform", "owner: 12"),
        ("image: build", "image: nginx:latest"),
        ("  auth: basic\n", ""),
        ("min: 2, max: 4", "min: -1, max: 21"),
        ("203.0.113.0/24", "everyone"),
    )
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["4", "owner"],
        ["6", "server.auth"],
        ["9", "server.replicas.min"],
        ["9", "server.replicas.max"],
        ["20", "access.allowed_cidrs[1]"],
        ["22", "image"],
        ["33", "gcq"],
    ]


def test_only_wrong_items_make_no_empty_list(check: Callable[..., list[str]]) -> None:
    problems = check(("0.0.0.0/0", "all"), ("203.0.113.0/24", "all"))
    assert [problem.split(": ")[1] for problem in problems] == [
        "access.allowed_cidrs[0]",
        "access.allowed_cidrs[1]",
    ]
