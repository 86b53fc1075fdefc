#!/usr/bin/python3
"""Packets and bits a second by the host's clock, for information: they say more about the emulator than a firmware.

usage: tests/bench/wall.py

Prints a table: the firmware, and beside it a guest that only sends back what it receives, which is as fast as the
emulator allows. Nothing here is a pass or a failure.
"""
import contextlib
import socket
import sys
import time

import bench
import growth
import peer as lan
from emulator import CHARGEN_PORT, DISCARD_PORT, ECHO_PORT, Guest, Problem

SECONDS = 2
WINDOW = 8        # requests in flight
PATIENCE_S = 0.2  # without an answer: what is in flight is lost
SIZES = {"lan": (18, 1472), "slirp": (18,)}  # slirp does not forward the answers to long ones, not even the reflector's
FRAME_BYTES = 14 + 20 + 8 + 4
GUESTS = {"firmware": (lambda: bench.elf_of(growth.BOARD), bench.READY),
          "reflector": (lambda: growth.elf_of("reflect"), growth.READY)}


def answers(send, receive):
    """Requests answered in a second, with WINDOW of them in flight."""
    count, begin = 0, time.monotonic()
    for _ in range(WINDOW):
        send()
    while (now := time.monotonic()) - begin < SECONDS:
        if receive():
            count += 1
            send()
        else:
            for _ in range(WINDOW):
                send()
    return count / (now - begin)


def received(sock, is_answer):
    try:
        return is_answer(sock.recv(2048))
    except TimeoutError:
        return False


def by_lan(guest, size):
    host = lan.Peer(guest.lan_dir, bench.BOARDS[growth.BOARD].mac)
    try:
        host.socket.settimeout(PATIENCE_S)
        frame = host.udp(bytes(size))

        def receive():
            host.replies.clear()
            while not host.replies:
                try:
                    host.take(host.socket.recv(2048))
                except TimeoutError:
                    return False
            return True

        def send():
            with contextlib.suppress(TimeoutError):  # lost, like one that is not answered
                host.send(frame)

        host.send(host.arp_request())
        receive()
        return answers(send, receive)
    finally:
        host.close()


def by_slirp(guest, size):
    port = guest.forward("udp", ECHO_PORT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(PATIENCE_S)
        data = bytes(size)
        return answers(lambda: sock.send(data), lambda: received(sock, lambda answer: len(answer) == size))


def tcp_bits(guest, service, move):
    """Megabits a second, while `move(socket)` moves bytes and returns how many."""
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", service))) as sock:
        total, begin = 0, time.monotonic()
        while (now := time.monotonic()) - begin < SECONDS:
            total += move(sock)
        return total * 8 / 1e6 / (now - begin)


def print_row(name, values):
    print(f"{name:30}" + "".join(f"{value:>24}" for value in values), flush=True)


def measure(net, way):
    """{(guest, size): answers a second}"""
    rates = {}
    for name, (elf, ready) in GUESTS.items():
        with Guest(elf(), board=growth.BOARD, net=net) as guest:
            for line in ready:
                guest.expect(line)
            if net == "lan":
                guest.qmp("set_link", name="user0", up=False)
            for size in SIZES[net]:
                rates[name, size] = way(guest, size)
    return rates


def main():
    try:
        print_row("", GUESTS)
        for net, way in (("lan", by_lan), ("slirp", by_slirp)):
            rates = measure(net, way)
            for size in SIZES[net]:
                bits = (size + FRAME_BYTES) * 8 / 1e6
                print_row(f"UDP echo {size} B, {net}",
                          [f"{rates[name, size]:.0f} a s, {rates[name, size] * bits:.1f} Mbit/s" for name in GUESTS])
        with Guest(bench.elf_of(growth.BOARD), board=growth.BOARD, net="slirp") as guest:
            for line in bench.READY:
                guest.expect(line)
            block = bytes(1 << 14)
            print_row("TCP to the guest, slirp",
                      [f"{tcp_bits(guest, DISCARD_PORT, lambda sock: sock.send(block)):.1f} Mbit/s", ""])
            print_row("TCP from the guest, slirp",
                      [f"{tcp_bits(guest, CHARGEN_PORT, lambda sock: len(sock.recv(1 << 16))):.1f} Mbit/s", ""])
    except Problem as problem:
        print(f"wall: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
