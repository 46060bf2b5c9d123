"""The query of a URL."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fakereg.oci.errors import BadRequest, RegistryError


class Query:
    """The query parameters of a request, decoded; a name may stand several times."""

    __slots__ = ("_pairs",)

    def __init__(self, text: str = "") -> None:
        """Raises BadRequest for text that is not UTF-8 once decoded."""
        try:
            self._pairs = parse_qsl(text, keep_blank_values=True, errors="strict") if text else []
        except UnicodeDecodeError as error:
            raise BadRequest(f"the query {text!r} does not decode to UTF-8") from error

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in the order in which they came."""
        return list(self._pairs)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def one(self, name: str, error: type[RegistryError] = BadRequest) -> str | None:
        """The value of a parameter that may stand once. Raises `error` when it stands more often."""
        values = self.all(name)
        if len(values) > 1:
            raise error(f"the query parameter {name!r} stands {len(values)} times; once is allowed")
        return values[0] if values else None

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)
