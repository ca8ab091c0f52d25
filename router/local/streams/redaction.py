"""Pseudonyms for attribute values: of the same type and length, and the same one for the same value.

Each character becomes another of its kind - a digit a digit, a small letter a small letter - by a keyed permutation of
all values of the same shape. So different values have different pseudonyms: items keep their identity, sets their
members, and a changed attribute remains changed. A record's SizeBytes stays valid.
"""

from __future__ import annotations

import binascii
import fnmatch
import hashlib
import re
import secrets
import struct
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from router.errors import DecodeError, RouterError
from router.naming import KEY

__all__ = ["Redaction", "RedactionError"]

_IMAGES = ("Keys", "NewImage", "OldImage")
_KEY_BYTES = 32
_ROUNDS = 10  # as in NIST SP 800-38G, whose construction this is
_BLOCK = 256  # code points; an alphabet is a part of a block, so that a position in it is one byte
_GLOB = re.compile(r"[*?[]")
_NUMBER = re.compile(r"([+-]?)(?=\.?[0-9])([0-9]*\.?[0-9]*)((?:[eE][+-]?[0-9]+)?)")
_BYTES = tuple(map(chr, range(256)))
_DIGITS, _NON_ZERO = tuple("0123456789"), tuple("123456789")

Alphabet = tuple[str, ...]


class RedactionError(RouterError, ValueError):
    """A pattern or the key is empty."""


class Redaction:
    """Replaces the values of attributes by pseudonyms at any depth.

    A pattern is a name or a glob (``*``, ``?``, ``[...]``; case counts). It matches every attribute of that name, and
    every attribute of that path: names joined by dots without list positions, as in ``lines.email``. In a map or list
    all values are replaced; names stay. A boolean becomes ``False``. Zeros at either end of a number stay, and so do
    ASCII spaces and punctuation; a short value may keep its value by chance.

    Args:
        patterns: The attributes to replace.
        key: A secret that makes pseudonyms equal in all recordings; with it the values can be restored. The default is
            a random key that is not kept.
        kept: Top-level attributes that only their full name redacts, and no glob: the discriminator.

    Raises:
        RedactionError: A pattern or the key is empty.

    Example:
        >>> redaction = Redaction(["email"], key="example")
        >>> image = {"id": {"S": "1"}, "email": {"S": "ada@example.com"}, "to": {"L": [{"M": {"email": {"S": "x@y"}}}]}}
        >>> redacted = redaction.image(image)
        >>> redacted["id"], redacted["email"] != image["email"], len(redacted["email"]["S"])
        ({'S': '1'}, True, 15)
        >>> redaction.counts["email"]
        2
    """

    def __init__(
        self, patterns: Iterable[str], *, key: str | None = None, kept: Iterable[str] = ("EntityType",)
    ) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        self.counts: Counter[str] = Counter()
        if "" in self.patterns:
            msg = "found an empty pattern to redact, expected an attribute's name, a path or a glob"
            raise RedactionError(msg)
        if key is not None and not key.strip():
            msg = "found an empty key to redact with, expected a long random text; without a key it is random"
            raise RedactionError(msg)
        self._key = secrets.token_bytes(_KEY_BYTES) if key is None else _digest(b"router", key.encode())
        self._kept = frozenset(kept)
        self._matchers = [(pattern, _matcher(pattern), bool(_GLOB.search(pattern))) for pattern in self.patterns]
        self._found: dict[tuple[str, ...], str | None] = {}

    @property
    def unmatched(self) -> list[str]:
        """The patterns that have matched no attribute so far, such as misspelt ones."""
        return [pattern for pattern in self.patterns if not self.counts[pattern]]

    def record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Redact a record of a Lambda event; the record itself is not changed.

        Args:
            record: The record, binary values as base64 text.

        Raises:
            DecodeError: An attribute to redact has an invalid value.
        """
        body = record["dynamodb"]
        images = {name: self.image(body[name]) for name in _IMAGES if name in body}
        return {**record, "dynamodb": {**body, **images}}

    def image(self, image: Mapping[str, Any]) -> dict[str, Any]:
        """Redact an image, or the keys.

        Args:
            image: Wire values by name.

        Raises:
            DecodeError: An attribute to redact has an invalid value.
        """
        return self._map(image, ())

    def _map(self, image: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        return {name: self._attribute(value, (*path, name)) for name, value in image.items()}

    def _attribute(self, value: Any, path: tuple[str, ...]) -> Any:
        if path not in self._found:
            self._found[path] = self._pattern_of(path)
        pattern = self._found[path]
        if pattern is None:
            return self._inside(value, path)
        self.counts[pattern] += 1
        return self._redacted(value, path)

    def _pattern_of(self, path: tuple[str, ...]) -> str | None:
        """The first pattern that matches an attribute."""
        whole, kept = ".".join(path), len(path) == 1 and path[0] in self._kept
        for pattern, matches, is_glob in self._matchers:
            if (matches(path[-1]) or matches(whole)) and not (kept and is_glob):
                return pattern
        return None

    def _inside(self, value: Any, path: tuple[str, ...]) -> Any:
        """Redact the attributes inside of a value."""
        match value:
            case {"M": dict(members)}:
                return {"M": self._map(members, path)}
            case {"L": list(members)}:
                return {"L": [self._inside(member, path) for member in members]}
            case _:
                return value

    def _redacted(self, value: Any, path: tuple[str, ...]) -> dict[str, Any]:
        match value:
            case {"M": dict(members)}:
                return {"M": {name: self._redacted(member, (*path, KEY)) for name, member in members.items()}}
            case {"L": list(members)}:
                return {"L": [self._redacted(member, path) for member in members]}
            case {"NULL": _}:
                return {"NULL": True}
            case {"BOOL": _}:
                return {"BOOL": False}  # a permutation of two values hides nothing
        tag: Any = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
        if tag in _WRITERS:
            return {tag: self._scalar(tag, value[tag], path)}
        if tag in _SETS and isinstance(value[tag], list):
            return {tag: [self._scalar(_SETS[tag], member, path) for member in value[tag]]}
        raise DecodeError(".".join(path), _kind(value), "an attribute value")

    def _scalar(self, tag: str, text: Any, path: tuple[str, ...]) -> str:
        try:
            return _WRITERS[tag](self._key, text)
        except (TypeError, ValueError):
            raise DecodeError(".".join(path), f"a {tag} that is none", f"a value of type {tag}") from None


def _text(key: bytes, text: str) -> str:
    return _permuted(key, b"S", text, list(map(_alphabet_of, text)))


def _number(key: bytes, text: str) -> str:
    """Change only the digits from the first to the last that is not 0, so that the number keeps its magnitude."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError
    sign, digits, exponent = match.groups()
    counting = [position for position, digit in enumerate(digits) if digit in _NON_ZERO]
    ends = (counting[0], counting[-1]) if counting else (len(digits), -1)
    alphabets = [_digit_alphabet(digit, position, ends) for position, digit in enumerate(digits)]
    return f"{sign}{_permuted(key, b'N', digits, alphabets)}{exponent}"


