"""A sender by Debian's python3-websockets: sizes, fragments, pings, sub-protocol and both directions of the close handshake."""
import asyncio
import random

import websockets

from talk import address, fail, fragments, say, token, verdict

SIZES = (0, 1, 125, 126, 65535, 65536, 1 << 20)


def connect(**options):
    headers = {"ServiceBusAuthorization": token()}
    return websockets.connect(address("connect"), extra_headers=headers, max_size=None, **options)


async def exchange(stream, message, sent=None):
    await stream.send(message if sent is None else sent)
    judged, echo = await stream.recv(), await stream.recv()
    if judged != verdict(message):
        fail(f"the listener got {judged}, sent was {verdict(message)}")
    if type(echo) is not type(message) or echo != message:
        fail(f"{len(message)} came back as {len(echo)} {type(echo)}")


def noise(size, text):
    rng = random.Random(size)
    if not text:
        return rng.randbytes(size)
    return "".join(rng.choices("aé漢😀", k=size))


async def main():
    async with connect(subprotocols=["soap", "mqtt"]) as stream:
        if stream.subprotocol != "soap":
            fail(f"chosen: {stream.subprotocol}")
        for size in SIZES:
            for text in (False, True):
                message = noise(size, text)
                await exchange(stream, message)
                await exchange(stream, message, fragments(message, size // 7 + 1))
        await (await stream.ping(b"payload of a ping"))
        await stream.close(4001, "enough of this")
        say("sizes done", stream.close_code)
    async with connect() as stream:
        await stream.send("!close 4002 no more, thank you")
        try:
            await stream.recv()
        except websockets.ConnectionClosed as closed:
            say("told", closed.rcvd.code, closed.rcvd.reason)


asyncio.run(main())
