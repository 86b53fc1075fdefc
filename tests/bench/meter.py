"""Counts what a firmware executes in QEMU, by function: the host's side of insn_counter.c."""
import array
import bisect
import collections
import dataclasses
import functools
import mmap
import os
import re
import select
import socket
import struct
import subprocess
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CROSS = os.environ.get("CROSS", "arm-none-eabi-")

# The first pattern that "file:function" matches names a function's part; the file is relative to ROOT.
PARTS = (
    ("copy", r":(memcpy|memmove|__aeabi_mem(cpy|move)\d*)$"),
    ("checksum", r"/core/inet_chksum\.[ch]:|/include/lwip/inet_chksum\.h:|:\w*(chksum|checksum)\w*$|"
                 r"^port/lwip/internet_checksum\.[ch]:|^driver/checksum\.c:"),
    ("lwIP core", r"/(src/(core|netif|apps|include/(lwip|netif))|contrib/addons)/|"  # wherever lwIP is
                  r"^driver/(fast_path|reply)\.[ch]:"),  # replaces lwIP's
    ("port", r"^port/"),
    ("driver", r"^driver/"),
    ("app", r"^app/"),
    ("libc", r""),
)
PART_NAMES = ("driver", "port", "lwIP core", "checksum", "copy", "app", "libc")
COPIES = re.compile(r"memcpy|memmove|__aeabi_mem(cpy|move)\d*|internet_checksum_copy(\..*)?")  # they store each byte once
SUMS = re.compile(r"internet_checksum(_add)?(\..*)?")  # they load each byte once
# What the port does for the driver, unless inlined there: the interrupt's entry, its line, and the
# hooks for DMA.
HOOKS = re.compile(r"irq_handler|\w+_interrupt_handler|gic_\w+|port_irq_\w+|dma_\w+|clean_\w+|invalidate_\w+")

# struct counts of insn_counter.c
REGISTERS, FUNCTIONS = 2048, 4096
TELL, HOLD, HOLD_AT, ASLEEP, TOTALS = range(5)
HEAD = TOTALS + 4
WORDS = HEAD + REGISTERS * 3 + FUNCTIONS


class Stuck(Exception):
    """Something that had to happen in the guest has not."""


def tool(name, *arguments, given=None):
    return subprocess.run([CROSS + name, *arguments], check=True, capture_output=True, text=True, input=given).stdout


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    file: str
    part: str
    shared: bool  # it is the driver's, or works for the driver


NOWHERE = Function("?", "", "libc", False)


@functools.cache
def part_of(file, name):
    return next(part for part, pattern in PARTS if re.search(pattern, f"{file}:{name}"))


def own_name(symbol):
    """The source's name of a function that the compiler has split or specialized."""
    return symbol.partition(".")[0]


@functools.cache
def relative(path):
    return os.path.relpath(path, ROOT) if os.path.isabs(path) else os.path.normpath(path)


