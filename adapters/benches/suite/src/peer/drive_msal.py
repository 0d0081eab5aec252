"""msal-extensions, driven by lines: each `read` or `write` is done once and answered with its nanoseconds."""
import sys
import time

import msal
from msal_extensions import FilePersistence, PersistedTokenCache

cache = PersistedTokenCache(FilePersistence(sys.argv[1]))
KIND = msal.TokenCache.CredentialType.ACCESS_TOKEN


def write(number):
    """Stores one token, as a login or a refresh does."""
    cache.add({
        "client_id": "suite",
        "scope": ["models"],
        "token_endpoint": "https://login.example/token",
        "response": {"access_token": f"access-{number:040}", "expires_in": 86400, "token_type": "Bearer"},
    })


def read(_):
    """Finds it."""
    assert list(cache.search(KIND, target=["models"]))


write(0)
print("ready", flush=True)
for number, line in enumerate(sys.stdin, 1):
    work = {"read": read, "write": write}[line.strip()]
    began = time.perf_counter_ns()
    work(number)
    print(time.perf_counter_ns() - began, flush=True)
