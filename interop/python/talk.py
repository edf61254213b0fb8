"""What the listener and the sender by python3-websockets have in common: tokens, addresses and the judgement of a message."""
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from urllib.parse import quote

HOST, PORT, PATH = (os.environ["RELAY_" + name] for name in ("HOST", "PORT", "PATH"))


def token():
    """Signs a shared access signature for the entity, as the service's documentation shows it for Python."""
    audience, expiry = quote(f"http://{HOST}/{PATH}", safe=""), str(int(time.time()) + 3600)
    key = os.environ["RELAY_KEY"].encode()
    signature = base64.b64encode(hmac.digest(key, f"{audience}\n{expiry}".encode(), hashlib.sha256))
    return f"SharedAccessSignature sr={audience}&sig={quote(signature, safe='')}&se={expiry}&skn={os.environ['RELAY_RULE']}"


def address(action):
    return f"wss://{HOST}:{PORT}/$hc/{PATH}?sb-hc-action={action}"


def verdict(message):
    """What a peer must have read: kind, bytes and hash, in the spelling of talk-listener.js."""
    raw = message.encode() if isinstance(message, str) else message
    reading = {"text": isinstance(message, str), "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    return json.dumps(reading, separators=(",", ":"))


def say(*words):
    print(*words, flush=True)


def fragments(message, size):
    """Cuts a message; websockets sends what it gets so as one message in fragments."""
    return [message[i : i + size] for i in range(0, len(message), size)] or [message]


def fail(text):
    sys.exit(f"FAILED: {text}")
