"""The control page's API by plain HTTP, and bad clients."""
import contextlib
import json
import re
import select
import socket

from conftest import COUNTERS, DROPS, FACTS, assert_nothing_missing
from control_page import HTTP_PORT, LIMIT_S, Device
from lan import ADDRESS, GUEST, GUEST_MAC, MAC, Lan
from recovery import uptime
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

ECHO_PORT = 7
TAIL_BYTES, LINE_BYTES = 1024, 160  # of the log: the oldest line is not shown if a part of it is lost


# ---- the API ----

def test_state_is_what_the_console_says(page):
    guest, device = page
    devices = device.devices()
    assert [device for device in devices if device in (FACTS.device, "sim0", "sim1")] == [
        FACTS.device, "sim0", "sim1"]
    assert devices["sim1"] == {"device": "sim1", "driver": "sim", "version": "1.0", "state": "available"}
    en0 = devices[FACTS.device]
    assert (en0["name"], en0["state"], en0["link"]) == ("en0", "activated enabled", "active")
    assert (en0["mac"], en0["mtu"], en0["dhcp"]) == (GUEST_MAC, 1500, True)
    assert en0["ip"][0] == "10.0.2.15/24"
    for entry in (en0, devices["sim0"]):
        pool = entry["pool"]
        assert pool["size"] == sum(pool[place] for place in
                                   ("rest", "submission", "ring", "completion", "stack"))
        for now, size, most, entered, left, refused in entry["queues"].values():
            assert now == entered - left and now <= most <= size and refused == 0
        assert entry["rings"]["rx"][0] == pool["ring"]
    assert devices["sim0"]["sim"]["profile"] == "echo"
    assert devices["sim0"]["sim"]["faults"]["drop"] == 0
    guest.ask(f"nic fault {FACTS.simulated} drop 37", "done")
    guest.ask(f"ifconfig {FACTS.simulated} 10.3.2.1/24", "done")
    guest.ask(f"nic disable {FACTS.simulated}", "done")
    sim0 = device.devices()["sim0"]
    assert sim0["sim"]["faults"]["drop"] == 37
    assert sim0["ip"] == ["10.3.2.1/24"]
    assert (sim0["state"], sim0["link"]) == ("activated disabled", "invalid")


def state_and_console(guest, device, commands):
    """The state, and the console's answers to the commands, between two states with the same figures for sim0."""
    def at_rest(state):
        sim0 = next(entry for entry in state["devices"] if entry["device"] == "sim0")
        return {**sim0, "sim": {**sim0["sim"], "receive_timer_ms": None}}

    for _ in range(100):  # what the stack sends by itself may fall in between
        state, start = device.state(), len(guest.text)
        for command in commands:
            guest.send(command)
        guest.ask("log", "level info")
        if at_rest(device.state()) == at_rest(state):
            return state, guest.text[start:]
    raise AssertionError("it does not come to rest")


def figures_of(text, name):
    """For each line about the interface: the word after its name, its numbers."""
    return {word: [int(number) for number in re.findall(r"\b\d+\b", rest)] for word, rest in
            re.findall(rf"^{name} +(\w+):? (.*)\r$", text, re.MULTILINE)}


