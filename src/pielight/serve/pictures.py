"""``/v1/enhance`` and ``/v1/exposure``: a picture in, its result out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pielight.serve.byte_budget import ByteBudget, Lease
from pielight.serve.guard import LEASES
from pielight.serve.parameters import EnhanceParameters, ExposureParameters
from pielight.serve.problems import TYPES, Problem
from pielight.serve.settings import ServeSettings
from pielight.serve.uploads import Upload, file_name, read_upload
from pielight.serve.worker import EXPOSURE_TYPES, Message
from pielight.serve.worker_pool import WorkerPool

NOTES = "Pielight-Notes"
_PART = 1 << 18  # bytes that a client must take before its time starts anew


class _PartedResponse(Response):
    """A body that is sent in parts, so that a slow client may take long as long as it goes on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body) or 1, _PART):
            part = bytes(self.body[start : start + _PART])
            await send({"type": "http.response.body", "body": part, "more_body": start + _PART < len(self.body)})


class Pictures:
    """Answers requests with a picture.

    Args:
        settings: Those of the server.
        pool: Its workers.
        budget: Its bytes.
    """

    def __init__(self, settings: ServeSettings, pool: WorkerPool, budget: ByteBudget) -> None:
        self._settings, self._pool, self._budget = settings, pool, budget

    async def enhance(self, request: Request) -> Response:
        """Send the enhanced picture."""
        query = query_of(request)
        EnhanceParameters.of(query)  # what is wrong is told before the body is read
        upload, lease = await self._upload(request)
        given = EnhanceParameters.of(query, upload.fields)
        head = {
            "kind": "enhance", "task": given.task, "options": given.options(), "format": given.format,
            "quality": given.quality, "name": file_name(given.name) if given.name else upload.name,
        }  # fmt: skip
        return await self._answer(request, Message(head, upload.data), lease)

    async def exposure(self, request: Request) -> Response:
        """Send the map of exposures."""
        query = query_of(request)
        ExposureParameters.of(query)
        upload, lease = await self._upload(request)
        given = ExposureParameters.of(query, upload.fields)
        accepted = request.headers.get("accept", "")
        asked = next((name for name, kind in EXPOSURE_TYPES.items() if kind in accepted), "json")
        head = {"kind": "exposure", "format": given.format or asked}
        return await self._answer(request, Message(head, upload.data), lease)

    async def _upload(self, request: Request) -> tuple[Upload, Lease]:
        self._pool.check_room()
        lease = request.scope[LEASES].enter_context(self._budget.lease())
        return await read_upload(request, self._settings, lease), lease

    async def _answer(self, request: Request, message: Message, lease: Lease) -> Response:
        async with self._pool.turn():
            if await request.is_disconnected():
                raise ClientDisconnect
            message.head["threads"] = self._pool.threads()
            answer = await self._pool.ask(message)
        if "problem" in answer.head:
            raise Problem(TYPES[answer.head["problem"]], answer.head["detail"], answer.head["problem"])
        lease.hold(len(answer.data))
        headers = {NOTES: quote(answer.head["notes"], safe=" ,;:()")} if answer.head["notes"] else None
        return _PartedResponse(answer.data, headers=headers, media_type=answer.head["media_type"])


def query_of(request: Request) -> Mapping[str, str]:
    """Return the parameters in the address.

    Raises:
        Problem: One is given twice.
    """
    items = request.query_params.multi_items()
    found = dict(items)
    if len(found) < len(items):
        raise Problem.of("option", "a parameter is given twice")
    return found
