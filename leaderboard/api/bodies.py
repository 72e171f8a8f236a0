"""JSON bodies with entity tags, and the answer 304 when the client has one already."""

import hashlib

from fastapi import Request, Response
from msgspec import Struct


class Body(Struct, frozen=True):
    """A JSON body and its entity tag (RFC 9110, 8.8.3)."""

    content: bytes
    etag: str


def make_body(content: bytes) -> Body:
    """`content` with a tag made of it."""
    return Body(content, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


def cached(request: Request, body: Body, age_s: float = 0) -> Response:
    """`body`, or 304 when the request names its tag."""
    headers = {"ETag": body.etag, "Cache-Control": "no-cache"}
    if age_s:
        headers["Age"] = str(round(age_s))
    if _matches(request.headers.get("if-none-match", ""), body.etag):
        return Response(status_code=304, headers=headers)
    return Response(body.content, media_type="application/json", headers=headers)


def _matches(header: str, etag: str) -> bool:
    """Whether If-None-Match names `etag` (RFC 9110, 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags
