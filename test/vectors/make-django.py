"""Writes django.jsonl: what a real Django (Debian: python3-django) signs, a vector a line. Run: /usr/bin/python3 test/vectors/make-django.py

The time stands still for each vector, so that Signet's own text can be compared with Django's letter by letter.
"""

import json
import os
import sys
from unittest import mock

import django
from django.conf import settings

settings.configure(SECRET_KEY="the settings' own secret, which no vector uses")
from django.core import signing  # noqa: E402

SECRETS = [
    "a secret for vectors, long enough to be one",
    "короткий секрет 🗝",
    "x" * 200,
]
SALTS = ["django.core.signing", "recovery", "соль", "with:a:separator", " "]
TIMES = [1, 61, 62, 1_000_000_000, 1_793_000_000, 4_102_444_800]

TEXTS = [
    "", "a", "hello", "with:a:separator", ":", "::", "line\nbreak", "tab\tand\0null", 'quote " and \\',
    "Zoë Großmann", "Ключ", "日本語", "🗝 🏳️‍🌈", "e\u0301", "\u007f", "\u2028", "</script>", "x" * 1000,
]
OBJECTS = [
    None, True, False, 0, 1, -1, 2**31, 2**53 - 1, -(2**53) + 1,
    0.1, 1.5, -2.25, 1.0, 1e300, 5e-324, 1e-07, 123456789.123456789, -0.0,
    [], {}, [[]], [{}], [1, "two", 3.5, None, True], {"a": {"b": {"c": [1, {"d": None}]}}},
    {"id": 7, "name": "Zoë", "tags": ["x", "y"]}, {"": ""}, {"__proto__": {"admin": True}}, {"constructor": 1, "toString": 2},
    {"ключ": "значение", "🗝": [1]}, {"9": "nine", "10": "ten"}, {"a b": "c:d", "e.f": "g"},
    list(range(200)), {"text": "again and again " * 50}, ["x" * 500], {"e-mail": "zoe@example.com", "exp": 1_800_000_000},
    "\ud83d", "/", "\b\f\n\r\t", " ", "a" * 3,
]


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


def has_float(value):
    """Python writes 1.0 and 1e-07 where JavaScript writes 1 and 1e-7: the same number in another text."""
    if isinstance(value, dict):
        value = list(value.values())
    return any(map(has_float, value)) if isinstance(value, list) else isinstance(value, float)


def at(seconds):
    # What comes after the point is cut off by Django.
    return mock.patch("time.time", lambda: seconds + 0.75)


def vectors():
    turn = 0

    def parts():
        nonlocal turn
        turn += 1
        return SECRETS[turn % len(SECRETS)], SALTS[turn % len(SALTS)], TIMES[turn % len(TIMES)]

    for text in TEXTS:
        secret, salt, time = parts()
        yield dict(kind="sign", secret=secret, salt=salt, value=text, signed=signing.Signer(secret, salt=salt).sign(text))
        with at(time):
            signed = signing.TimestampSigner(secret, salt=salt).sign(text)
        yield dict(kind="sign-dated", secret=secret, salt=salt, time=time, value=text, signed=signed)
    for separator in ["::", "/", "~", ":-", "-:-", "§"]:
        secret, salt, _ = parts()
        signed = signing.Signer(secret, sep=separator, salt=salt).sign("a-value")
        yield dict(kind="sign", secret=secret, salt=salt, separator=separator, value="a-value", signed=signed)
    # Without a salt each of them has one of its own.
    secret, _, time = parts()
    yield dict(kind="sign", secret=secret, value="hello", signed=signing.Signer(secret).sign("hello"))
    with at(time):
        yield dict(kind="sign-dated", secret=secret, time=time, value="hello", signed=signing.TimestampSigner(secret).sign("hello"))
        yield dict(kind="dumps", secret=secret, time=time, value="hello", signed=signing.dumps("hello", secret))
    for value in OBJECTS + [nested(32), nested(64)]:
        for compress in [False, True]:
            secret, salt, time = parts()
            with at(time):
                signed = signing.dumps(value, secret, salt=salt, compress=compress)
            yield dict(kind="dumps", secret=secret, salt=salt, time=time, value=value, compress=compress, signed=signed)
        secret, salt, time = parts()
        signed = signing.Signer(secret, salt=salt).sign_object(value)
        yield dict(kind="sign-object", secret=secret, salt=salt, value=value, signed=signed)
    # What Django 3.2 still verifies and Signet does not: SHA-1, the algorithm of versions before it.
    secret, salt, time = parts()
    signed = signing.Signer(secret, salt=salt, algorithm="sha1").sign("hello")
    yield dict(kind="sha1", secret=secret, salt=salt, value="hello", signed=signed)


target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "django.jsonl")
with open(target, "w", encoding="ascii") as file:
    count = 0
    for vector in vectors():
        if has_float(vector["value"]):
            vector["float"] = True
        file.write(json.dumps(vector) + "\n")
        count += 1
print(f"{count} vectors by Django {django.get_version()}", file=sys.stderr)
