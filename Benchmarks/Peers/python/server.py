"""asyncio's and uvloop's servers: server.py PORT|/PATH MODE uvloop|asyncio protocol|streams

MODE: echo line sink source broadcast.
"""
import asyncio
import os
import socket
import sys

place, mode, loop_name, style = sys.argv[1:5]
PIECE = bytes(65536)
everybody = set()


def without_delay(channel):
    """Nagle's algorithm off, as with every server here."""
    if channel is not None and channel.family == socket.AF_INET:
        channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Base(asyncio.Protocol):
    """Stops reading while the peer does not take what was written."""

    def connection_made(self, transport):
        self.transport = transport
        without_delay(transport.get_extra_info("socket"))
        self.made()

    def made(self):
        pass

    def connection_lost(self, error):
        self.transport = None

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Echo(Base):
    def data_received(self, data):
        self.transport.write(data)


class Line(Base):
    tail = b""

    def data_received(self, data):
        lines = (self.tail + data).split(b"\n")
        self.tail = lines.pop()
        for line in lines:
            self.transport.write(line + b"\n")


class Sink(Base):
    def data_received(self, data):
        pass


class Source(Base):
    paused = False

    def made(self):
        self.transport.set_write_buffer_limits(high=65536)
        self.pour()

    def pour(self):
        while self.transport is not None and not self.paused and not self.transport.is_closing():
            self.transport.write(PIECE)

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        asyncio.get_running_loop().call_soon(self.pour)


class Broadcast(Base):
    def made(self):
        everybody.add(self)

    def connection_lost(self, error):
        everybody.discard(self)
        self.transport = None

    def data_received(self, data):
        for member in everybody:
            member.transport.write(data)

    def pause_writing(self):
        pass

    def resume_writing(self):
        pass


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def line(reader, writer):
    while text := await reader.readline():
        writer.write(text)
        await writer.drain()


async def sink(reader, writer):
    while await reader.read(65536):
        pass


async def source(reader, writer):
    while True:
        writer.write(PIECE)
        await writer.drain()


async def broadcast(reader, writer):
    everybody.add(writer)
    try:
        while text := await reader.readline():
            for member in everybody:
                member.write(text)
    finally:
        everybody.discard(writer)


PROTOCOLS = {"echo": Echo, "line": Line, "sink": Sink, "source": Source, "broadcast": Broadcast}
HANDLERS = {"echo": echo, "line": line, "sink": sink, "source": source, "broadcast": broadcast}


async def handle(reader, writer):
    without_delay(writer.get_extra_info("socket"))
    try:
        await HANDLERS[mode](reader, writer)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    loop = asyncio.get_running_loop()
    is_unix = place.startswith("/")
    if is_unix and os.path.exists(place):
        os.unlink(place)
    if style == "streams" and is_unix:
        server = await asyncio.start_unix_server(handle, place, backlog=4096)
    elif style == "streams":
        server = await asyncio.start_server(handle, "127.0.0.1", int(place), backlog=4096)
    elif is_unix:
        server = await loop.create_unix_server(PROTOCOLS[mode], place, backlog=4096)
    else:
        server = await loop.create_server(PROTOCOLS[mode], "127.0.0.1", int(place), backlog=4096)
    await server.serve_forever()


if loop_name == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
