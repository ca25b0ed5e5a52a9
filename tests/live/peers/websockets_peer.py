"""python3-websockets against an echo: a thousand mixed messages, pings, fragments, a Close. websockets_peer.py URL deflate|none"""
import asyncio
import random
import sys

import websockets


async def talk(url, compression):
    dice = random.Random(1)
    async with websockets.connect(url, compression=None if compression == "none" else compression, max_size=None) as socket:
        assert (compression == "none") == (not socket.extensions), socket.extensions

        async def listen():
            for message in messages:
                assert await socket.recv() == message
        messages = []
        for n in range(1000):
            size = dice.choice((0, 1, 20, 125, 126, 1000, 65535, 65536)) if n % 50 else 300_000
            messages.append(dice.randbytes(size) if n % 2 else "é" * (size // 2))
        listener = asyncio.create_task(listen())
        for n, message in enumerate(messages):
            if n % 10 == 3:  # in fragments
                await socket.send(message[i:i + 1000] for i in range(0, max(len(message), 1), 1000))
            else:
                await socket.send(message)
            if n % 100 == 0:
                await (await socket.ping())
        await listener
        await socket.close(1000)
    print(f"{len(messages)} messages, closed {socket.close_code}")

asyncio.run(talk(*sys.argv[1:]))
