"""A product that uses ringif from a tree of its own, as docs/porting.md shows it."""
import glob
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


def product_with(tmp_path, **options):
    """The directory of a product with these options of lwIP; None: without."""
    product = tmp_path / "product"
    shutil.copytree(os.path.join(ROOT, "tests", "out-of-tree"), product)
    text = (product / "lwipopts.h").read_text()
    for option, value in options.items():
        text = re.sub(rf"#define {option} .*\n", "", text)
        if value is not None:
            text = text.replace("\n#endif\n", f"\n#define {option} {value}\n#endif\n")
    (product / "lwipopts.h").write_text(text)
    return product


def make_objects(tmp_path, product, *names):
    root = os.path.abspath(ROOT)
    return subprocess.run(["make", "-k", "-C", product, f"RINGIFDIR={root}", f"B={tmp_path}/b",
                           *(f"{tmp_path}/b/{root}/{name}.o" for name in names)],
                          capture_output=True, text=True, check=False, env=without_make())


@pytest.mark.parametrize("option, value, name", [
    ("LWIP_HOOK_FILENAME", None, "ringif"), ("LWIP_HOOK_TCP_ISN", None, "ringif"),
    ("MEMP_NUM_SYS_TIMEOUT", None, "ringif"), ("LWIP_TESTMODE", None, "lwip_timers"),
    ("LWIP_SUPPORT_CUSTOM_PBUF", 0, "ringif"), ("MEM_LIBC_MALLOC", 1, "../port/newlib/syscalls")])
def test_an_option_that_lwipopts_lacks_is_named(tmp_path, option, value, name):
    product = product_with(tmp_path, **{"LWIP_TCP": 1, option: value})
    made = make_objects(tmp_path, product, os.path.normpath(f"driver/{name}"))
    assert made.returncode != 0 and f'#error "lwipopts.h: {option} has to be ' in made.stderr, made.stderr


@pytest.mark.parametrize("option, value", [
    ("NO_SYS", None), ("SYS_LIGHTWEIGHT_PROT", None), ("MEM_ALIGNMENT", None), ("LWIP_TIMERS", 0),
    ("LWIP_CHECKSUM_CTRL_PER_NETIF", None), ("LWIP_ARP", 0), ("LWIP_ICMP6", 0), ("ETH_PAD_SIZE", 2),
    ("MEM_STATS", 0), ("MEMP_STATS", 0), ("CHECKSUM_GEN_TCP", 0)])
def test_a_wrong_option_is_the_first_error_of_each_file(tmp_path, option, value):
    """Whichever it is that make compiles first."""
    product = product_with(tmp_path, **{"LWIP_TCP": 1, "LWIP_IPV6": 1, "LWIP_STATS": 1, "MEM_QUEUE_RESERVE": 100,
                                        "TCP_SEG_RESERVE": 2, option: value})
    for name in ("checksum", "fast_path", "lwip_timers", "nic", "packet_pool", "registry", "reply", "ringif"):
        made = make_objects(tmp_path, product, f"driver/{name}")
        first = re.search(r"error: .*", made.stderr)
        named = re.sub("CHECKSUM_GEN_.*", "CHECKSUM_GEN_*", option)
        assert first and f'#error "lwipopts.h: {named} has to be ' in first.group(), f"{name}: {made.stderr}"


@pytest.mark.parametrize("options", [
    {"LWIP_IPV4": 0, "LWIP_IPV6": 1}, {"LWIP_UDP": 0, "LWIP_TCP": 1}, {"LWIP_IPV6": 0, "LWIP_IPV6_MLD": 1}])
def test_a_version_of_ip_or_udp_may_be_off(tmp_path, options):
    kit = sorted(name for name in os.listdir(os.path.join(ROOT, "driver")) if name.endswith(".c"))
    made = make_objects(tmp_path, product_with(tmp_path, **options), *(f"driver/{name[:-2]}" for name in kit))
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("profile", ["node", "small"])
def test_a_profiles_options_are_a_start(tmp_path, profile):
    product = product_with(tmp_path)
    shutil.copy(os.path.join(ROOT, "profiles", profile, "lwipopts.h"), product)
    made = make_objects(tmp_path, product, "driver/ringif")
    assert made.returncode == 0, made.stderr


def test_lwips_applications_compile(tmp_path):
    """Those that a product may want besides."""
    product = product_with(tmp_path, LWIP_TCP=1, LWIP_IPV6=1, LWIP_IGMP=1, LWIP_DNS=1, LWIP_SNMP=1, LWIP_STATS=1,
                           MIB2_STATS=1, LWIP_NETIF_HOSTNAME=1, LWIP_NETIF_EXT_STATUS_CALLBACK=1,
                           LWIP_NUM_NETIF_CLIENT_DATA=2, LWIP_MDNS_RESPONDER=1, IP_FORWARD=1, RINGIF_BRIDGE=1)
    flags = subprocess.run(["make", "-s", "-C", product, f"RINGIFDIR={os.path.abspath(ROOT)}", f"B={tmp_path}/b",
                            "--eval=show: ; @echo $(CFLAGS)", "show"], capture_output=True, text=True, check=True,
                           env=without_make()).stdout.split()
    lwip = os.path.join(os.path.abspath(ROOT), "build", "lwip", "src")
    sources = [name for pattern in ("lwiperf/*", "mdns/*", "mqtt/*", "sntp/*", "tftp/*", "netbiosns/*", "smtp/*",
                                    "snmp/*", "http/http_client")
               for name in glob.glob(f"{lwip}/apps/{pattern}.c")] + glob.glob(f"{lwip}/netif/bridgeif*.c")
    assert len(sources) > 25
    made = subprocess.run(["arm-none-eabi-gcc", "-fsyntax-only", "-w", "-Werror=implicit-function-declaration",
                           *flags, *sources], cwd=product, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


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
