"""Counts what a firmware executes in QEMU, by function: the host's side of insn_counter.c."""
import array
import dataclasses
import mmap
import os
import re
import select
import socket
import struct
import subprocess
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CROSS = os.environ.get("CROSS", "arm-none-eabi-")

# The first pattern that "file:function" matches names a function's part. What the compiler has inlined
# counts for the function that it stands in.
PARTS = (
    ("copy", r":(memcpy|memmove|__aeabi_mem(cpy|move)\d*)$"),
    ("checksum", r"/core/inet_chksum\.[ch]:|/include/lwip/inet_chksum\.h:|:\w*(chksum|checksum)\w*$|/driver/checksum\.c:"),
    ("lwIP core", r"/lwip/(src|contrib)/"),
    ("port", r"/port/"),
    ("driver", r"/driver/"),
    ("app", r"/app/"),
    ("libc", r""),
)
PART_NAMES = ("driver", "port", "lwIP core", "checksum", "copy", "app", "libc")
COPIES = re.compile(r"memcpy|memmove|__aeabi_mem(cpy|move)\d*|internet_checksum_copy(\..*)?")  # they store each byte once
SUMS = re.compile(r"internet_checksum(_add)?(\..*)?")  # they load each byte once

# struct counts of insn_counter.c
REGISTERS, FUNCTIONS = 2048, 4096
TELL, HOLD, HOLD_AT, ASLEEP, TOTALS = range(5)
HEAD = TOTALS + 3
WORDS = HEAD + REGISTERS * 3 + FUNCTIONS


class Stuck(Exception):
    """What has to happen in the guest has not."""


def tool(name, *arguments):
    return subprocess.run([CROSS + name, *arguments], check=True, capture_output=True, text=True).stdout


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    part: str
    start: int
    end: int


class Firmware:
    """What is where in an ELF file, as far as counting has to know."""

    def __init__(self, elf):
        self.elf = elf
        symbols = []  # (address, size or 0, name, file)
        self.values = {}
        for line in tool("nm", "-S", "-l", "-n", elf).splitlines():
            words, _, source = line.partition("\t")
            match = re.fullmatch(r"([0-9a-f]+) (?:([0-9a-f]+) )?(\w) (\S+)", words)
            if match is None:
                continue
            address, size, kind, name = match.groups()
            self.values[name] = int(address, 16)
            if kind in "tTwW":
                symbols.append((int(address, 16), int(size or "0", 16), name, source.rpartition(":")[0]))
        self.functions = [Function("?", "libc", 0, 0)]  # the first is for all that is in none
        for (address, size, name, source), following in zip(symbols, symbols[1:] + [(1 << 32, 0, "", "")]):
            if address >= self.functions[-1].end and following[0] > address:
                part = next(part for part, pattern in PARTS if re.search(pattern, f"{source}:{name}"))
                # Assembly may say no size.
                end = min(address + size if size else following[0], following[0])
                self.functions.append(Function(name, part, address, end))
        self.sleeps = [int(address, 16) for address in
                       re.findall(r"^\s*([0-9a-f]+):.*\twfi", tool("objdump", "-d", elf), re.MULTILINE)]
        self.memory = [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in
                       re.findall(r"^\s*LOAD +\S+ (\S+) \S+ \S+ (\S+)", tool("readelf", "-lW", elf), re.MULTILINE)]

    def handlers(self):
        """Where an interrupt begins: its vector's handler, or on a Cortex-A the one of all."""
        if "irq_handler" in self.values:
            return [self.values["irq_handler"]]
        return [value for name, value in self.values.items()
                if re.fullmatch(r"(?!unexpected)\w+_interrupt_handler|systick_handler", name)]

    def map(self, mark=None, doorbells=()):
        """The lines that insn_counter.c reads; `mark` is the function, and `doorbells` are the addresses of
        registers, at which it can hold the guest."""
        lines = []
        for function in self.functions[1:]:
            kind = ("copies" if COPIES.fullmatch(function.name) else
                    "sums" if SUMS.fullmatch(function.name) else "function")
            lines.append((kind, function.start, function.end))
        lines += [("memory", start, end) for start, end in self.memory]
        for start, end in (("ram_start", "stack_top"), ("irq_stack_start", "irq_stack_top")):
            if start in self.values and end in self.values:
                lines.append(("stack", self.values[start], self.values[end]))
        lines += [("handler", address, 0) for address in self.handlers()]
        lines += [("sleep", address, 0) for address in self.sleeps]
        if mark is not None:
            lines.append(("mark", self.values[mark], 0))
        lines += [("doorbell", address, 0) for address in doorbells]
        return "".join(f"{kind} {start:x} {end:x}\n" for kind, start, end in lines)


