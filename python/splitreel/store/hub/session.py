"""Hugging Face over the network: huggingface_hub for listings, metadata and addresses, urllib3 for the bytes.

huggingface_hub's own downloader appends to one file over one connection, can't be paused within a file or slowed
down, and loses data if its process is killed at the wrong moment; see docs/decisions.md. One function adds the token,
depending on the request's origin, and runs again after every redirect. Nothing else sends it.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final, TypeVar
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
import huggingface_hub
import truststore
import urllib3
from huggingface_hub import get_hf_file_metadata, hf_hub_url, set_client_factory
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils._headers import build_hf_headers

from splitreel import __version__
from splitreel.contract import failures, reasons
from splitreel.contract.downloads import Configure
from splitreel.store.hub.selection import RemoteFile, digest_of, wanted_files

T = TypeVar("T")

HUB: Final = "https://huggingface.co"
MAX_CONNECTIONS: Final = 6
_CONNECT_SECONDS: Final = 15.0
# A connection that is silent for this long counts as broken.
_READ_SECONDS: Final = 30.0
_MAX_REDIRECTS: Final = 5


# A listing of 2,000 files takes below 1 MB.
_MAX_LISTING_BYTES: Final = 16 * 1_048_576
_LISTING_SECONDS: Final = 60.0
_ADDRESS: Final = re.compile(
    r"(?:https://[A-Za-z0-9.-]+|http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::(\d{1,5}))?(?:/[A-Za-z0-9_./~-]*)?"
)


class Interrupted(Exception):  # noqa: N818 - the network may recover; not an error of ours
    """Worth another try. `after`: seconds that the server asked for. `host`: set if it couldn't be reached."""

    def __init__(self, problem: str, after: float | None = None, host: str | None = None) -> None:
        super().__init__(problem)
        self.after = after
        self.host = host


def origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443}.get(parts.scheme, 80)


def check_endpoint(endpoint: str) -> str:
    """The address of a mirror without a trailing slash. Raises HUB_ADDRESS_INVALID."""
    address = endpoint.strip()
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[1] or 443) > 65_535:
        raise failures.hub_address_invalid(address=endpoint[:200])
    return address.rstrip("/")


