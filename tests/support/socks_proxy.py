"""A SOCKS5 proxy on loopback (RFC 1928, 1929) that counts what goes through it.

It connects (CONNECT) and carries datagrams (UDP ASSOCIATE), with a user name and a password or
without. Names are looked up in its own table, so that a test sees which ones were left to it.
"""

import asyncio
import contextlib
import ipaddress
import socket
import sys
import threading
from dataclasses import dataclass, field

VERSION, REFUSED, CONNECT, ASSOCIATE = 5, 0xFF, 1, 3
V4, NAME, V6 = 1, 3, 4


@dataclass
class SocksProxy:
    """The proxy; a context manager that runs it in a thread."""

    host: str = "127.0.0.1"
    port: int = 0
    user: str = ""
    password: str = ""
    hosts: dict[str, str] = field(default_factory=dict)
    """Addresses by name."""
    connected: list[tuple[str, int]] = field(default_factory=list)
    """Where CONNECT led, in its order."""
    datagrams: list[tuple[str, int]] = field(default_factory=list)
    """Where datagrams were sent."""
    refused: int = 0
    """Callers with another user name or password."""

    def __enter__(self) -> "SocksProxy":
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=[ready], daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        self._loop.run_until_complete(self.serve(ready))
        self._loop.close()

    async def serve(self, ready: threading.Event) -> None:
        """Serve until the end."""
        self._ended, self._calls = asyncio.Event(), set()
        server = await asyncio.start_server(self._call, self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._ended.wait()
        server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._calls.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                if await self._sign_in(reader, writer):
                    await self._serve(reader, writer)
        finally:
            self._calls.discard(task)
            writer.close()

    async def _sign_in(self, reader, writer) -> bool:
        _, count = await reader.readexactly(2)
        way = 2 if self.user else 0
        if way not in await reader.readexactly(count):
            self.refused += 1
            writer.write(bytes([VERSION, REFUSED]))
            return False
        writer.write(bytes([VERSION, way]))
        if not way:
            return True
        _, size = await reader.readexactly(2)
        user = await reader.readexactly(size)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        is_known = (user.decode(), password.decode()) == (self.user, self.password)
        self.refused += not is_known
        writer.write(bytes([1, not is_known]))
        return is_known

    async def _serve(self, reader, writer) -> None:
        _, command, _ = await reader.readexactly(3)
        host, port = await self._target(reader)
        if command == CONNECT:
            self.connected.append((host, port))
            await self._connect(self._address_of(host), port, reader, writer)
        elif command == ASSOCIATE:
            await self._associate(reader, writer)

    def _address_of(self, host: str) -> str:
        """Return the address of a host; empty for a name that is not in the table."""
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            return self.hosts.get(host, "")

    async def _target(self, reader) -> tuple[str, int]:
        [kind] = await reader.readexactly(1)
        if kind == NAME:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == V4 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, await reader.readexactly(size))
        return host, int.from_bytes(await reader.readexactly(2), "big")

    async def _connect(self, host, port, reader, writer) -> None:
        try:
            if not host:
                raise OSError
            there, back = await asyncio.open_connection(host, port)
        except OSError:
            writer.write(bytes([VERSION, 5, 0, V4, 0, 0, 0, 0, 0, 0]))
            return
        writer.write(bytes([VERSION, 0, 0, V4, 0, 0, 0, 0, 0, 0]))
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            back.close()

    async def _associate(self, reader, writer) -> None:
        proxy, client = self, writer.get_extra_info("peername")[0]

        class Relay(asyncio.DatagramProtocol):
            """Carries the datagrams of one caller, and the answers back to it."""

            def connection_made(self, transport) -> None:
                self.transport, self.caller = transport, None

            def datagram_received(self, data, address) -> None:
                if address[0] == client and data[:3] == b"\0\0\0" and data[3] in (V4, NAME):
                    self.caller = address
                    self._pass_on(data)
                elif self.caller:
                    head = b"\0\0\0\1" + socket.inet_aton(address[0])
                    self.transport.sendto(head + address[1].to_bytes(2, "big") + data, self.caller)

            def _pass_on(self, data) -> None:
                end = 8 if data[3] == V4 else 5 + data[4]
                host = socket.inet_ntoa(data[4:8]) if data[3] == V4 else data[5:end].decode()
                target = (host, int.from_bytes(data[end : end + 2], "big"))
                proxy.datagrams.append(target)
                if address := proxy._address_of(host):
                    self.transport.sendto(data[end + 2 :], (address, target[1]))

        relay, _ = await self._loop.create_datagram_endpoint(Relay, local_addr=(self.host, 0))
        host, port = relay.get_extra_info("sockname")
        writer.write(bytes([VERSION, 0, 0, V4]) + socket.inet_aton(host) + port.to_bytes(2, "big"))
        try:
            await reader.read()  # for as long as the caller stays
        finally:
            relay.close()


async def _copy(reader, writer) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


if __name__ == "__main__":
    with SocksProxy(sys.argv[1], int(sys.argv[2]), *sys.argv[3:5]):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