def _digit_alphabet(digit: str, position: int, ends: tuple[int, int]) -> Alphabet:
    if digit == "." or not ends[0] <= position <= ends[1]:
        return (digit,)
    return _NON_ZERO if position in ends else _DIGITS


def _binary(key: bytes, text: str) -> str:
    content = binascii.a2b_base64(text, strict_mode=True)
    permuted = _permuted(key, b"B", content.decode("latin-1"), [_BYTES] * len(content))
    return binascii.b2a_base64(permuted.encode("latin-1"), newline=False).decode()


_WRITERS: dict[Any, Callable[[bytes, str], str]] = {"S": _text, "N": _number, "B": _binary}
_SETS: dict[Any, str] = {"SS": "S", "NS": "N", "BS": "B"}


def _permuted(key: bytes, tag: bytes, text: str, alphabets: Sequence[Alphabet]) -> str:
    """Another text of the same shape: each character from its alphabet."""
    free = [position for position, alphabet in enumerate(alphabets) if len(alphabet) > 1]
    places = [_positions(alphabets[position])[text[position]] for position in free]
    sizes = [len(alphabets[position]) for position in free]
    shape = "\0".join(alphabet[0] for alphabet in alphabets).encode(errors="surrogatepass")
    written = list(text)
    for position, place in zip(free, _feistel(_digest(key, tag + shape), places, sizes), strict=True):
        written[position] = alphabets[position][place]
    return "".join(written)


def _feistel(seed: bytes, places: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Permute all texts of one shape, each a list of places in alphabets of these sizes."""
    if len(places) == 1:
        # A single cycle of all places, so that none keeps its value.
        trip = sorted(range(sizes[0]), key=_stream(seed, 0, (), sizes[0]).__getitem__)
        return [trip[trip.index(places[0]) - 1]]
    middle = len(places) // 2
    halves, widths = [list(places[:middle]), list(places[middle:])], (sizes[:middle], sizes[middle:])
    for turn in range(_ROUNDS if places else 0):
        side = turn % 2
        added = _stream(seed, turn, halves[1 - side], len(halves[side]))
        halves[side] = [
            (place + more) % size for place, more, size in zip(halves[side], added, widths[side], strict=True)
        ]
    return halves[0] + halves[1]


def _stream(seed: bytes, turn: int, half: Iterable[int], length: int) -> tuple[int, ...]:
    """Pseudorandom numbers that cannot be computed without the seed."""
    return struct.unpack(f"<{length}I", hashlib.shake_256(seed + bytes((turn, *half))).digest(4 * length))


def _digest(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=_KEY_BYTES).digest()


def _alphabet_of(character: str) -> Alphabet:
    code = ord(character)
    category = unicodedata.category(character)
    if code < 128 and category[0] not in "LN":
        return (character,)
    return _alphabet(code // _BLOCK, category, code < 128)


@cache
def _alphabet(block: int, category: str, is_ascii: bool) -> Alphabet:
    """The characters of a block and a category; they have the same number of bytes in UTF-8."""
    characters = map(chr, range(block * _BLOCK, (block + 1) * _BLOCK))
    return tuple(each for each in characters if unicodedata.category(each) == category and each.isascii() == is_ascii)


@cache
def _positions(alphabet: Alphabet) -> dict[str, int]:
    return {character: position for position, character in enumerate(alphabet)}


def _matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(fnmatch.translate(pattern)).match


def _kind(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:
        return f"the type tag {str(next(iter(value)))[:8]!r}"
    return f"a value of type {type(value).__name__}"
