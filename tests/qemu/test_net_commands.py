"""The console's view of the stack: ifconfig, ping, dns, and the stack's tables."""
import re

from conftest import FACTS
from lan import ADDRESS, GUEST, MAC, Lan
from scapy.layers.dns import DNS, DNSRR
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import Ether


def interface(guest, name):
    """What ifconfig prints for one interface, except for the counters."""
    guest.ask(f"ifconfig {name}", r"dropped \d+\r\n")
    shown = guest.text[guest.text.rindex(f"{name}: <", 0, guest.seen):guest.seen]
    return re.sub(r" {4}in .*", "", shown)


def test_ifconfig_shows_and_changes_an_interface(booted):
    guest = booted(net="slirp")
    assert re.search(rf"en0: <up,running> mtu 1500\r\n +ether {FACTS.mac}\r\n"
                     r" +inet 10\.0\.2\.15/24 gw 10\.0\.2\.2 dhcp\r\n", interface(guest, "en0"))
    guest.ask(f"ifconfig {FACTS.simulated} 10.9.0.1/16 gw 10.9.0.2", r"done\r\n")
    assert "inet 10.9.0.1/16 gw 10.9.0.2\r\n" in interface(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} 10.1.0.1/24", r"done\r\n")
    assert "inet 10.1.0.1/24 gw 0.0.0.0\r\n" in interface(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} promisc on", r"done\r\n")
    guest.ask(f"ifconfig {FACTS.simulated} allmulti on", r"done\r\n")
    assert f"{FACTS.simulated}: <up,running,promisc,allmulti> mtu " in interface(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} down", r"done\r\n")
    assert f"{FACTS.simulated}: <up,promisc,allmulti>" in interface(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} fast on", r"done\r\n")
    assert f"{FACTS.simulated}: <up,promisc,allmulti,fast>" in interface(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} fast off", r"done\r\n")
    assert f"{FACTS.simulated}: <up,promisc,allmulti>" in interface(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} up", r"done\r\n")
    guest.ask("ifconfig en0 fec0::1:2/64", r"done\r\n")
    assert "inet6 FEC0::1:2/64" in interface(guest, "en0")
    guest.ask(f"ifconfig {FACTS.simulated} mtu 500", "done")
    guest.ask(f"ifconfig {FACTS.simulated} fec0::1:3/64", r"address: refused")  # too short for IPv6
    guest.ask("ifconfig en0 10.0.2.99/24 gw 10.0.2.2", r"en0 up 10\.0\.2\.99/24")
    guest.ask("ifconfig en0 dhcp", r"en0 up 10\.0\.2\.15/24")