def test_each_figure_of_the_state_is_the_consoles(page):
    """For a simulated NIC whose peer rests for an hour."""
    guest, device = page
    name = FACTS.simulated
    guest.ask(f"nic profile {name} echo 3600000 6", "6 frames every 3600000 ms")
    guest.expect(r"sim0 tick \d+: 6 requests, 6 right")
    before = float(guest.ask("uptime", r"\nup (\d+\.\d+) s").group(1))
    state, text = state_and_console(guest, device, [
        "uptime", "mem", "ioreg", f"ifconfig {name}", *(f"{word} {name}" for word in ("queues", "pool", "stats"))])

    def said(pattern):
        found = re.search(pattern, text)
        assert found, pattern + text
        return found.groups()

    assert 1000 * before <= state["uptime_ms"] <= 1000 * float(said(r"\nup (\d+\.\d+) s")[0])
    used, most, size = map(int, said(r"heap +used (\d+), most (\d+), of (\d+), "))
    assert state["heap"]["size"] == size and used <= most < size
    assert 0 < state["heap"]["used"] < state["heap"]["most"] <= most
    posted, sources = state["dispatch"]
    assert posted <= 2 and sources == int(said(r"<class dispatch_queue, (\d+) sources, ")[0])

    sim0 = next(entry for entry in state["devices"] if entry["device"] == "sim0")
    pool, rings, queues = sim0["pool"], sim0["rings"], sim0["queues"]
    assert rings["tx"][0] == 0 < rings["rx"][0]
    tree = [rf"sim0  <.*\n.*<class nic, registered, matched, active, busy 0, retain {pool['stack']}>",
            rf"pool  <class packet_pool, {pool['size']} of \d+ bytes, rest {pool['rest']}, stack {pool['stack']}>",
            *(rf"{ring}_ring  <class nic_ring, {now} of {size}>" for ring, (now, size) in rings.items()),
            *(rf"{queue}  <class packet_queue, {now} of {size}, in {entered}, out {left}>"
              for queue, (now, size, _, entered, left, _) in queues.items()),
            r"receive_timer  <class timer_source, armed, due in (\d+) ms>"]
    due = int(said(r"(?:.*\n)*?.*".join(tree))[0])
    assert 0 < due <= sim0["sim"]["receive_timer_ms"] <= 3600000
    assert (sim0["sim"]["period_ms"], sim0["sim"]["burst"]) == (3600000, 6)

    shown = figures_of(text, name)
    assert {queue: shown[queue] for queue in queues} == {
        queue: [now, size, entered, left, most, refused]
        for queue, (now, size, most, entered, left, refused) in queues.items()}
    assert len({tuple(figures[3:5]) for figures in queues.values()}) > 1, "the receiver's are not the transmitter's"
    assert shown["packets"] == [pool[part] for part in
                                ("size", "rest", "submission", "ring", "completion", "stack", "most")]
    counters = {counter: shown[counter][0] for counter in COUNTERS if counter in shown}
    assert counters == sim0["counters"]
    assert shown["dropped"] == [sum(counters.get(cause, 0) for cause in DROPS)]
    packets = [sum(counters.get(f"{way}_{kind}_pkts", 0) for kind in ("ucast", "multicast", "broadcast"))
               for way in ("in", "out")]
    said(rf"{name}: <up,running> mtu {sim0['mtu']}\r\n +ether {sim0['mac']}\r\n +inet {sim0['ip'][0]} gw (?:.*\n)*?"
         rf" +media {sim0['media']}, {sim0['link']} at {sim0['speed']} Mbit/s {sim0['duplex']} duplex\r\n"
         rf" +in  {packets[0]} packets, {counters['in_octets']} bytes; "
         rf"out {packets[1]} packets, {counters['out_octets']} bytes; dropped \d+\r\n")
    assert (sim0["promisc"], sim0["dhcp"]) == (False, False)
    guest.ask(f"ifconfig {name} promisc on", "done")
    assert device.devices()["sim0"]["promisc"] is True


def test_get_changes_nothing_and_the_log_has_its_tail(page):
    guest, device = page
    status, headers, log = device.get("/api/log")
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert re.match(r"\[ +0\.\d{3}\] I main: ringif on ", log)
    for path in ("/api/command", "/api/command?nic%20uninstall%20en1", "/answer", "/nosuch", "/../x"):
        status, headers, body = device.get(path)
        assert (status, headers["Content-Type"]) == (404, "application/json")
        assert "valid: / /api/state" in json.loads(body)["error"]
    assert device.devices()["sim0"]["state"] == "activated enabled"
    for _ in range(60):  # more than the tail holds
        guest.ask("log sim debug", "")
        guest.ask(f"nic disable {FACTS.simulated}", "done")
        guest.ask(f"nic enable {FACTS.simulated}", "done")
    guest.send("log sim info")  # lines logged while the answer goes out push the oldest out of it
    guest.ask("log", "level info")
    log = device.get("/api/log")[2]
    assert TAIL_BYTES - LINE_BYTES <= len(log) <= TAIL_BYTES and log.startswith("[") and log.endswith("\r\n")


