"""Debian's Chromium without a window, driven over its DevTools protocol: what a person would see."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

PATIENCE_SECONDS = 60.0
_LARGEST_MESSAGE = 64 * 1024 * 1024
_FLAGS = (
    "--headless=new", "--remote-debugging-port=0", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-extensions", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--metrics-recording-only", "--hide-scrollbars",
)  # fmt: skip


class Tab:
    """One page of a browser. Its scripts are ours: the pages have none, and their CSP would not let them."""

    def __init__(self, socket: ClientWebSocketResponse, session: str) -> None:
        self._socket = socket
        self._session = session
        self._numbers = count(1000)
        self.said: list[str] = []
        """What the browser had to say of the pages: errors, and what their CSP forbade."""

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command of the protocol."""
        return await _command(self._socket, next(self._numbers), method, parameters, self._session, self._note)

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            self.said.append(f"{entry['level']}: {entry['text']}")

    async def show(self, url: str, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        """Load a page at this size; `dark` is what the person prefers."""
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.command("Emulation.setEmulatedMedia", media="", features=[scheme])
        await self.command("Log.enable")
        await self.command("Page.enable")
        await self.command("Page.navigate", url=url)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.run(f"document.readyState + ' ' + (location.href === {url!r})") != "complete true":
                await asyncio.sleep(0.02)

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        answer = await self.command("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        data = await self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(data["data"]))

    async def paper(self) -> bytes:
        """The page as it would be printed, as a PDF of A4."""
        data = await self.command("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
        return base64.b64decode(data["data"])


async def _command(
    socket: ClientWebSocketResponse,
    number: int,
    method: str,
    parameters: dict[str, Any],
    session: str | None = None,
    note: Any = lambda _: None,
) -> dict[str, Any]:
    message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
    if session is not None:
        message["sessionId"] = session
    await socket.send_json(message)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await socket.receive_json()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            note(answer)


@asynccontextmanager
async def browsing() -> AsyncIterator[Tab]:
    """A browser with one empty tab, ended with all its processes."""
    program = shutil.which("chromium")
    assert program is not None, "chromium is missing: scripts/debian-packages.sh chromium"
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as directory:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        process = subprocess.Popen(
            [program, *_FLAGS, *sandbox, f"--user-data-dir={directory}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            address = await _address(Path(directory) / "DevToolsActivePort")
            async with ClientSession() as client, client.ws_connect(address, max_msg_size=_LARGEST_MESSAGE) as socket:
                target = await _command(socket, 1, "Target.createTarget", {"url": "about:blank"})
                attached = await _command(
                    socket, 2, "Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}
                )
                yield Tab(socket, attached["sessionId"])
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def _address(file: Path) -> str:
    """Where the browser listens; it writes that down once it does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            lines = file.read_text().splitlines() if file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)