def test_ifconfig_tells_of_an_address_that_another_has(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    guest.ask("ifconfig en0 fec0::1:2/64", r"done\r\n")
    assert "inet6 FEC0::1:2/64 tentative\r\n" in interface(guest, "en0")
    host.receive(lambda p: ICMPv6ND_NS in p and p[ICMPv6ND_NS].tgt == "fec0::1:2")
    host.send(Ether(dst="33:33:00:00:00:01", src=MAC) / IPv6(src="fec0::1:2", dst="ff02::1") /
              ICMPv6ND_NA(tgt="fec0::1:2", S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=MAC))
    host.ping()
    assert "inet6 FEC0::1:2/64 duplicated\r\n" in interface(guest, "en0")


def test_ifconfig_refuses_what_makes_no_sense_and_changes_nothing(booted):
    guest = booted(net="slirp")
    guest.expect(r"en0 up FEC0")
    before = interface(guest, "en0")
    for wrong in ("en0 10.0.2.15", "en0 10.0.2/24", "en0 10.0.2.300/24", "en0 10.0.2.15/33",
                  "en0 10.0.2.15/x", "en0 10.0.2.15/24 gw", "en0 10.0.2.15/24 gw nobody",
                  "en0 10.0.2.15/24 via 10.0.2.2", "en0 fec0::7/48", "en0 fec0::7/64 gw 10.0.2.2",
                  "en0 10.0.2.15/24 gw fec0::2", "en0 mac", "en0 mac 02:00:00:00:00",
                  "en0 mac 02:00:00:00:00:0g", "en0 mac 02:00:00:00:00:00:00", "en0 mtu", "en0 mtu x",
                  "en0 mtu 70000", "en0 promisc", "en0 promisc yes", "en0 up now", "en0 nosuch",
                  "en0 dhcp off"):
        guest.ask(f"ifconfig {wrong}", r"\r\nusage: ifconfig \[NAME ")
    for nobodys in ("0.0.0.0/24", "127.0.0.1/8", "224.0.0.1/24", "255.255.255.255/24", "::/64", "::1/64",
                    "ff02::1/64"):
        guest.ask(f"ifconfig en0 {nobodys}",
                  rf"\r\n{nobodys.partition('/')[0]}: not the address of one host; valid: such as 10\.")
    for impossible in ("en0 mtu 67", "en0 mac 01:00:00:00:00:01", "en0 mac 02:00:00:00:00:01"):
        guest.ask(f"ifconfig {impossible}", r"refused, error \d+ \(")
    guest.ask("ifconfig en7 up", "en7: no such interface")
    assert interface(guest, "en0") == before


def answer_ping(host, received, source=ADDRESS, **changes):
    request = received[ICMP]
    host.send(Ether(dst=received.src, src=MAC) / IP(src=source, dst=GUEST) /
              ICMP(type=0, **{"id": request.id, "seq": request.seq, **changes}) / bytes(request.payload))


def is_request(packet):
    return ICMP in packet and packet[ICMP].type == 8


def test_ping_tells_what_comes_back_and_what_does_not(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    guest.send(f"ping -c 3 -i 0.2 -s 100 {ADDRESS}")
    guest.expect(r"PING 10\.0\.2\.77: 100 data bytes")
    first, second = host.receive(is_request), host.receive(is_request)
    assert len(bytes(first[ICMP].payload)) == 100
    answer_ping(host, first)  # when the second has come, 200 ms later
    times = [guest.expect(r"108 bytes from 10\.0\.2\.77: icmp_seq=1 time=(\d+\.\d{3}) ms").group(1)]
    answer_ping(host, host.receive(is_request))
    answer_ping(host, first)  # a duplicate: counts once
    answer_ping(host, second, seq=77)  # an answer to another request: none to this
    answer_ping(host, second, id=second[ICMP].id ^ 1)
    answer_ping(host, second, source="10.0.2.78")
    times.append(guest.expect(r"icmp_seq=3 time=(\d+\.\d{3}) ms").group(1))
    told = guest.expect(r"3 packets transmitted, 2 received, 33% packet loss\r\n"
                        r"rtt min/avg/max = (\d+\.\d{3})/(\d+\.\d{3})/(\d+\.\d{3}) ms\r\n> ").groups()
    times = sorted(map(float, times))
    assert times[1] >= 199
    assert [float(told[0]), float(told[2])] == times
    assert abs(float(told[1]) - sum(times) / 2) <= 0.001


def test_an_answer_comes_behind_many_requests(booted):
    """As on a path that takes longer than from request to request: the request says when it was sent."""
    guest = booted(net="lan")
    host = Lan(guest)
    guest.send(f"ping -c 20 -i 0.05 {ADDRESS}")
    requests = [host.receive(is_request) for _ in range(20)]
    for request in requests[:2]:
        answer_ping(host, request)
        answer_ping(host, request)  # counts once
    for request in (1, 2):
        time = guest.expect(rf"64 bytes from 10\.0\.2\.77: icmp_seq={request} time=(\d+\.\d{{3}}) ms\r\n").group(1)
        assert float(time) >= 50 * (20 - request) - 1
    guest.expect(r"20 packets transmitted, 2 received, 90% packet loss\r\nrtt ")


def test_a_request_without_room_for_its_time_has_none(booted):
    guest = booted(net="slirp")
    for size in (0, 3):
        guest.ask(f"ping -c 1 -i 0.05 -s {size} 10.0.2.2", rf"{8 + size} bytes from 10\.0\.2\.2: icmp_seq=1\r\n"
                  r"1 packets transmitted, 1 received, 0% packet loss\r\n> ")
    guest.ask("ping -c 1 -i 0.05 -s 4 10.0.2.2", r"12 bytes from 10\.0\.2\.2: icmp_seq=1 time=\d+\.\d{3} ms\r\n"
              r"1 packets transmitted, 1 received, 0% packet loss\r\nrtt ")


def test_ping_goes_on_until_it_is_told_and_keeps_what_is_typed_ahead(booted):
    guest = booted(net="lan")
    Lan(guest)
    guest.send(f"ping -c 1000 -i 0.1 {ADDRESS}")
    guest.expect(r"PING")
    guest.keys("upti\x03me\r")
    guest.expect(r"\^C\r\n\d+ packets transmitted, 0 received, 100% packet loss\r\n> upti")
    guest.expect(r"up \d+\.\d{3} s")
    guest.send(f"ping -c 2 -i 0.1 {ADDRESS}")
    guest.send("uptime")
    guest.expect(r"2 packets transmitted, 0 received.*\r\n> uptime\r\nup \d+\.\d{3} s")


def test_ctrl_c_ends_a_ping_and_drops_the_lines_that_wait_for_its_end(booted):
    guest = booted(net="lan")
    Lan(guest)
    start = guest.seen
    for ahead, left in (("\r", ""), ("half", "half"), ("uptime\r", ""), ("uptime\r\ruptime\rhalf", "half")):
        guest.send(f"ping -c 60000 {ADDRESS}")
        guest.expect(r"PING")
        guest.keys(f"{ahead}\x03")
        guest.expect(rf"\^C\r\n\d+ packets transmitted, 0 received, 100% packet loss\r\n> {left}")
        guest.keys("\x15")
    assert not re.search(r"up \d+\.\d{3} s", guest.text[start:])
    guest.ask("uptime", r"up \d+\.\d{3} s")


def test_ping_over_ipv6_and_to_nowhere(booted):
    guest = booted(net="slirp")
    guest.expect(r"en0 up FEC0")
    guest.ask("ping -c 2 -i 0.05 fec0::2", r"64 bytes from FEC0::2: icmp_seq=1 time=")
    guest.expect(r"2 packets transmitted, 2 received, 0% packet loss")
    guest.ask("nic uninstall en0", "done")
    guest.ask("ping -c 1 -i 0.05 192.168.1.1", r"icmp_seq=1 not sent: ")
    guest.expect(r"1 packets transmitted, 0 received, 100% packet loss")
    for wrong in ("", "-c 0 10.0.2.2", "-c 10.0.2.2", "-s 1453 10.0.2.2", "-i 0 10.0.2.2",
                  "-i x 10.0.2.2", "-x 1 10.0.2.2", "10.0.2.2 -c 1"):
        guest.ask(f"ping {wrong}", r"\r\nusage: ping ")


def receive_question(host):
    return host.receive(lambda p: DNS in p and p[DNS].qr == 0)


def answer_dns(host, address):
    """Answers the next query for a name, and returns the name."""
    question = receive_question(host)
    answer_question(host, question, address)
    return question[DNS].qd.qname.decode()


def answer_question(host, question, address):
    """Answers with `address`, or that there is none."""
    records = DNSRR(rrname=question[DNS].qd.qname, ttl=60, rdata=address) if address else None
    host.send(Ether(dst=question.src, src=question.dst) /
              IP(src=question[IP].dst, dst=GUEST) / UDP(sport=53, dport=question[UDP].sport) /
              DNS(id=question[DNS].id, qr=1, qd=question[DNS].qd, an=records,
                  rcode=0 if address else 3))


def test_names_are_looked_up(booted):
    """Everything that is not for this host goes to the test, which is also the DNS server."""
    guest = booted(net="lan")
    host = Lan(guest)
    guest.ask(f"ifconfig en0 10.0.2.15/32 gw {ADDRESS}", "done")
    guest.ask("dns host.test", r"host\.test: no DNS server is known")
    for part in ("10", "10.0.2", "10.0.2.300", "nobody"):
        guest.ask(f"dns server {part}", r"\r\nusage: dns \[NAME ")
    guest.ask(f"dns {'x' * 64}", r"\r\nusage: dns \[NAME ")  # longer than a name may be
    guest.ask("dns server nobody", "usage: dns")
    guest.ask("dns server 10.0.2.3", "done")
    guest.ask("dns", r"server 10\.0\.2\.3\r\n> ")
    guest.send("dns host.test")
    assert answer_dns(host, "10.0.2.77") == "host.test."
    guest.expect(r"host\.test is 10\.0\.2\.77\r\n> ")
    guest.ask("dns host.test", r"host\.test is 10\.0\.2\.77\r\n> ")  # known by now
    guest.send("dns other.test")
    answer_dns(host, None)
    guest.expect(r"other\.test: no such name, or no server answers\r\n> ")
    guest.send("ping -c 1 third.test")
    answer_dns(host, "10.0.2.77")
    guest.expect(r"PING 10\.0\.2\.77: 56 data bytes")
    answer_ping(host, host.receive(is_request))
    guest.expect(r"1 packets transmitted, 1 received, 0% packet loss")
    guest.send("ping -c 1 fourth.test.")  # the dot is the stack's concern
    assert answer_dns(host, "10.0.2.77") == "fourth.test."
    answer_ping(host, host.receive(is_request))
    guest.expect(r"1 packets transmitted, 1 received, 0% packet loss")
    guest.send("dns fifth.test")
    question = receive_question(host)
    guest.keys("\x03")
    guest.expect(r"no answer yet\r\n> ")
    guest.send("ping -c 1 FIFTH.test")  # sends no query: one is in flight
    guest.expect(r"FIFTH\.test\r\n")
    answer_question(host, question, "10.0.2.77")
    answer_ping(host, host.receive(is_request))
    guest.expect(r"1 packets transmitted, 1 received, 0% packet loss")
    guest.send("dns slow.test")
    host.receive(lambda p: DNS in p)
    guest.keys("\x03")
    guest.expect(r"no answer yet\r\n> ")
    guest.ask("uptime", r"up \d+\.\d{3} s")
    guest.ask("dns 10.1.2.3", r"10\.1\.2\.3 is 10\.1\.2\.3")


def test_tables_of_the_stack(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    guest.ask("arp", r"10\.0\.2\.77 +02:00:00:00:00:77  en0\r\n")
    guest.ask("netstat", r"tcp  \*:7 +\*:\* +LISTEN\r\n")
    guest.expect(r"udp  \*:7 +\*:\*")
    guest.expect(r"TCP_PCB_LISTEN +used \d+, most \d+, of \d+, refused 0")
    guest.ask("mem", r"stack +most (\d+), of \d+\r\nheap +used \d+, most \d+, of \d+, refused 0")
    guest.ask("proto", r"icmp +received [1-9]\d*, sent [1-9]\d*, dropped 0, bad checksum 0")
    guest.ask("log tail", r"\[ +\d+\.\d{3}\] I main: ringif on ")


def test_ioreg_is_the_tree_of_the_kit(booted):
    guest = booted(net="slirp")
    guest.send("ioreg")
    guest.expect(r"\+-o \S+  <class board, lwIP \d+\.\d+\.\d+, up \d+ s>\r\n")
    guest.expect(r"  \+-o dispatch  <class dispatch_queue, \d+ sources, \d+ posted>\r\n")
    guest.expect(rf"  \+-o {FACTS.device}  <class nic_device, base 0x\w{{8}}, irq \d+, activated enabled>\r\n"
                 rf"  \| \+-o {FACTS.driver}  <class nic, registered, matched, active, busy \d+, retain \d+>"
                 r"\r\n  \|     \+-o pool  <class packet_pool, \d+ of \d+ bytes, rest \d+, ")
    for queue in ("tx_submission", "tx_completion", "rx_submission", "rx_completion"):
        guest.expect(rf"  \|     \+-o {queue}  <class packet_queue, \d+ of \d+, in \d+, out \d+>\r\n")
    guest.expect(r"  \|     \+-o tx_packet_available  <class dispatch_source, (idle|posted)>\r\n")
    guest.expect(r"  \|     \+-o en0  <class netif, up, link active, 10\.0\.2\.15, mtu 1500>\r\n")
    guest.expect(r"  \|     \+-o receive_timer  <class timer_source, armed, due in \d+ ms>\r\n")
    guest.expect(r"  \+-o sim1  <class nic_device, base 0x\w{8}, irq \d+, available>\r\n> ")
    assert all(len(line) <= 80 for line in guest.text[guest.text.index("+-o"):].splitlines())


def test_stats_are_shown_by_interface_and_cleared(booted):
    guest = booted(net="slirp")
    guest.expect(r"sim0 tick 1:")
    guest.ask(f"stats {FACTS.simulated}", rf"{FACTS.simulated} in_ucast_pkts [1-9]\d*\r\n")
    guest.expect(rf"{FACTS.simulated} dropped 0\r\n> ")
    guest.ask(f"stats {FACTS.simulated} -z", rf"{FACTS.simulated} in_ucast_pkts [1-9]\d*\r\n")
    guest.expect(rf"{FACTS.simulated} dropped 0\r\n> ")
    guest.ask(f"stats {FACTS.simulated}", rf"stats {FACTS.simulated}\r\n{FACTS.simulated} dropped 0\r\n> ")
    guest.ask("stats en0 -x", "usage: stats")
