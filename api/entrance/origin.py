"""Where a form was sent from: other sites cannot act with the cookie of a signed-in person, or through an open link (process.md S15, S22)."""

from urllib.parse import urlsplit

from fastapi import Request

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def comes_from_elsewhere(request: Request, base_url: str, *, unnamed_is_ours: bool = False) -> bool:
    """Whether a browser says that another site sent this. What is no browser says nothing, and brings no cookie of others either.

    ``unnamed_is_ours``: a page without referrer sends ``Origin: null``, as do the pages behind links in letters (S15).
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in ("same-origin", "none")
    ours = urlsplit(base_url)
    known = {None, f"{ours.scheme}://{ours.netloc}"} | ({"null"} if unnamed_is_ours else set())
    return request.headers.get("origin") not in known
