"""QEMU for a board of ringif: its command line for each kind of network, and a guest to talk to."""
import contextlib
import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading


class Problem(Exception):
    """Something outside the firmware is wrong: one line that says what, and what is valid."""


@dataclasses.dataclass(frozen=True)
class Board:
    """A board: how the emulator is started for it, and what tests have to know about its firmware."""
    machine: tuple       # QEMU's arguments for it
    core: str            # port/arch/CORE
    code: str            # what an address in its code looks like
    limits: tuple        # bytes of flash and RAM that the firmware may take
    mac: str             # Ethernet address of en0
    driver: str          # of en0, and the name of its device
    device: str
    interfaces: tuple    # from the start; the last one is the simulated NIC
    packets: int         # en0's, and how many of them its receive ring takes
    ring: int
    speed: int           # of its link, in Mbit/s
    media: tuple
    gathers: bool        # the MAC sends a frame from several buffers
    filters_groups: bool    # the MAC itself drops most groups that nobody has joined
    filters_stations: bool  # it drops what is for others
    promiscuous: bool    # it can let in all
    full: str            # a frame that finds no place: is "counted", "waits" outside, is lost "silently"
    sees_runts: bool     # the model hands on frames that are shorter than a header; else it pads them;
                         # None: or drops them, by the version of QEMU
    second_uart: bool    # there is one without -serial, too
    hardware_watchdog: bool  # it resets by itself; else by the interrupt of a timer
    bites_in: tuple         # of "masked" and "interrupt": what its watchdog bites in
    nic: str = None      # QEMU's device for en0, which has to be plugged in; else the board has it

    @property
    def simulated(self):
        """The name of the simulated NIC."""
        return self.interfaces[-1]

    @property
    def next_interface(self):
        """The name that one more interface gets."""
        return f"en{len(self.interfaces)}"


BOARDS = {
    "emcraft-sf2": Board(
        machine=("-M", "emcraft-sf2"), core="cortex_m", code="0000[0-9a-f]{4}",
        limits=(256 << 10, 64 << 10), mac="02:00:00:12:34:56", driver="msf2_emac", device="emac0",
        interfaces=("en0", "en1"), packets=14, ring=13, speed=100,
        media=("auto", "10-half", "10-full", "100-half", "100-full"), gathers=False, filters_groups=False,
        filters_stations=True, promiscuous=False, full="counted", sees_runts=True, second_uart=False,
        hardware_watchdog=False, bites_in=("interrupt",)),
    "xilinx-zynq-a9": Board(  # its second MAC is on no network
        machine=("-M", "xilinx-zynq-a9"), core="cortex_a", code="001[0-9a-f]{5}",
        limits=(1 << 20, 63 << 20), mac="02:00:00:12:34:56", driver="cadence_gem", device="gem0",
        interfaces=("en0", "en1", "en2"), packets=128, ring=64, speed=1000,
        media=("auto", "10-half", "10-full", "100-half", "100-full", "1000-full"),
        gathers=True, filters_groups=True, filters_stations=True, promiscuous=True, full="waits",
        sees_runts=False, second_uart=True, hardware_watchdog=False, bites_in=()),
    "mcimx6ul-evk": Board(  # its second MAC is on no network; the model has no filter
        machine=("-M", "mcimx6ul-evk"), core="cortex_a", code="800[0-9a-f]{5}",
        limits=(1 << 20, 128 << 20), mac="02:00:00:12:34:56", driver="imx_enet", device="enet1",
        interfaces=("en0", "en1", "en2"), packets=128, ring=64, speed=100,
        media=("auto", "10-half", "10-full", "100-half", "100-full"), gathers=True,
        filters_groups=False, filters_stations=False, promiscuous=True, full="waits", sees_runts=True,
        second_uart=True, hardware_watchdog=True, bites_in=("masked", "interrupt")),
    **{name: Board(
        machine=("-M", name), core="cortex_m", code="0000[0-9a-f]{4}", limits=(4 << 20, 4 << 20),
        mac="02:00:00:12:34:56", driver="lan9118", device="eth0", interfaces=("en0", "en1"),
        packets=24, ring=16, speed=100,
        media=("auto", "10-half", "10-full", "100-half", "100-full"), gathers=True,
        filters_groups=True, filters_stations=True, promiscuous=True, full="silently", sees_runts=False,
        second_uart=True, hardware_watchdog=True, bites_in=("masked", "interrupt"))
       for name in ("mps2-an385", "mps2-an500")},
    "virt": Board(
        machine=("-M", "virt", "-cpu", "cortex-a7", "-global", "virtio-mmio.force-legacy=false"),
        core="cortex_a", code="402[0-9a-f]{5}", limits=(1 << 20, 126 << 20), mac="02:00:00:12:34:56",
        driver="virtio_net", device="net0", interfaces=("en0", "en1"), packets=128, ring=64, speed=1000,
        media=("auto",), gathers=True, filters_groups=True, filters_stations=True, promiscuous=True,
        full="waits", sees_runts=None, second_uart=False, hardware_watchdog=False,
        bites_in=("masked", "interrupt"), nic="virtio-net-device"),
}
NETS = ("lan", "slirp", "tap", "none")
GUEST_ADDRESS = "10.0.2.15"  # slirp's first lease, and the firmware's address without a server
ECHO_PORT, DISCARD_PORT, CHARGEN_PORT, HTTP_PORT = 7, 9, 19, 80


