"""A product that uses ringif from a tree of its own, as docs/porting.md shows it."""
import os
import re
import shutil
import socket
import subprocess

import pytest
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


@pytest.mark.parametrize("option", ["LWIP_HOOK_FILENAME", "LWIP_HOOK_TCP_ISN", "MEMP_NUM_SYS_TIMEOUT",
                                    "LWIP_TESTMODE"])
def test_an_option_that_lwipopts_lacks_is_named(tmp_path, option):
    root, product = os.path.abspath(ROOT), tmp_path / "product"
    shutil.copytree(os.path.join(ROOT, "tests", "out-of-tree"), product)
    options = (product / "lwipopts.h").read_text().replace("LWIP_TCP            0", "LWIP_TCP 1")
    (product / "lwipopts.h").write_text(re.sub(rf"#define {option} .*", "", options))
    objects = [f"{tmp_path}/b/{root}/driver/{name}.o" for name in ("ringif", "lwip_timers")]
    made = subprocess.run(["make", "-k", "-C", product, f"RINGIFDIR={root}", f"B={tmp_path}/b", *objects],
                          capture_output=True, text=True, check=False, env=without_make())
    assert made.returncode != 0 and f'#error "lwipopts.h: {option} has to be ' in made.stderr, made.stderr


def test_a_driver_and_its_fake_may_be_in_more_files(tmp_path):
    for name in ("mac.c", "fake_mac.c", "mac_mac.c", "shared.c"):
        (tmp_path / name).touch()
    made = subprocess.run(["make", "-n", "test-conformance", f"PRODUCT_DIR={tmp_path}", "DRIVER=mac",
                           f"PRODUCT_SOURCES={tmp_path}/shared.c"], cwd=ROOT, capture_output=True, text=True,
                          check=True, env=without_make())
    assert re.search(r"/mac\.c \S*/fake_mac\.c \S*/mac_mac\.c \S*/shared\.c ", made.stdout), made.stdout[-2000:]


def test_a_product_of_its_own_answers():
    make()
    assert make() == ""
    for changed in ("build/lwip/src/include/lwip/prot/icmp.h", "linker/cortex_m.ld"):
        assert "product.elf is made" in make("-W", f"../../{changed}"), changed
    with Guest(os.path.join(ROOT, "build", "out-of-tree", "product.elf"), net="slirp") as guest:
        guest.expect(r"I product: msf2_emac is up")
        guest.expect(r"E nic: acme at 0x[0-9a-f]+ does not start: error 19")  # it is not there
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(Guest.SAFETY_S)
            peer.connect(("127.0.0.1", guest.forward("udp", ECHO_PORT)))
            for length in (1, 64, 1472):
                peer.send(bytes(length))
                assert peer.recv(2000) == bytes(length)