class Firmware:
    """What is where in an ELF file, as far as counting has to know."""

    def __init__(self, elf):
        self.elf = elf
        self.values = {}
        self.symbols = []  # (address, name, file) of code
        for line in tool("nm", "-l", "-n", elf).splitlines():
            words, _, source = line.partition("\t")
            match = re.fullmatch(r"([0-9a-f]+) (\w) (\S+)", words)
            if match is None:
                continue
            address, kind, name = int(match[1], 16), match[2], own_name(match[3])
            self.values[name] = address
            if kind in "tTwW" and name:
                self.symbols.append((address, name, relative(source.rpartition(":")[0])))
        listing = re.findall(r"^ *([0-9a-f]+):\t[^\t]*\t(.*)", tool("objdump", "-d", elf), re.MULTILINE)
        self.instructions = [(int(address, 16), text) for address, text in listing]
        self.sleeps = [address for address, text in self.instructions if text.startswith("wfi")]
        self.memory = [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in
                       re.findall(r"^\s*LOAD +\S+ (\S+) \S+ \S+ (\S+)", tool("readelf", "-lW", elf), re.MULTILINE)]
        self.functions = [NOWHERE]  # the first stands for everything outside of functions
        self.code = self._code()

    def _frames(self):
        """For each instruction (function, file), the innermost first: what is inlined, into what, ... and
        the function whose symbol is there."""
        text = tool("addr2line", "-afi", "-e", self.elf,
                    given="".join(f"{address:x}\n" for address, _ in self.instructions))
        for (address, _), answer in zip(self.instructions, re.split(r"^0x", text, flags=re.MULTILINE)[1:]):
            lines = answer.splitlines()[1:]
            frames = [(own_name(name), relative(place.rpartition(":")[0]))
                      for name, place in zip(lines[::2], lines[1::2])]
            i = bisect.bisect_right(self.symbols, (address, "\xff")) - 1
            # The debug information has functions that the linker has left out at address 0: it may then
            # give their name here, where something else is.
            if i >= 0 and frames[-1][0] != self.symbols[i][1]:
                frames = [self.symbols[i][1:]]
            yield frames

    def _code(self):
        """[start, end, kind, function's number] of all code, ascending, by the innermost function at each
        instruction."""
        numbers = {}
        code = []
        for (address, text), frames in zip(self.instructions, self._frames()):
            name, file = frames[0]
            part = part_of(file, name)
            shared = part in ("driver", "port") and (
                any(part_of(outer, function) == "driver" for function, outer in frames)
                or part == "port" and HOOKS.fullmatch(frames[-1][0]) is not None)
            function = Function(name, file, part, shared)
            number = numbers.setdefault(function, len(numbers) + 1)
            if number == len(self.functions):
                self.functions.append(function)
            names = [name for name, _ in frames]
            kind = ("code" if "[pc" in text else  # a constant next to the code is not a function's data
                    "copies" if any(map(COPIES.fullmatch, names)) else
                    "sums" if any(map(SUMS.fullmatch, names)) else "code")
            if code and code[-1][2:] == [kind, number]:
                code[-1][1] = address + 2
            else:
                if code:
                    code[-1][1] = address
                code.append([address, address + 2, kind, number])
        return code

    def handlers(self):
        """Where an interrupt begins: its vector's handler, or on a Cortex-A the common one."""
        if "irq_handler" in self.values:
            return [self.values["irq_handler"]]
        return [value for name, value in self.values.items()
                if re.fullmatch(r"(?!unexpected)\w+_interrupt_handler|systick_handler", name)]

    def map(self, mark=None, doorbells=()):
        """The lines that insn_counter.c reads; `mark` is the function, and `doorbells` are the addresses of
        registers, at which it can hold the guest."""
        lines = [(kind, start, end, number) for start, end, kind, number in self.code]
        lines += [("memory", start, end, 0) for start, end in self.memory]
        for start, end in (("ram_start", "stack_top"), ("irq_stack_start", "irq_stack_top")):
            if start in self.values and end in self.values:
                lines.append(("stack", self.values[start], self.values[end], 0))
        if mark is not None and mark not in self.values:
            raise Stuck(f"{self.elf}: no function {mark}")
        named = {"mark": mark, "begins": "device_begins", "ends": "device_ends"}
        points = {"handler": self.handlers(), "sleep": self.sleeps, "doorbell": doorbells,
                  **{kind: [self.values[name] & ~1] for kind, name in named.items() if name in self.values}}
        lines += [(kind, address, 0, 0) for kind, addresses in points.items() for address in addresses]
        return "".join(f"{kind} {start:x} {end:x} {number:x}\n" for kind, start, end, number in lines)


@dataclasses.dataclass(frozen=True)
class Counts:
    """Counts since the start, or between two moments."""
    interrupts: int
    copied: int
    summed: int
    aside: int        # instructions of devices that the guest emulates, counted nowhere else
    registers: tuple  # of devices: (address, reads, writes)
    functions: tuple  # instructions of each function of the firmware

    def __sub__(self, other):
        registers = {address: (reads, writes) for address, reads, writes in self.registers}
        for address, reads, writes in other.registers:
            old_reads, old_writes = registers.get(address, (0, 0))
            registers[address] = old_reads - reads, old_writes - writes
        return Counts(self.interrupts - other.interrupts, self.copied - other.copied, self.summed - other.summed,
                      self.aside - other.aside,
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
    """The plugin in an emulator: start the emulator with the words of `arguments`, then connect(), and listen() as
    soon as the guest's sleep is awaited. From then on one of the functions here has to be called again and
    again, or else the guest waits."""

    SAFETY_S = 60    # nothing that is awaited takes longer, unless it never comes
    QUIET_S = 0.001  # asleep for that long: everything before has had its effect

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
        """Takes in what the plugin reports; returns the characters of `stop` in it."""
        text = self.events.recv(4096).decode()
        if not text:
            raise Stuck("the emulator has ended")
        if "d" in text:  # the last one: the guest is held
            self.serve()
            self.events.send(b"g")
        if "m" in text and "m" not in stop:
            self.events.send(b"g")
        self.asleep = text[-1] == "s"
        self.wakes += text.count("w")
        return [character for character in text if character in stop]

    def settle(self, done=lambda: True, lan=None, take_frame=None):
        """Waits until the guest sleeps, `done()` is true, and the guest goes on sleeping. Frames that arrive on the
        socket `lan` meanwhile go to `take_frame`."""
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
        """Has the guest held at the mark, and at each doorbell."""
        self._set(HOLD_AT, 1)

    def let_go(self):
        self._set(HOLD, 0)
        self.events.send(b"g")

    # ---- the counts ----

    def read(self):
        """The counts now; the guest has to be asleep or held."""
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

    def share(self, counts):
        """Instructions of the driver, and of the port for it."""
        return sum(number for function, number in zip(self.firmware.functions, counts.functions) if function.shared)

    def top(self, counts, most=12):
        """(function, instructions) of those that take most; functions of the same name count together."""
        sums = collections.Counter()
        for function, number in zip(self.firmware.functions, counts.functions):
            sums[function.name] += number
        return sorted(((name, number) for name, number in sums.items() if number),
                      key=lambda pair: (-pair[1], pair[0]))[:most]
