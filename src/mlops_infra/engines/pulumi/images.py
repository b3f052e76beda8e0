"""The images that a program's server is made of: built before anything, pushed once they can be.

    preview      the program says which images it needs
    before `up`  what its registry does not have is built: here a mistake costs nothing yet
    in `up`      the registry is there: what was built is pushed, then the server is made of it

A tag says what is in an image, so one that the registry has is neither built nor pushed again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from mlops_infra.engines import process
from mlops_infra.engines.builder import require_builder
from mlops_infra.engines.progress import step
from mlops_infra.engines.pulumi.clouds.rest import SECONDS
from mlops_infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_infra.engines.base import OnEvent

PLATFORM = "linux/amd64"
"""What every cloud runs, whatever this machine is."""

PUSHES, PAUSE_SECONDS = 3, 10
"""A registry that was made a moment ago may not answer yet, or not know its roles."""

MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)


@dataclass(frozen=True, kw_only=True)
class Login:
    """What a registry lets in."""

    username: str
    password: str = field(repr=False)


@dataclass
class Images:
    """The images that one program needs; the program is given this as its `publish`."""

    login: Callable[[str], Login]
    """Returns how to sign in to the registry at a host."""
    failure: InfraError | None = None
    """Why one could not be pushed. Pulumi itself says only that a hook failed."""
    _needed: dict[str, Path] = field(default_factory=dict)
    _built_by: dict[str, str] = field(default_factory=dict)

    def __call__(self, reference: str, context: Path, /) -> Callable[[], None]:
        """Note what is needed; return what pushes it."""
        self._needed[reference] = context.resolve()
        return lambda: self._push(reference)

    def build(self, on_event: OnEvent) -> None:
        """Build each image that its registry does not have.

        Raises:
            PrerequisiteError: there is no builder, or no login to the cloud.
            InfraError: an image cannot be built.
        """
        for reference, context in self._needed.items():
            if reference in self._built_by or self._is_published(reference):
                continue
            builder, name = require_builder(), _name(reference)
            argv = [builder, "build", "--platform", PLATFORM, "--tag", reference, str(context)]
            with step(name, f"build the image with {builder}", on_event):
                process.run(argv, env=os.environ, hint=f"see all that it says: {' '.join(argv)}")
            self._built_by[reference] = builder

    def _is_published(self, reference: str) -> bool:
        """Ask the registry; one that is not there yet has nothing."""
        host, repository, tag = _parts(reference)
        try:
            return _has(host, repository, tag, self.login(host))
        except httpx.TransportError:
            return False

    def _push(self, reference: str) -> None:
        """Push what was built."""
        builder = self._built_by.get(reference)
        if builder is None:
            return
        again = Retrying(
            retry=retry_if_exception_type(InfraError),
            stop=stop_after_attempt(PUSHES),
            wait=wait_fixed(PAUSE_SECONDS),
            reraise=True,
        )
        try:
            again(self._push_with, builder, reference)
        except InfraError as error:
            self.failure = InfraError(
                f"the image {reference} cannot be pushed: {error.message}",
                hint="mend that, then run the command again: it goes on from here",
            )
            raise self.failure from error

    def _push_with(self, builder: str, reference: str) -> None:
        """Push once, unless another deploy has: a tag may be given to one image alone.

        The login is read from a pipe and kept in a folder of our own.
        """
        if self._is_published(reference):
            return
        host = _parts(reference)[0]
        with TemporaryDirectory(prefix="mlops-infra-login-") as folder:
            # Docker knows no such file: it keeps the login as the user has it keep all others.
            env = {**os.environ, "REGISTRY_AUTH_FILE": f"{folder}/auth.json"}
            try:
                login = self.login(host)
                argv = [builder, "login", "--username", login.username, "--password-stdin", host]
                process.run(argv, env=env, stdin=login.password)
                process.run([builder, "push", reference], env=env)
            finally:
                with suppress(InfraError):
                    process.run([builder, "logout", host], env=env)


def _has(host: str, repository: str, tag: str, login: Login) -> bool:
    """Return whether a registry has a tag, signing in the way that it asks for.

    https://distribution.github.io/distribution/spec/auth/token/
    """
    with httpx.Client(base_url=f"https://{host}", timeout=SECONDS) as client:
        path, accept = f"/v2/{repository}/manifests/{tag}", {"Accept": MANIFESTS}
        auth = (login.username, login.password)
        answer = client.head(path, headers=accept)
        scheme, _, rest = answer.headers.get("www-authenticate", "").partition(" ")
        if scheme.lower() == "basic":
            answer = client.head(path, headers=accept, auth=auth)
        elif scheme.lower() == "bearer":
            asked = parse_keqv_list(parse_http_list(rest))
            realm = asked.pop("realm")
            if urlsplit(realm).scheme != "https":  # the login is for nobody to read on the way
                return False
            given = client.get(realm, params=asked, auth=auth)
            if not given.is_success:
                return False
            told = given.json()
            token = told.get("token") or told.get("access_token")
            answer = client.head(path, headers={**accept, "Authorization": f"Bearer {token}"})
    return answer.is_success


def _parts(reference: str) -> tuple[str, str, str]:
    """Return the host, the repository and the tag of an image."""
    host, _, rest = reference.partition("/")
    repository, _, tag = rest.rpartition(":")
    return host, repository, tag


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
