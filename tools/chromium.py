"""Sees to it that there is a Chromium for the tests of the UI: `make browser`.

Takes, in this order, `$CHROMIUM`, one on PATH, or the one that Playwright has installed. Only where
there is none does it install one, as the machine allows: root on Debian from Debian's packages,
everybody else through Playwright, into the home folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

MISSING = (
    "no Chromium that starts: install Debian's 'chromium' or Google Chrome, or run"
    " 'playwright install --with-deps chromium', or point CHROMIUM at one"
)


def find() -> str | None:
    """Return the path of a Chromium that starts, or None. Given `$CHROMIUM`, only that counts."""
    if given := os.environ.get("CHROMIUM"):
        return given if _starts(given) else None
    on_path = (path for name in NAMES if (path := shutil.which(name)))
    return next(filter(_starts, on_path), None) or _playwrights_own()


def install() -> None:
    """Try what fits this machine, until one way has worked."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        debian = [apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        if _run(apt, "update", "-qq") and _run(*debian) and find():
            return
        playwright.insert(-1, "--with-deps")  # Ubuntu has no package 'chromium', only a snap
    _run(*playwright)


def main() -> int:
    """Return 0 when there is a Chromium, found or installed, else 1."""
    if find():
        return 0
    if not os.environ.get("CHROMIUM"):
        install()
    if find():
        return 0
    sys.stderr.write(f"{MISSING}\n")
    return 1


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if _starts(path) else None


def _starts(path: str) -> bool:
    """Whether it runs at all: Ubuntu's /usr/bin/chromium-browser may be a stub for a snap."""
    try:
        done = subprocess.run(  # noqa: S603 - the caller's own browser
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _run(*argv: str) -> bool:
    sys.stderr.write(f"$ {' '.join(argv)}\n")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(argv, env=environ).returncode == 0  # noqa: S603 - fixed commands


if __name__ == "__main__":
    sys.exit(main())
