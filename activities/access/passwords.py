"""Passwords: argon2id, few at a time, and as slow for somebody unknown as for somebody known (process.md S22)."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 200
# Of zxcvbn's 0 to 4: it takes more than a hundred million guesses by somebody who knows what people like.
_STRONG = 3
_LEAST_VARIETY = 5
# So much of a password is looked at: the work of zxcvbn grows fast with signs that can stand for letters, to a third of a second here and to many at 70.
_LOOKED_AT = 32
_HOUSE = "holdfast"
_WORDS = re.compile(r"\w+")
_HASHER = PasswordHasher()
# A hash takes 64 MiB: many at once would be a way to stop the house.
_TWO_AT_ONCE = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")


class Weakness(StrEnum):
    """What is wrong with a password."""

    LENGTH = "length"
    GUESSABLE = "guessable"
    NAME = "name"
    AGAIN = "again"


_SAYS = {
    Weakness.LENGTH: f"A password has {SHORTEST} to {LONGEST} characters. A few words in a row are easy to remember.",
    Weakness.GUESSABLE: "This password would soon be guessed: it is a common one, a pattern, or close to your name. A few words in a row are easy to remember and hard to guess.",
    Weakness.NAME: "Your name or address is no password.",
    Weakness.AGAIN: "The two passwords are not the same.",
}


class WeakPasswordError(Exception):
    """The password is too easy to guess; the message says what is wrong with it, ``weakness`` names it."""

    def __init__(self, weakness: Weakness) -> None:
        self.weakness = weakness
        super().__init__(_SAYS[weakness])


def check_strength(password: str, *belonging: str | None) -> None:
    """Raises WeakPasswordError for a password that is short, common, a pattern or telling. ``belonging`` is what others know of the person."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(Weakness.LENGTH)
    if password.casefold() in {each.casefold() for each in belonging if each}:
        raise WeakPasswordError(Weakness.NAME)
    known = [part for each in (*belonging, _HOUSE) if each for part in {each, *_WORDS.findall(each)}]
    if len(set(password)) < _LEAST_VARIETY or zxcvbn(password[:_LOOKED_AT], user_inputs=known)["score"] < _STRONG:
        raise WeakPasswordError(Weakness.GUESSABLE)


async def hash_of(password: str) -> str:
    """The hash to keep, with its own salt and parameters in it."""
    return await asyncio.get_running_loop().run_in_executor(_TWO_AT_ONCE, _HASHER.hash, password)


async def fits(password_hash: str | None, password: str) -> bool:
    """Whether this is the password. Without a hash, the same work is done and the answer is no."""
    is_right = await asyncio.get_running_loop().run_in_executor(_TWO_AT_ONCE, _fits, password_hash, password)
    return is_right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _HASHER.check_needs_rehash(password_hash)


def _fits(password_hash: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash or _of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _of_nobody() -> str:
    return _HASHER.hash("nobody has this one")
