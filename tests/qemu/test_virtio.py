"""A virtio network device: where it is, which versions are accepted, and what it does for the guest."""
import os
import subprocess
import sys

from conftest import FACTS, IN_NETWORK, needs_tap

HERE = os.path.dirname(os.path.abspath(__file__))


def test_a_legacy_device_is_refused_with_the_option_to_give(boot):
    guest = boot(net="slirp", extra=("-global", "virtio-mmio.force-legacy=true"))
    guest.expect(r"E virtio: legacy device at 0xa003e00, not supported: "
                 r"qemu -global virtio-mmio\.force-legacy=false\r\n")
    guest.expect(r"sim0 tick 1: 8 requests, 8 right")  # the rest of the system works
    guest.ask("nic list", r"virtio_net \(1\.0\) +net0 +- +- +- +\[available\]")
    guest.ask("nic install virtio_net", r"install: refused, error 5")


def test_a_device_that_is_not_there_is_told(boot):
    guest = boot(net="default", extra=("-nic", "none"))
    guest.expect(r"E virtio: no such device at 0xa003e00: qemu -device virtio-net-device\r\n")
    guest.expect(r"sim0 tick 1: 8 requests, 8 right")


def test_the_device_is_found_in_any_slot(boot):
    guest = boot(net="default", extra=(
        "-netdev", "user,id=net0", "-device", "virtio-rng-device", "-device",
        f"virtio-net-device,netdev=net0,bus=virtio-mmio-bus.5,mac={FACTS.mac}"))
    guest.expect(r"en0 up 10\.0\.2\.15/24")
    guest.ask("stats", r"en0 interrupts [1-9]\d*\r\n")


def test_the_address_is_the_hosts_until_another_is_set(boot):
    guest = boot(net="default", extra=("-netdev", "user,id=net0", "-device",
                                       "virtio-net-device,netdev=net0,mac=02:00:00:00:aa:bb"))
    guest.expect(r"en0 up 10\.0\.2\.15/24")
    guest.ask("nic list", r"net0 +en0 +active +02:00:00:00:aa:bb")
    for mac in ("02:00:00:00:aa:cc", "02:00:00:00:aa:bb"):
        guest.ask("nic disable en0", "done")
        guest.ask(f"ifconfig en0 mac {mac}", "done")
        guest.ask("nic enable en0", r"en0 up 10\.0\.2\.15/24")
        assert guest.qmp("query-rx-filter")[0]["main-mac"] == mac


def test_the_devices_mtu_bounds_the_interfaces(boot):
    for devices, ours in ((1300, 1300), (1200, 1200), (9000, 1500)):
        guest = boot(net="default", extra=("-netdev", "user,id=net0", "-device",
                                           f"virtio-net-device,netdev=net0,mac={FACTS.mac},host_mtu={devices}"))
        guest.expect(r"en0 up 10\.0\.2\.15/24")
        said = guest.ask("ifconfig en0", fr"en0: <up,running> mtu {ours}\r\n(.*\r\n)*    media")
        assert ("inet6" in said.group(0)) == (ours >= 1280)
        guest.ask(f"ifconfig en0 mtu {ours + 1}", "mtu: refused, error 22")
        guest.ask("ping -c 1 10.0.2.2", "1 received")


def test_the_device_filters_as_it_is_told(booted):
    guest = booted(net="slirp")
    guest.expect("en0 up FE80")

    def told():
        return guest.qmp("query-rx-filter")[0]

    def told_at_last(promiscuous, multicast):
        """The device learns of it in parallel to the processor, which does not wait."""
        for _ in range(1000):
            if (told()["promiscuous"], told()["multicast"]) == (promiscuous, multicast):
                return
            guest.ask("nic list", r"net0 +en0 +active")
        raise AssertionError(told())

    assert not told()["promiscuous"] and told()["multicast"] == "normal"
    assert set(told()["multicast-table"]) >= {"01:00:5e:00:00:01", "33:33:00:00:00:01", "33:33:ff:12:34:56"}
    assert not told()["unicast-table"]
    guest.ask("ifconfig en0 promisc on", "done")
    told_at_last(True, "normal")
    guest.ask("ifconfig en0 promisc off", "done")
    guest.ask("ifconfig en0 allmulti on", "done")
    told_at_last(False, "all")
    guest.ask("ifconfig en0 allmulti off", "done")
    told_at_last(False, "normal")


@needs_tap
def test_the_host_and_the_device_make_each_others_checksums():
    result = subprocess.run([*IN_NETWORK, sys.executable, os.path.join(HERE, "tap_checksums.py")],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