class HubSession:
    """One configuration: where models come from and which origin gets the token."""

    def __init__(self, settings: Configure) -> None:
        self.endpoint = HUB if settings.endpoint is None else check_endpoint(settings.endpoint)
        self._token = settings.token or None
        self._token_origins = {origin(HUB)}
        if settings.token_for_mirror:
            self._token_origins.add(origin(self.endpoint))
        self._pool = self._make_pool()
        proxies = {scheme: proxy for scheme, proxy in getproxies().items() if scheme in {"http", "https"}}
        self._proxied = {scheme: self._make_pool(proxy) for scheme, proxy in proxies.items()}
        set_client_factory(self._make_client)

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or self.endpoint

    def authorization(self, url: str) -> dict[str, str]:
        """The only place that adds the token to a request: empty for every origin except the one it belongs to."""
        if self._token is None or origin(url) not in self._token_origins:
            return {}
        return {"authorization": f"Bearer {self._token}"}

    def _make_client(self) -> httpx2.Client:
        def authorize(request: httpx2.Request) -> None:
            # Runs for each request, including redirects.
            request.headers.pop("authorization", None)
            request.headers.update(self.authorization(str(request.url)))

        timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        return httpx2.Client(event_hooks={"request": [authorize]}, follow_redirects=True, timeout=timeout)

    def _make_pool(self, proxy: str | None = None) -> urllib3.PoolManager:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        if proxy is None:
            return urllib3.PoolManager(ssl_context=context, timeout=timeout, maxsize=MAX_CONNECTIONS, retries=False)
        return urllib3.ProxyManager(proxy, ssl_context=context, timeout=timeout, maxsize=MAX_CONNECTIONS, retries=False)

    def _pool_for(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        if proxy_bypass(parts.hostname or ""):
            return self._pool
        return self._proxied.get(parts.scheme, self._pool)

    def listing(self, repo: str, revision: str) -> tuple[str, tuple[RemoteFile, ...]]:
        """The commit that `revision` points to now, and the files to fetch, with sizes and hashes."""
        url = f"{self.endpoint}/api/models/{repo}/revision/{quote(revision, safe='')}?blobs=true"
        try:
            info = json.loads(self._read_small(repo, url))
            digest = digest_of(str(info["sha"]))
            siblings = info["siblings"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise failures.hub_answer_broken(reasons=[reasons.hub_list_unreadable()]) from error
        if digest is None or digest.kind != "gitSha1":
            raise failures.hub_answer_broken(reasons=[reasons.hub_commit_missing()])
        return digest.value, wanted_files(repo, siblings)

    def _read_small(self, repo: str, url: str) -> bytes:
        """The body of an answer that must be small, uncompressed and prompt."""
        deadline = time.monotonic() + _LISTING_SECONDS
        held = bytearray()
        try:
            response = self._open(url, {})
            try:
                if response.status != 200:
                    raise_for_hub_status(response.status, response.headers, repo)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise failures.hub_answer_broken(reasons=[reasons.hub_list_compressed()])
                while chunk := response.read1(65_536, decode_content=False):
                    held += chunk
                    if len(held) > _MAX_LISTING_BYTES:
                        raise failures.hub_answer_broken(reasons=[reasons.hub_list_too_long()])
                    if time.monotonic() > deadline:
                        raise Interrupted("the answer took too long", host=urlsplit(self.endpoint).hostname)
            finally:
                response.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Interrupted(describe(error), host=urlsplit(url).hostname) from error
        return bytes(held)

    def location(self, repo: str, commit: str, file: RemoteFile) -> str:
        """The current address of a file's bytes. Signed addresses of the content host expire within minutes."""
        url = hf_hub_url(repo, file.path, revision=commit, endpoint=self.endpoint)
        found = self._ask(repo, lambda: get_hf_file_metadata(url, token=False, timeout=_READ_SECONDS))
        if found.etag is not None and digest_of(found.etag) not in {None, file.digest}:
            raise failures.hub_answer_broken(reasons=[reasons.hub_file_differs(file=file.path)])
        return urljoin(url, found.location)

    def _ask(self, repo: str, question: Callable[[], T]) -> T:
        """huggingface_hub's answer, with its errors turned into ours. Raises Interrupted for temporary ones."""
        try:
            return question()
        except GatedRepoError as error:
            raise failures.model_gated(repo=repo) from error
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise failures.hub_model_not_found(repo=repo) from error
        except HfHubHTTPError as error:
            if error.response.status_code == 403:
                raise failures.model_gated(repo=repo) from error
            raise_for_status(error.response.status_code, error.response.headers.get("retry-after"))
            raise failures.hub_answer_broken(reasons=[reasons.hub_status(status=error.response.status_code)]) from error
        except (httpx2.TransportError, httpx2.TooManyRedirects, OSError) as error:
            raise Interrupted(describe(error), host=urlsplit(self.endpoint).hostname) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise failures.hub_answer_broken(details=type(error).__name__) from error

    @contextmanager
    def stream(self, url: str, start: int, end: int) -> Iterator[tuple[urllib3.BaseHTTPResponse, int]]:
        """Yields the response for bytes `start` up to `end`, and the offset at which it actually starts.

        A server without range support sends the whole file, from 0. Raises Interrupted, MODEL_GATED.
        """
        try:
            response = self._open(url, {"range": f"bytes={start}-{end - 1}"})
            try:
                if response.status == 206:
                    yield response, _range_start(response.headers.get("content-range"))
                elif response.status == 200:
                    yield response, 0
                else:
                    raise_for_status(response.status, response.headers.get("retry-after"))
                    raise Interrupted(f"status {response.status}")
            finally:
                # Reading to the end has returned the connection to the pool. One with an unread response, even an empty
                # one, must not go back: the next request on it would lose its response.
                response.close()
        except urllib3.exceptions.HTTPError as error:
            raise Interrupted(describe(error)) from error

    def _open(self, url: str, more: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        headers = build_hf_headers(token=False, library_name="splitreel", library_version=__version__)
        headers |= {**more, "accept-encoding": "identity"}
        for _ in range(_MAX_REDIRECTS):
            if origin(url)[0] != "https" and origin(self.endpoint)[0] == "https":
                raise failures.hub_answer_broken(reasons=[reasons.hub_redirect_insecure()])
            response = self._pool_for(url).request(
                "GET", url, headers=headers | self.authorization(url), redirect=False, preload_content=False
            )
            target = response.headers.get("location")
            if response.status not in {301, 302, 303, 307, 308} or target is None:
                return response
            response.close()
            url = urljoin(url, target)
        raise Interrupted("too many redirects")


def raise_for_hub_status(status: int, headers: Mapping[str, str], repo: str) -> None:
    """Interprets a status as huggingface_hub's hf_raise_for_status does. Always raises."""
    code, message = headers.get("x-error-code"), headers.get("x-error-message")
    if code == "GatedRepo" or status == 403:
        raise failures.model_gated(repo=repo)
    # Without a token a repository that does not exist is answered like a private one, with 401.
    is_hidden = status == 401 and message != "Invalid credentials in Authorization header"
    if code in {"RepoNotFound", "RevisionNotFound"} or status == 404 or is_hidden:
        raise failures.hub_model_not_found(repo=repo)
    raise_for_status(status, headers.get("retry-after"))
    raise failures.hub_answer_broken(reasons=[reasons.hub_status(status=status)])


def raise_for_status(status: int, retry_after: str | None) -> None:
    """Raises for any status of 400 or above."""
    if status == 429 or status >= 500 or status == 408:
        raise Interrupted(f"status {status}", float(retry_after) if retry_after and retry_after.isdigit() else None)
    if status == 401:
        raise failures.hub_token_refused()
    if status == 403:
        # An expired signed address returns 403 too. Requesting it again gets an answer from Hugging Face itself.
        raise Interrupted("status 403")
    if status >= 400:
        raise failures.hub_answer_broken(reasons=[reasons.hub_status(status=status)])


def _range_start(content_range: str | None) -> int:
    try:
        unit, _, rest = (content_range or "").partition(" ")
        if unit.lower() == "bytes":
            return int(rest.split("-")[0])
    except ValueError:
        pass
    raise Interrupted("it answered with another range than asked")


def describe(error: BaseException) -> str:
    """The kind of failure. Never an address, because a signed one is a key."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return type(error).__name__


def versions() -> dict[str, str]:
    return {"huggingface_hub": huggingface_hub.__version__, "urllib3": version("urllib3")}