def virtual_time(shift):
    """QEMU's arguments for a guest with a clock of its own: an instruction takes 2 to the power of `shift`
    nanoseconds, and sleep none."""
    return ("-icount", f"shift={shift},sleep=off")


def same_each_time(shift):
    """virtual_time() for a guest that is told nothing: each run is the same, to the instruction.

    A recording is made, and thrown away, since the emulator's threads take turns only where there is one:
    else time may be moved to the next timer before the last instructions ahead of a sleep are counted. Input
    would have to wait for its turn, some of it for ever."""
    icount, options = virtual_time(shift)
    return (icount, f"{options},rr=record,rrfile=/dev/null")


def free_port(kind):
    """A port of this host that nobody uses now."""
    with socket.socket(socket.AF_INET,
                       socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", 0))
        except OSError as error:
            raise Problem(f"no free {kind} port: {error.strerror}") from error
        return probe.getsockname()[1]


def forward_rule(kind, port, guest_port):
    return f"{kind}:127.0.0.1:{port}-:{guest_port}"


def find_board(name):
    if name not in BOARDS:
        raise Problem(f"BOARD={name}: no such board; valid: {' '.join(sorted(BOARDS))}")
    return BOARDS[name]


def find_qemu(name):
    path = shutil.which(name)
    if path is None:
        raise Problem(f"QEMU={name}: no such program; install qemu-system-arm or give its path")
    return path


def attach(machine, backend):
    """Connects en0 to a network of QEMU, which is then named "net0"; None: to none."""
    if machine.nic is None:
        return ["-nic", f"{backend},id=net0,mac={machine.mac}" if backend else "none"]
    device = f"{machine.nic},mac={machine.mac}"
    if not backend:  # by virtual time, so that a run under -icount is the same each time
        return ["-nic", "none", "-device", f"{device},tx=timer"]
    return ["-netdev", f"{backend},id=net0", "-device", f"{device},netdev=net0"]


def command(board, net, elf, console, *, qemu="qemu-system-arm", lan_dir=None, forwards=(), pcap=None,
            extra=()):
    """QEMU's command line. The options of the console come before `extra`, whose serial lines are the next ones.

    `lan_dir` holds the sockets of NET=lan: nic.sock is the emulator's, host.sock the host peer's.
    `forwards` are rules of forward_rule(). The network is named "net0": QMP's set_link takes it.
    """
    machine = find_board(board)
    words = [find_qemu(qemu), *machine.machine, "-kernel", elf, "-display", "none"]
    hostfwd = "".join(f",hostfwd={rule}" for rule in forwards)
    capture = "net0"
    dgram = (f"local.type=unix,local.path={lan_dir}/nic.sock,"
             f"remote.type=unix,remote.path={lan_dir}/host.sock")
    if net == "lan":
        # restrict=on: slirp else answers the LAN's own frames, too.
        words += [*attach(machine, "hubport,hubid=0"),
                  "-netdev", f"user,id=user0,restrict=on{hostfwd}",
                  "-netdev", "hubport,id=hub1,hubid=0,netdev=user0",
                  "-netdev", f"dgram,id=dgram0,{dgram}",
                  "-netdev", "hubport,id=hub2,hubid=0,netdev=dgram0"]
        capture = "user0"
    elif net == "wire" and machine.nic:  # the LAN without slirp, which some frames are the end of
        words += attach(machine, f"dgram,{dgram}")
    elif net == "wire":  # a NIC of the board's own is on such a wire by a hub only
        words += [*attach(machine, "hubport,hubid=0"),
                  "-netdev", f"dgram,id=dgram0,{dgram}",
                  "-netdev", "hubport,id=hub2,hubid=0,netdev=dgram0"]
        capture = "dgram0"
    elif net == "slirp":
        words += attach(machine, f"user{hostfwd}")
    elif net == "tap":
        words += attach(machine, "tap,ifname=tap0,script=no,downscript=no")
    elif net == "none":
        words += attach(machine, None)
    elif net == "default":
        pass  # what the emulator does when nothing is said
    else:
        raise Problem(f"NET={net}: no such network; valid: {' '.join(NETS)}")
    if pcap:
        if net == "none":
            raise Problem("PCAP= needs a network; valid with NET=lan, slirp or tap")
        file = str(pcap).replace(",", ",,")  # as QEMU has it within an option's value
        words += ["-object", f"filter-dump,id=dump0,netdev={capture},file={file}"]
    return words + list(console) + list(extra)


def remove_sockets(lan_dir):
    """Removes what the emulator leaves behind, and cannot bind where it still is."""
    for name in ("nic.sock", "qmp.sock"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(lan_dir, name))


class Guest:
    """A firmware in the emulator, with its serial console, its monitor and its LAN in our hands.

    with Guest(elf, net="lan") as guest:
        guest.expect(r"en0 up (\\S+)")
        guest.send("pool")
    """

    SAFETY_S = 60  # nothing that is awaited takes longer, unless it never comes

    def __init__(self, elf, *, board="emcraft-sf2", net="lan", transcript=None, qemu=None,
                 extra=(), echo=None, lan_dir=None, pcap=None):
        if not os.path.exists(elf):
            raise Problem(f"{elf}: no such firmware; run make first")
        self.echo = echo  # a text file that gets all that the console prints
        self.transcript = transcript
        # An object, which removes its directory even where this constructor fails.
        self.own_dir = tempfile.TemporaryDirectory(prefix="ringif-") if lan_dir is None else None
        self.lan_dir = lan_dir or self.own_dir.name
        self.user_netdev = {"lan": "user0", "slirp": "net0"}.get(net)
        self.text = ""    # all that the console has printed
        self.seen = 0     # how much of it expect() is done with
        self.ended = False
        self.printed = threading.Condition()
        self.monitor = None
        self.qmp_path = os.path.join(self.lan_dir, "qmp.sock")
        self.command = command(
            board, net, elf,
            ("-serial", "stdio", "-monitor", "none", "-qmp", f"unix:{self.qmp_path},server=on,wait=off"),
            qemu=qemu or os.environ.get("QEMU") or "qemu-system-arm", lan_dir=self.lan_dir, pcap=pcap, extra=extra)
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.monitor:
            with contextlib.suppress(OSError):  # of what was not sent, where the emulator has ended
                self.monitor.close()
        self.echo = None  # the emulator's last words are of no use
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        if self.transcript:
            with open(self.transcript, "w", encoding="utf-8") as file:
                file.write(self.text)
        if self.own_dir:
            self.own_dir.cleanup()
        else:
            remove_sockets(self.lan_dir)

    # ---- console ----

    def _read(self):
        """Takes in what the console prints, in a thread of its own, until the emulator ends."""
        while data := self.process.stdout.read1(65536):
            text = data.decode("utf-8", "replace")
            if echo := self.echo:
                try:
                    echo.write(text.replace("\r\n", "\n"))
                    echo.flush()
                except BrokenPipeError:  # nobody reads it any more; what is expected of the guest still comes
                    self.echo = None
            with self.printed:
                self.text += text
                self.printed.notify_all()
        with self.printed:
            self.ended = True
            self.printed.notify_all()

    def _fail(self, what):
        tail = self.text[-1500:].replace("\r\n", "\n")
        raise AssertionError(f"{what}; the console's end:\n{tail}")

    def expect(self, pattern, timeout=None):
        """Waits until `pattern` comes on the console, behind what was expected before."""
        expression = re.compile(pattern)
        with self.printed:
            self.printed.wait_for(
                lambda: self.ended or expression.search(self.text, self.seen),
                timeout or self.SAFETY_S)
            match = expression.search(self.text, self.seen)
            if match:
                self.seen = match.end()
                return match
        self._fail(f"the emulator ended before {pattern!r}" if self.ended
                   else f"no {pattern!r} on the console")

    def keys(self, keys):
        """Presses keys on the console."""
        self.process.stdin.write(keys.encode())
        self.process.stdin.flush()

    def send(self, line):
        self.keys(line + "\r")

    def ask(self, line, pattern):
        """Sends a command and waits for its answer. A log line may stand within the command's echo,
        never within its answer."""
        self.send(line)
        return self.expect(pattern)

    def wait(self):
        """Waits for the emulator's end and returns its exit status."""
        self.reader.join(self.SAFETY_S)
        return self.process.wait(10)

    # ---- monitor ----

    def qmp(self, execute, **arguments):
        """Runs a command of QEMU's machine protocol and returns its answer."""
        try:
            return self._ask_monitor(execute, arguments)
        except (OSError, ValueError):  # nobody listens any more, or an answer breaks off
            self._fail(f"the emulator ended before it answered {execute}")

    def _ask_monitor(self, execute, arguments):
        if self.monitor is None:
            with self.printed:  # once it has printed something, its sockets are there
                self.printed.wait_for(lambda: self.text or self.ended, self.SAFETY_S)
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.qmp_path)
            self.monitor = connection.makefile("rw", encoding="utf-8")
            connection.close()  # the file keeps it open
            self.monitor.readline()
            self.qmp("qmp_capabilities")
        self.monitor.write(json.dumps({"execute": execute, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            answer = json.loads(self.monitor.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise AssertionError(f"{execute}: {answer['error']['desc']}")

    def set_link(self, up):
        self.qmp("set_link", name="net0", up=up)

    def forward(self, kind, guest_port, netdev=None):
        """Makes a port of the guest one of this host, and returns that one's number. The way is that
        of the guest's network, or of another one that an option of the guest's has made."""
        for _ in range(10):  # another program may take the port between the choice and the binding
            port = free_port(kind)
            trouble = self.qmp("human-monitor-command", **{
                "command-line": f"hostfwd_add {netdev or self.user_netdev} "
                                f"{forward_rule(kind, port, guest_port)}"})
            if not trouble:
                return port
        raise Problem(f"no free {kind} port: {trouble.strip()}")
