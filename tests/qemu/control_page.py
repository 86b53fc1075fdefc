"""The control page's server, as a client sees it."""
import json
import socket

import pytest

HTTP_PORT = 80
LIMIT_S = 60


class Device:
    """The page's server, seen through a forwarded port."""

    def __init__(self, guest):
        self.guest = guest
        self.source_port = None  # of the last exchange
        self.port = guest.forward("tcp", HTTP_PORT)
        self.host = f"127.0.0.1:{self.port}"

    def exchange(self, request, source_port=0, shut=False):
        """Sends bytes, and with `shut` its end, and returns all that comes until the other side closes."""
        with socket.socket() as connection:
            connection.settimeout(LIMIT_S)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.bind(("127.0.0.1", source_port))
            connection.connect(("127.0.0.1", self.port))
            self.source_port = connection.getsockname()[1]
            connection.sendall(request)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while part := connection.recv(65536):
                    answer += part
            except TimeoutError:
                self.tell_state(f"{request[:60]} is not answered to its end; so far: {answer}")
            return answer

    def tell_state(self, what):
        """Fails, and shows the guest's connections and memory."""
        start = len(self.guest.text)
        for line in ("netstat", "mem", "pool", "queues en0", "stats"):
            self.guest.send(line)
        self.guest.ask("uptime", r"\r\nup \d+\.\d+ s\r\n")
        pytest.fail(f"{what}; the guest:\n{self.guest.text[start:]}")

    def ask(self, request):
        """(status, headers, body) of a request without its Host header."""
        head, _, body = self.exchange(request).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        return int(lines[0].split()[1]), dict(line.split(": ", 1) for line in lines[1:]), body.decode()

    def get(self, path):
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())

    def post(self, line, *, path="/api/command", host=None, **headers):
        fields = {"Host": host or self.host, "Content-Length": len(line.encode()), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        status, _, body = self.ask(f"POST {path} HTTP/1.1\r\n{head}\r\n{line}".encode())
        return status, json.loads(body)

    def state(self):
        status, _, body = self.get("/api/state")
        assert status == 200
        return json.loads(body)

    def devices(self):
        return {device["device"]: device for device in self.state()["devices"]}