def test_commands_are_those_of_the_console(page):
    guest, device = page
    assert device.post("nic install sim") == (200, {"said": "done"})
    assert device.devices()["sim1"]["name"] == FACTS.next_interface
    assert device.post("nic install sim") == (409, {"error": "install: refused, error 16 "
                                                             "(Device or resource busy)"})
    assert device.post(f"nic profile {FACTS.next_interface} flood 100 8") == (200, {"said": "flood, 8 frames every 100 ms"})
    guest.expect(r"sim1 tick \d+: 8 requests, 8 right")
    assert device.post(f"nic uninstall {FACTS.next_interface}\r\n") == (200, {"said": "done"})
    status, answer = device.post(f"nic fault {FACTS.simulated}")  # longer than an answer may be
    assert status == 200 and answer["said"].startswith("drop ") and answer["said"].endswith("...")
    guest.ask("nic list", r"sim1 +- +- +- +\[available\]")


POST = b"POST /api/command HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


def test_what_comes_behind_a_command_is_not_of_it(page):
    """The line has as many bytes as the request says, even if a segment brings more than a line holds."""
    _, device = page
    line = b"ifconfig en0 mtu 1400"
    for behind in (b"", b"\r\n", b" ", b"0" * 60, b"0" * 300, b"0" * 1000):
        assert device.exchange(POST % len(line) + line + behind).endswith(b'\r\n\r\n{"said":"done"}\n'), behind
    assert device.devices()["sim0"]["state"] == "activated enabled"


def test_commands_that_come_at_once_are_all_run(page):
    """The last bytes of each arrive in the same turn of the main loop, which has one event for all."""
    guest, device = page
    lines = [b"nic fault %s drop %d" % (FACTS.simulated.encode(), number) for number in (1, 2, 3)]
    with contextlib.ExitStack() as stack:
        clients = []
        for line in lines:
            clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", device.port), LIMIT_S)))
            clients[-1].sendall(POST % len(line) + line[:-1])
            device.state()  # by then it has been received
        guest.ask("stall 300", "the main loop stops")
        for client, line in zip(clients, lines):
            client.sendall(line[-1:])
        for client in clients:
            assert client.makefile("rb").read().endswith(b'{"said":"done"}\n')


