"""A graph's tokens and state changes as messages, published as they come.

Each message is `{"type", "content", "metadata": {"node", "confidence", "tokens_used"}}`, of type `chunk`,
`state_update`, `complete` or `error`. Tokens are sent in batches. The graph never waits for a publisher: when too many
messages wait, the oldest chunks are dropped and counted (what they said is in the state update that follows); the
other types are never dropped.
"""

import asyncio
import dataclasses
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any

from langchain_core.messages import BaseMessage

log = logging.getLogger(__name__)

Message = dict[str, Any]
Publish = Callable[[Message], Awaitable[None]]
"""Sends one message; may be slow, may fail."""

BATCH_TOKENS = 10
BATCH_S = 0.05
CAPACITY = 1000
LAST_WORDS_S = 2.0
"""Seconds that the end of a run waits for messages that are still queued."""


class MessageStream:
    """Messages of one run, on their way to `publish`. Use as an async context manager.

    Args:
        publish: sends a message; the first failure ends the stream, never the graph.
        batch_tokens: tokens of one node that are sent together at most.
        batch_s: seconds a token waits for others at most.
        capacity: messages that may wait.
    """

    def __init__(
        self,
        publish: Publish,
        *,
        batch_tokens: int = BATCH_TOKENS,
        batch_s: float = BATCH_S,
        capacity: int = CAPACITY,
    ) -> None:
        self._publish = publish
        self._batch_tokens = batch_tokens
        self._batch_s = batch_s
        self._capacity = capacity
        self._batches: dict[str, tuple[list[str], asyncio.TimerHandle]] = {}
        self._queue: deque[Message] = deque()
        self._there_is_more = asyncio.Event()
        self._is_closed = False
        self._sender: asyncio.Task[None] | None = None
        self.dropped = 0
        self.tokens_used = 0

    async def __aenter__(self) -> "MessageStream":
        self._sender = asyncio.create_task(self._send())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in list(self._batches):
            self._flush(node)
        self._is_closed = True
        self._there_is_more.set()
        assert self._sender is not None
        done, _ = await asyncio.wait([self._sender], timeout=LAST_WORDS_S)
        if not done:
            self._sender.cancel()
            log.warning("stream_cut_off", extra={"waiting": len(self._queue)})

    def token(self, node: str, text: str) -> None:
        """Take a piece of a model's answer; it goes out with its batch."""
        loop = asyncio.get_running_loop()
        pieces, timer = self._batches.get(node) or ([], loop.call_later(self._batch_s, self._flush, node))
        pieces.append(text)
        self._batches[node] = (pieces, timer)
        if len(pieces) >= self._batch_tokens:
            self._flush(node)

    def state_update(self, node: str, update: Any) -> None:
        """Take what a node changed; its tokens go first."""
        self._flush(node)
        confidence = update.get("confidence") if isinstance(update, Mapping) else None
        self._put("state_update", plain(update), node, confidence if isinstance(confidence, int | float) else None)

    def complete(self, content: Mapping[str, Any]) -> None:
        """Take the end of the run; `dropped` is added to its content."""
        for node in list(self._batches):
            self._flush(node)
        self._put("complete", {**content, "dropped": self.dropped}, None, None)

    def error(self, error: BaseException) -> None:
        """Take what ended the run; only the kind of error is told, messages may name persons."""
        self._put("error", type(error).__name__, None, None)

    def _flush(self, node: str) -> None:
        pieces, timer = self._batches.pop(node, ([], None))
        if timer is not None:
            timer.cancel()
        if pieces:
            self._put("chunk", "".join(pieces), node, None)

    def _put(self, kind: str, content: Any, node: str | None, confidence: float | None) -> None:
        if len(self._queue) >= self._capacity:
            self._drop_oldest_chunk()
        metadata = {"node": node, "confidence": confidence, "tokens_used": self.tokens_used}
        self._queue.append({"type": kind, "content": content, "metadata": metadata})
        self._there_is_more.set()

    def _drop_oldest_chunk(self) -> None:
        place = next((index for index, message in enumerate(self._queue) if message["type"] == "chunk"), None)
        if place is not None:
            del self._queue[place]
            self.dropped += 1

    async def _send(self) -> None:
        while True:
            while self._queue:
                try:
                    await self._publish(self._queue.popleft())
                except Exception as error:  # noqa: BLE001 - somebody else's code; a run outlives its audience
                    log.warning("stream_ended", extra={"reason": type(error).__name__})
                    await self._discard()
                    return
            if self._is_closed:
                return
            self._there_is_more.clear()
            await self._there_is_more.wait()

    async def _discard(self) -> None:
        """Let what comes pass unheard."""
        while not self._is_closed:
            self._queue.clear()
            self._there_is_more.clear()
            await self._there_is_more.wait()


def plain(value: Any) -> Any:
    """Return a value as JSON can say it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, BaseMessage):
        return {"role": value.type, "content": value.text}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)
