"""Verifies a Tacit access token with the published keys (needs `pip install joserfc`).

    python verify_token.py http://localhost:8080 eyJ…
"""

import json
import sys
import urllib.request

from joserfc import jwt
from joserfc.jwk import KeySet

issuer, token = sys.argv[1:]

# Fetch the keys once and keep them; fetch again when a token names a key that is not among them.
with urllib.request.urlopen(f"{issuer}/.well-known/jwks.json") as answer:
    keys = KeySet.import_key_set(json.load(answer))

verified = jwt.decode(token, keys, algorithms=["EdDSA"])
rules = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": issuer},
    aud={"essential": True, "value": issuer},
    exp={"essential": True},
)
rules.validate(verified.claims)
print(f"user {verified.claims['sub']} in session {verified.claims['sid']}")