def test_bad_requests_get_one_clear_line_and_change_nothing(page):
    _, device = page
    before = [entry["state"] for entry in device.devices().values()]
    for line, status, error in (
            (f"nic bogus {FACTS.simulated}", 400, "usage: nic list|install"),
            (f"nic power {FACTS.simulated} off", 400, "usage: nic power NAME low|on"),
            ("nosuch", 400, "nosuch: no such command; try help"),
            ("nic uninstall en9", 409, "en9: no such interface"),
            ("crash bus", 409, "crash: only at the serial console"),
            ("pool", 409, "pool: only at the serial console"),
            ("ping 10.0.2.2", 409, "ping: only at the serial console"),
            ("exit", 409, "exit: only at the serial console"),
            ('nic install "\\x', 409, '"\\x: no such driver'),
            ("x" * 78, 400, "a command is one line of 1 to 77 characters"),
            ("", 400, "a command is one line of 1 to 77 characters")):
        got = device.post(line)
        assert got[0] == status and got[1]["error"].startswith(error), got
    assert device.post(f"nic uninstall {FACTS.simulated}", path="/api/state")[0] == 404
    for request, status, error in (
            (b"PUT /api/command HTTP/1.1\r\nHost: x\r\n\r\n", 501, "no such method"),
            (b"HELLO THERE\r\n\r\n", 501, "no such method"),
            (b"POST /api/command HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "no HTTP request"),
            (b"POST /api/command HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400, "no HTTP request"),
            (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 400, "no HTTP request")):
        got = device.ask(request)
        assert got[0] == status and error in json.loads(got[2])["error"], got
    assert [entry["state"] for entry in device.devices().values()] == before


def test_long_headers_do_not_spoil_a_request(page):
    """A browser sends a host's cookies to all of its ports; only what is said of a POST's data must be kept."""
    _, device = page
    line = b"ifconfig en0 mtu 1400"
    for cookie in (900, 960, 1000, 1024, 1400, 1460, 2000, 4096, 16000):
        headers = b"Host: localhost\r\nCookie: " + b"x" * cookie + b"\r\n\r\n"
        for path, end in ((b"/", b"</html>\n"), (b"/api/state", b"}]}\n"), (b"/nosuch", b'command"}\n')):
            answer = device.exchange(b"GET " + path + b" HTTP/1.1\r\n" + headers)
            assert answer.startswith(b"HTTP/1.0 404 " if path == b"/nosuch" else b"HTTP/1.0 200 "), (cookie, answer[:200])
            assert answer.endswith(end), (cookie, answer[-200:])
    status, _, body = device.ask(POST.replace(b"\r\n", b"\r\nCookie: " + b"x" * 4096 + b"\r\n", 1) % len(line) + line)
    assert status == 431 and "at most 1023 bytes" in json.loads(body)["error"]


def test_long_headers_that_pause_are_waited_for(page):
    """The server looks after its connections every two seconds."""
    guest, device = page
    with socket.create_connection(("127.0.0.1", device.port), LIMIT_S) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nCookie: " + b"x" * 1500)
        start = uptime(guest)
        while uptime(guest) < start + 2.5:
            pass
        assert device.state()["board"]  # what was sent before that has come
        assert not select.select([connection], [], [], 0)[0]
        connection.sendall(b"\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.0 200 ") and answer.endswith(b"</html>\n")


def test_long_headers_that_never_end_are_not_answered(page):
    _, device = page
    assert device.exchange(b"GET / HTTP/1.1\r\nCookie: " + b"x" * 1500, shut=True) == b""


def test_a_request_that_is_typed_is_answered(page):
    guest, device = page
    with socket.create_connection(("127.0.0.1", device.port), LIMIT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in (b"GET /api/log HTTP/1.0\r\n", *[b"X-%d: y\r\n" % number for number in range(10)], b"\r", b"\n"):
            connection.sendall(line)
            guest.ask("uptime", r"\r\nup \d+\.\d+ s\r\n")  # it has come
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.0 200 ")


def test_a_client_is_served_again_from_the_same_port(page):
    """The server has closed first, and remembers the connection for two minutes."""
    _, device = page
    request = f"GET /api/log HTTP/1.1\r\nHost: {device.host}\r\n\r\n".encode()
    device.exchange(request)
    for _ in range(3):
        assert device.exchange(request, device.source_port).startswith(b"HTTP/1.0 200 ")


def test_who_shuts_its_half_behind_the_request_is_answered(page):
    _, device = page
    line = b"ifconfig en0 mtu 1400"
    for request, end in (
            (b"GET / HTTP/1.0\r\n\r\n", b"</html>\n"),
            (b"GET /api/state HTTP/1.0\r\n\r\n", b"}]}\n"),
            (POST % len(line) + line, b'{"said":"done"}\n')):
        answer = device.exchange(request, shut=True)
        assert answer.startswith(b"HTTP/1.0 200 OK\r\n") and answer.endswith(end), answer[-200:]


def test_a_post_from_another_site_is_refused(page):
    _, device = page
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Origin": f"https://{device.host}"}, {"origin": "http://127.0.0.1:1"},
                    {"Origin": f"http://{device.host}.evil.example"},
                    {"host": "evil.example", "Origin": "http://evil.example"},  # DNS rebinding
                    {"host": "127.evil.example"}, {"host": "localhost.evil.example"},
                    {"host": "localhostevil.example"}, {"Origin": "x" * 200}):
        status, body = device.post(f"nic uninstall {FACTS.simulated}", **headers)
        assert status == 403 and "not from this device's own page" in body["error"], headers
    assert device.devices()["sim0"]["state"] == "activated enabled"
    for host in (device.host, "localhost", f"localhost:{device.port}"):
        for action in ("disable", "enable"):
            assert device.post(f"nic {action} {FACTS.simulated}", host=host,
                               Origin=f"http://{host}") == (200, {"said": "done"})
    status, headers, _ = device.get("/")
    assert status == 200
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_command_may_take_away_the_ground_it_stands_on(page):
    """The interface that would carry the answer goes: there is no answer, and nothing is left behind."""
    guest, device = page
    with socket.create_connection(("127.0.0.1", device.port), LIMIT_S) as connection:
        line = b"nic uninstall en0"
        connection.sendall(b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(line), line))
        guest.expect(rf"{FACTS.driver} on {FACTS.device} was en0")
    guest.ask(f"nic install {FACTS.driver}", r"en0 up 10\.0\.2\.15/24")
    line = "ifconfig en0 10.0.2.15/25 gw 10.0.2.2"  # ends the connections that use the old address
    request = f"POST /api/command HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(line)}\r\n\r\n{line}"
    assert device.exchange(request.encode()) == b""
    guest.ask("ifconfig en0", r"inet 10\.0\.2\.15/25 gw 10\.0\.2\.2\r\n")
    assert device.post("ifconfig en0 mtu 1400") == (200, {"said": "done"})
    assert_nothing_missing(guest)


# ---- clients that are slow, or stop half way ----

def heap_used(guest):
    return int(guest.ask("mem", r"heap +used (\d+), ").group(1))


def test_bad_clients_cost_nobody_else_anything(booted):
    """Half-open connections, requests that never end, readers that do not read: the page, the other
    services and ping go on, and when the bad clients are gone everything is free again."""
    guest = booted(net="lan")
    host = Lan(guest)
    device = Device(guest)
    echo_port = guest.forward("tcp", ECHO_PORT)

    def check(number):
        assert device.state()["board"]
        assert device.post(f"nic disable {FACTS.simulated}")[0] == 200
        assert device.post(f"nic enable {FACTS.simulated}")[0] == 200
        with socket.create_connection(("127.0.0.1", echo_port), LIMIT_S) as echo:
            echo.sendall(b"still here")
            assert echo.recv(100) == b"still here"
        host.ping(sequence=number)

    def segment(port, flags, seq, ack=0, data=b""):
        host.send(Ether(dst=GUEST_MAC, src=MAC) / IP(src=ADDRESS, dst=GUEST) /
                  TCP(sport=port, dport=HTTP_PORT, flags=flags, seq=seq, ack=ack, window=8192) / data)

    def connect(port):
        segment(port, "S", 100)
        answer = host.receive(lambda p: TCP in p and p[TCP].dport == port and "S" in p[TCP].flags)
        segment(port, "A", 101, answer[TCP].seq + 1)
        return answer[TCP].seq + 1

    before = heap_used(guest)
    check(1)
    for port in range(3000, 3030):  # just a SYN
        segment(port, "S", 1)
        host.ping(sequence=port)  # one by one: the ring is short
    check(2)
    for port in range(4000, 4010):  # connected, and silent
        connect(port)
        check(port)
    for port in range(5000, 5010):  # half of a request
        segment(port, "PA", 101, connect(port), b"POST /api/command HTTP/1.1\r\nContent-Le")
    check(3)
    for port in range(6000, 6010):  # a command that never comes
        segment(port, "PA", 101, connect(port),
                b"POST /api/command HTTP/1.1\r\nHost: ringif\r\nContent-Length: 20\r\n\r\nnic")
        check(port)
    for port in range(7000, 7010):  # the page is requested, and never read
        segment(port, "PA", 101, connect(port), b"GET / HTTP/1.0\r\n\r\n")
        check(port)
    for first, ports in ((3000, 30), (4000, 10), (5000, 10), (6000, 10), (7000, 10)):
        for port in range(first, first + ports):
            segment(port, "R", 101)
            host.ping(sequence=port)
    for _ in range(100):
        used = heap_used(guest)
        if used <= before:
            break
    assert used <= before
    assert_nothing_missing(guest)