@dataclasses.dataclass(frozen=True)
class Counts:
    """Counts since the start, or between two moments."""
    interrupts: int
    copied: int
    summed: int
    registers: tuple  # of devices: (address, reads, writes)
    functions: tuple  # instructions of each function of the firmware

    def __sub__(self, other):
        registers = {address: (reads, writes) for address, reads, writes in self.registers}
        for address, reads, writes in other.registers:
            old_reads, old_writes = registers.get(address, (0, 0))
            registers[address] = old_reads - reads, old_writes - writes
        return Counts(self.interrupts - other.interrupts, self.copied - other.copied, self.summed - other.summed,
                      tuple((address, *counts) for address, counts in sorted(registers.items()) if any(counts)),
                      tuple(a - b for a, b in zip(self.functions, other.functions)))

    @property
    def instructions(self):
        return sum(self.functions)

    @property
    def reads(self):
        return sum(reads for _, reads, _ in self.registers)

    @property
    def writes(self):
        return sum(writes for _, _, writes in self.registers)


class Meter:
    """The plugin in an emulator: start that with the words of `arguments`, then connect(), and listen() as
    soon as the guest's sleep is waited for: from then on one of the functions here has to be called again and
    again, or else the guest waits."""

    SAFETY_S = 60    # nothing that is awaited takes longer, unless it never comes
    QUIET_S = 0.001  # asleep for so long: nothing more comes of what was before

    def __init__(self, elf, plugin, mark=None, doorbells=()):
        self.firmware = Firmware(elf)
        self.directory = tempfile.TemporaryDirectory(prefix="ringif-")
        path = self.directory.name
        with open(f"{path}/map", "w", encoding="utf-8") as file:
            file.write(self.firmware.map(mark, doorbells))
        with open(f"{path}/counts", "w+b") as file:
            file.truncate(WORDS * 8)
            self.memory = mmap.mmap(file.fileno(), WORDS * 8)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(f"{path}/socket")
        self.server.listen(1)
        self.server.settimeout(self.SAFETY_S)
        self.arguments = ["-plugin", f"file={os.path.abspath(plugin)},map={path}/map,"
                                     f"counts={path}/counts,socket={path}/socket"]
        self.events = None
        self.asleep = False
        self.wakes = 0
        self.serve = None  # serves the device whose doorbell has rung, while the guest is held

    def connect(self):
        try:
            self.events, _ = self.server.accept()
        except TimeoutError:
            raise Stuck("the emulator does not load the plugin") from None

    def close(self):
        if self.events:
            self.events.close()
        self.server.close()
        self.memory.close()
        self.directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- the guest's sleep ----

    def listen(self):
        self._set(TELL, 1)
        self.asleep = struct.unpack_from("<Q", self.memory, ASLEEP * 8)[0] != 0

    def _take(self, stop=""):
        """Takes in what the plugin tells; returns the characters of `stop` in it."""
        text = self.events.recv(4096).decode()
        if not text:
            raise Stuck("the emulator has ended")
        if "d" in text:  # the last one: the guest is held
            self.serve()
            self.events.send(b"g")
        self.asleep = text[-1] == "s"
        self.wakes += text.count("w")
        return [character for character in text if character in stop]

    def settle(self, done=lambda: True, lan=None, take_frame=None):
        """Waits until the guest sleeps, `done()` is true, and it goes on sleeping. Frames that come by the
        socket `lan` meanwhile are given to `take_frame`."""
        sockets = [self.events] + ([lan] if lan else [])
        while True:
            rests = self.asleep and done()
            ready, _, _ = select.select(sockets, [], [], self.QUIET_S if rests else self.SAFETY_S)
            if self.events in ready:
                self._take()
            if lan in ready:
                take_frame(lan.recv(65536))
            if not ready and rests:
                return
            if not ready:
                raise Stuck("no such frame has come from the guest" if self.asleep else
                            "the guest does not go to sleep")

    def _set(self, word, value):
        struct.pack_into("<Q", self.memory, word * 8, value)

    def hold_when_it_wakes(self):
        self._set(HOLD, 1)

    def wait_until_held(self, where="h"):
        self.events.settimeout(self.SAFETY_S)
        while not self._take(where):
            pass

    def hold_at_points(self):
        """At the mark, and at each doorbell."""
        self._set(HOLD_AT, 1)

    def let_go(self):
        self._set(HOLD, 0)
        self.events.send(b"g")

    # ---- the counts ----

    def read(self):
        """The counts now; the guest has to sleep or to be held."""
        words = array.array("Q", self.memory[:])
        first = HEAD + REGISTERS * 3
        registers = [tuple(words[i:i + 3]) for i in range(HEAD, first, 3) if words[i]]
        return Counts(*words[TOTALS:HEAD], tuple(sorted(registers)),
                      tuple(words[first:first + len(self.firmware.functions)]))

    def parts(self, counts):
        """Instructions of each part."""
        sums = dict.fromkeys(PART_NAMES, 0)
        for function, number in zip(self.firmware.functions, counts.functions):
            sums[function.part] += number
        return sums

    def top(self, counts, most=12):
        """(function, instructions) of those that take most."""
        pairs = [(function.name, number)
                 for function, number in zip(self.firmware.functions, counts.functions) if number]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:most]
