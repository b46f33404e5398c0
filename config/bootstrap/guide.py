"""./dev guide [picture ...]: take the pictures of the user guide anew, from the running product, in both languages."""

import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from config.bootstrap.pictures import PICTURES, Picture
from config.bootstrap.places import ROOT
from config.bootstrap.processes import Children, Stopped, raise_when_told_to_stop
from config.bootstrap.providers import browser
from config.bootstrap.providers.ports import free_port
from config.bootstrap.run import wait_for_answer, web_command, worker_command

FOLDER = ROOT / "docs" / "user-guide" / "pictures"
LANGUAGES = ("vi", "en")
SIZE: ViewportSize = {"width": 1000, "height": 640}
QUALITY = 70  # Text is still sharp, and no picture weighs more than 60 kB.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]


@contextmanager
def running_site() -> Iterator[str]:
    """Serve the product with its sample data from an empty folder, on the embedded database; yield the address."""
    with tempfile.TemporaryDirectory(prefix="nhip-cau-guide-") as folder:
        port = free_port()
        os.environ |= {"VAR_DIR": folder, "HOST": "127.0.0.1", "PORT": str(port), "EPHEMERAL_SECRET_KEY": "1"}
        os.environ |= {"DATABASE_URL": "", "REDIS_URL": ""}
        subprocess.run([sys.executable, "-m", "config.bootstrap.prepare"], check=True)
        children, address = Children(), f"http://127.0.0.1:{port}"
        try:
            children.start("web", web_command(), os.environ)
            children.start("worker", worker_command(), os.environ)
            if not wait_for_answer(children, address):
                raise RuntimeError("The site did not start; its messages are above.")
            yield address
        finally:
            children.stop()


def take(picture: Picture, language: str, address: str, chromium: Browser) -> int:
    """Take one picture as its account sees it; return its size in bytes."""
    context = chromium.new_context(viewport=SIZE, base_url=address, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(picture.account)
    page.locator("[name=password]").fill(picture.password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"{address}/")
    picture.pose(page)
    page.locator(".htmx-request").first.wait_for(state="detached")
    shot = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    data = base64.b64decode(shot["data"])
    (FOLDER / f"{picture.name}.{language}.webp").write_bytes(data)
    context.close()
    return len(data)


def main(names: Iterable[str]) -> int:
    raise_when_told_to_stop()
    wanted = [picture for picture in PICTURES if not names or picture.name in names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (program := browser.find()):
        print("No Chromium was found. Install one, or name it in TEST_CHROMIUM.", file=sys.stderr)
        return 1
    try:
        with running_site() as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            for picture in wanted:
                for language in LANGUAGES:
                    print(f"{picture.name}.{language}.webp: {take(picture, language, address, chromium):,} bytes", flush=True)
    except Stopped:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
