"""Who signs for RDS: what the image carries so that the server knows its database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mlops_infra.errors import UsageError
from stacks.aws.database import AUTHORITIES
from tests.stacks.aws.conftest import environment_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stacks.aws.conftest import Synthesised

A_YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def authorities() -> dict[str, x509.Certificate]:
    """Every certificate, by the region that the line above it names."""
    parts = AUTHORITIES.read_text().split("\n\n# ")[1:]
    return {
        part.split(",")[0]: x509.load_pem_x509_certificate(part.split("\n", 1)[1].encode())
        for part in parts
    }


def test_each_is_the_authority_of_its_region_for_a_year_at_least(
    authorities: dict[str, x509.Certificate],
) -> None:
    assert len(authorities) == AUTHORITIES.read_text().count("BEGIN CERTIFICATE") > 20
    for region, found in authorities.items():
        (name,) = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        assert name.value == f"Amazon RDS {region} Root CA RSA2048 G1"
        assert found.not_valid_after_utc > datetime.now(UTC) + A_YEAR
        found.verify_directly_issued_by(found)


def test_the_line_above_each_has_its_fingerprint(
    authorities: dict[str, x509.Certificate],
) -> None:
    text = AUTHORITIES.read_text()
    for region, found in authorities.items():
        digest = sha256(found.public_bytes(Encoding.DER)).hexdigest()
        assert f"# {region}, until {found.not_valid_after_utc.date()}, SHA-256 {digest}\n" in text


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_shipped_environments_are_in_regions_that_it_has(
    authorities: dict[str, x509.Certificate], name: str
) -> None:
    aws = environment_of(name).aws
    assert aws is not None
    assert aws.region in authorities


def test_a_region_that_it_lacks_is_refused(synthesise: Callable[..., Synthesised]) -> None:
    with pytest.raises(UsageError, match="no certificate authority for the region il-central-1"):
        synthesise(environment_of("dev", aws={"region": "il-central-1"}))
