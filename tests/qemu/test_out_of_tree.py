"""A product that uses ringif from a tree of its own, as docs/porting.md shows it."""
import os
import socket
import subprocess

from conftest import ROOT, without_make
from emulator import ECHO_PORT, Guest

def test_lwip_is_brought_where_it_is_not_there(tmp_path):
    for name in ("Filelists.mk", "driver", "linker", "port"):
        (tmp_path / name).symlink_to(os.path.join(ROOT, name))
    (tmp_path / "build").mkdir()
    (tmp_path / "tools").mkdir()
    setup = tmp_path / "tools" / "setup"
    setup.write_text(f"#!/bin/sh\nln -s {os.path.abspath(ROOT)}/build/lwip {tmp_path}/build/lwip\n")
    setup.chmod(0o755)
    # -n: included makefiles are made all the same.
    made = subprocess.run(["make", "-n", "-C", "tests/out-of-tree", f"RINGIFDIR={tmp_path}"], cwd=ROOT,
                          capture_output=True, text=True, check=True, env=without_make())
    assert "build/out-of-tree/product.elf is made" in made.stdout


def make(*options):
    """What make prints while it builds the product."""
    return subprocess.run(["make", "-s", "-C", "tests/out-of-tree", *options], cwd=ROOT, check=True,
                          env=without_make(), stdout=subprocess.PIPE, text=True).stdout


def test_a_product_of_its_own_answers():
    make()
    assert make() == ""
    for changed in ("build/lwip/src/include/lwip/prot/icmp.h", "linker/cortex_m.ld"):
        assert "product.elf is made" in make("-W", f"../../{changed}"), changed
    with Guest(os.path.join(ROOT, "build", "out-of-tree", "product.elf"), net="slirp") as guest:
        guest.expect(r"I product: msf2_emac is up")
        guest.expect(r"E nic: acme_mac at 0x[0-9a-f]+ does not start: error 19")  # it is not there
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(Guest.SAFETY_S)
            peer.connect(("127.0.0.1", guest.forward("udp", ECHO_PORT)))
            for length in (1, 64, 1472):
                peer.send(bytes(length))
                assert peer.recv(2000) == bytes(length)
