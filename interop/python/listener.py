"""A listener by Debian's python3-websockets that judges what it gets, as talk-listener.js does, and echoes it in fragments."""
import asyncio
import json
import re

import websockets

from talk import address, fragments, say, token, verdict


async def serve(accept):
    offered = accept["connectHeaders"].get("Sec-WebSocket-Protocol")
    chosen = offered and [offered.split(",")[0].strip()]
    async with websockets.connect(accept["address"], subprotocols=chosen, max_size=None) as stream:
        say("open", stream.subprotocol or "-")
        try:
            async for message in stream:
                close = isinstance(message, str) and re.match(r"!close (\d+) (.*)$", message)
                if close:
                    await stream.close(int(close[1]), close[2])
                    break
                await (await stream.ping(b"are you there"))  # answered by the gateway: pings are hop by hop
                await stream.send(verdict(message))
                await stream.send(fragments(message, 10_000))
        except websockets.ConnectionClosed:
            pass
    say("closed", stream.close_code, stream.close_reason)


async def main():
    headers = {"ServiceBusAuthorization": token()}
    async with websockets.connect(address("listen"), extra_headers=headers) as control:
        say("listening")
        tasks = set()
        async for message in control:
            task = asyncio.create_task(serve(json.loads(message)["accept"]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


asyncio.run(main())
