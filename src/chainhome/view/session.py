"""A run played to listeners over WebSockets: the clock, and the waiting. What is sent, and when, is `view.live`'s.

A `Session` advances its picture at a stated rate; `listen` serves one listener until it goes away.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from chainhome.view.frames import encode
from chainhome.view.guard import CLOSE_POLICY
from chainhome.view.live import History, Listener, Picture, Replay, between, put, time_shown

RATE_HZ = 4.0
LISTENERS_AT_MOST = 64
LONGEST_WORD_BYTES = 64
CLOSE_BUSY = 1013


@dataclass(eq=False)
class Session:
    """A run that is being played to whoever listens."""

    replay: Replay
    speed: float
    rate_hz: float = RATE_HZ
    key: int = field(default_factory=lambda: secrets.randbits(32))
    picture: Picture = field(default_factory=Picture)
    history: History = field(default_factory=History)
    waiting: set[asyncio.Event] = field(default_factory=set)

    def advance(self, elapsed_s: float) -> None:
        """Bring the picture to a real time after the start, and wake whoever waits for a frame."""
        now = time_shown(self.replay, elapsed_s, self.speed)
        before = self.picture.time_s if self.picture.number else self.replay.start_s - 1.0
        rows, ended = between(self.replay, before, now), now >= self.replay.end_s
        self.picture = put(self.picture, rows, now, ended=ended)
        self.history.add(now, encode(rows, time_s=now, number=self.picture.number, session=self.key))
        for event in self.waiting:
            event.set()

    async def play(self) -> None:
        """Advance at the stated rate until the run ends."""
        clock = asyncio.get_running_loop().time
        start = clock()
        while not self.picture.ended:
            self.advance(clock() - start)
            await asyncio.sleep(1.0 / self.rate_hz)


async def listen(websocket: Any, snapshot: bytes, session: Session) -> None:
    """Serve one listener: what stays, what it missed, then what changes, each frame when it has taken the last."""
    from starlette.websockets import WebSocketDisconnect

    if len(session.waiting) >= LISTENERS_AT_MOST:
        await websocket.accept()
        await websocket.close(CLOSE_BUSY)
        return
    await websocket.accept()
    listener, wake = Listener(), asyncio.Event()
    session.waiting.add(wake)
    tasks = {
        asyncio.create_task(_send(websocket, snapshot, session, listener, wake)),
        asyncio.create_task(_receive(websocket, listener, wake)),
    }
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        session.waiting.discard(wake)
        for task in tasks:
            task.cancel()
        # A listener that goes away in the middle of a frame is no failure.
        await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(CLOSE_POLICY)


async def _send(websocket: Any, snapshot: bytes, session: Session, listener: Listener, wake: asyncio.Event) -> None:
    await websocket.send_bytes(snapshot)
    wake.set()
    while True:
        await wake.wait()
        wake.clear()
        missed = b"" if listener.seen else session.history.after(_after(websocket, session))
        message = listener.next_message(session.picture, session.key, missed)
        if message is not None:
            await websocket.send_bytes(message)


def _after(websocket: Any, session: Session) -> float:
    """Return up to which time a listener that comes back has the frames of this session."""
    asked = websocket.query_params
    try:
        return float(asked.get("after", "")) if int(asked.get("session", "")) == session.key else float("-inf")
    except ValueError:
        return float("-inf")


async def _receive(websocket: Any, listener: Listener, wake: asyncio.Event) -> None:
    """Take in what a listener says: the number of the frame that it has taken. Anything else ends the connection."""
    async for word in websocket.iter_text():
        if len(word) > LONGEST_WORD_BYTES or not word.isascii() or not word.isdigit():
            return
        listener.take(int(word))
        wake.set()
