"""The installed Django, asked by a test: a question a line on standard input, an answer a line on standard output, both JSON.

{"ask": "dumps", secret, salt, value, compress} -> {"signed"}      {"ask": "loads", secret, salt, signed} -> {"value"} or {"refused"}
{"ask": "sign", secret, salt, dated, value} -> {"signed"}          {"ask": "unsign", secret, salt, dated, signed} -> {"value"} or {"refused"}
"""

import json
import sys

from django.conf import settings

settings.configure(SECRET_KEY="the settings' own secret, which no question uses")
from django.core import signing  # noqa: E402


def signer(question):
    kind = signing.TimestampSigner if question["dated"] else signing.Signer
    return kind(question["secret"], salt=question["salt"])


def answer(question):
    secret, salt = question["secret"], question["salt"]
    try:
        if question["ask"] == "dumps":
            return {"signed": signing.dumps(question["value"], secret, salt=salt, compress=question["compress"])}
        if question["ask"] == "loads":
            return {"value": signing.loads(question["signed"], secret, salt=salt, max_age=question.get("maxAge", 3600))}
        if question["ask"] == "sign":
            return {"signed": signer(question).sign(question["value"])}
        return {"value": signer(question).unsign(question["signed"])}
    except signing.BadSignature as refusal:
        return {"refused": type(refusal).__name__}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
