"""A schema registry that speaks Confluent's REST protocol: ids for schemas, schemas for ids.

An answer is kept for ever, since a registry never gives an id twice; that it knows no such schema
is kept for a while. A registry that is away, refuses or talks nonsense is an error to wait for,
never a verdict on a record.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

from leaderboard.errors import RegistryError
from leaderboard.model.avro import FIRST_ID, Schema, Schemas, Unknown

TIMEOUT_S = 5.0
UNKNOWN_KEPT_S = 30.0
MOST_UNKNOWN = 10_000
CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
NO_SUBJECT, NO_SCHEMA = 40401, 40403


class Registry:
    """One registry. Opens nothing until it is asked; answers are shared between threads.

    Parameters
    ----------
    url
        Where the protocol's paths begin, such as http://localhost:8081.
    known
        The versions this program can read.
    clock
        Seconds that only grow.
    """

    def __init__(
        self, url: str, known: Schemas, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = url.rstrip("/")
        self._known = known
        self._clock = clock
        self._found: dict[int, Schema] = {}
        self._unknown: dict[int, tuple[float, Unknown]] = {}
        self._http = httpx.Client(timeout=TIMEOUT_S, headers={"Accept": CONTENT_TYPE})

    def find(self, schema_id: int) -> Schema | Unknown:
        """The known version that the registry's schema of this id is; else why there is none.

        Ids of ours, which no registry gives, are answered without it.

        Raises
        ------
        RegistryError
            when the registry is away or does not answer as the protocol says.
        """
        if schema_id in self._found:
            return self._found[schema_id]
        if schema_id >= FIRST_ID:
            return self._known.find(schema_id)
        asked, unknown = self._unknown.get(schema_id, (-UNKNOWN_KEPT_S, Unknown("")))
        if self._clock() - asked < UNKNOWN_KEPT_S:
            return unknown
        answer = self._ask("GET", f"/schemas/ids/{schema_id}")
        schema = self._known.like(str(answer.get("schema"))) if answer else None
        if schema is not None:
            self._found[schema_id] = schema
            return schema
        if len(self._unknown) >= MOST_UNKNOWN:
            self._unknown.clear()
        versions = ", ".join(f"v{version}" for version in self._known.versions)
        why = f"it is none of those known here, {versions}" if answer else "the registry has none"
        unknown = Unknown(f"Unknown schema id {schema_id}: {why}")
        self._unknown[schema_id] = (self._clock(), unknown)
        return unknown

    def id_of(self, schema: Schema, subject: str) -> int:
        """The registry's id of `schema` under `subject`; registered when it was not.

        Raises
        ------
        RegistryError
            when the registry is away, or refuses the schema as incompatible.
        """
        path, body = f"/subjects/{quote(subject, safe='')}", {"schema": schema.text}
        answer = self._ask("POST", path, body) or self._ask("POST", f"{path}/versions", body)
        if not answer or not isinstance(answer.get("id"), int):
            raise RegistryError(f"{self.url}{path}: expected a schema id, got {answer}")
        return int(answer["id"])

    def _ask(
        self, method: str, path: str, body: dict[str, str] | None = None
    ) -> dict[str, Any] | None:
        """The answer, or None when the registry says that it has no such schema or subject."""
        headers = {"Content-Type": CONTENT_TYPE} if body else {}
        try:
            response = self._http.request(method, self.url + path, json=body, headers=headers)
            answer = response.json()
        except httpx.HTTPError as error:
            raise RegistryError(f"no schema registry answers at {self.url}: {error}") from error
        except ValueError:
            answer = None
        if response.is_success and isinstance(answer, dict):
            return answer
        code = answer.get("error_code") if isinstance(answer, dict) else None
        if response.status_code == httpx.codes.NOT_FOUND and code in (NO_SUBJECT, NO_SCHEMA):
            return None
        raise RegistryError(
            f"{method} {self.url}{path}: expected an answer of a schema registry, got "
            f"{response.status_code} {response.text[:300]}; is LEADERBOARD_SCHEMA_REGISTRY right?"
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
