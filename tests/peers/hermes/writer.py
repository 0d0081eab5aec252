"""A program that shares Hermes' auth.json the way Hermes does: flock on the file beside it, read, change, write a new
file, sync, replace. Only the standard library."""

import contextlib
import fcntl
import json
import os
import pathlib
import random
import sys
import time
import uuid

PATIENCE_S = 15.0
PAUSE_S = 0.05


@contextlib.contextmanager
def locked(path):
    with path.with_suffix(".lock").open("a+") as lock:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError("the lock was not free in time")
                time.sleep(PAUSE_S)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            fcntl.flock(lock.fileno(), fcntl.LOCK_UN)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def save(path, document):
    document["updated_at"] = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    draft = path.with_name(f"{path.name}.tmp.{os.getpid()}.{uuid.uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(document, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def rows(document, provider):
    return document.setdefault("credential_pool", {}).setdefault(provider, [])


def one(document, provider, row_id):
    return next((row for row in rows(document, provider) if row.get("id") == row_id), None)


def count(path, times):
    """Each turn counts one of forty rows up, and makes it if it isn't there."""
    for turn in range(int(times)):
        with locked(path):
            document = load(path)
            row_id = f"python{turn % 40}"
            row = one(document, "minimax", row_id)
            if row is None:
                row = {"id": row_id, "source": "manual", "access_token": f"mm-python-{row_id}", "counted": {"by": 0}}
                rows(document, "minimax").append(row)
            row["counted"]["by"] += 1
            row["request_count"] = row.get("request_count", 0) + 1
            save(path, document)
        time.sleep(random.uniform(0, 0.001))


def put(path, provider, text):
    """Adds a row, or changes the one of its id."""
    with locked(path):
        document = load(path)
        new = json.loads(text)
        row = one(document, provider, new["id"])
        if row is None:
            rows(document, provider).append(new)
        else:
            row.update(new)
        save(path, document)


def remove(path, provider, row_id):
    with locked(path):
        document = load(path)
        kept = [row for row in rows(document, provider) if row.get("id") != row_id]
        document["credential_pool"][provider] = kept
        save(path, document)


def show(path, provider):
    print(json.dumps(rows(load(path), provider)))


def hold(path):
    with locked(path):
        print("held", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    act, where, *rest = sys.argv[1:]
    {"count": count, "put": put, "remove": remove, "show": show, "hold": hold}[act](pathlib.Path(where), *rest)
