"""What is in a firmware's ELF file: sections, symbols, instructions, and the source of each byte.

With link-time optimisation the linker no longer knows object files. The source of code comes from the line
table, instruction by instruction, so that what is inlined counts where it was written; the source of data
comes from the debug information of its variable.
"""
import bisect
import dataclasses
import functools
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CROSS = os.environ.get("CROSS", "arm-none-eabi-")


def tool(name, *arguments, text=None):
    return subprocess.run([CROSS + name, *arguments], input=text, check=True, capture_output=True, text=True).stdout


def source_name(name):
    """A name as in the source, without the suffix of a copy that the compiler has made."""
    return re.sub(r"(\.(lto_priv|isra|constprop|part|cold|\d+))+$", "", name)


def relative(path):
    """A path as from the root of the repository, where it is below that."""
    path = os.path.normpath(path)
    return os.path.relpath(path, ROOT) if path.startswith(ROOT + os.sep) else path


@dataclasses.dataclass(frozen=True)
class Section:
    name: str
    address: int
    size: int
    offset: int  # in the file
    loaded: bool  # it has contents in the file


@dataclasses.dataclass(frozen=True)
class Symbol:
    name: str
    address: int
    size: int
    is_function: bool

    @property
    def end(self):
        return self.address + self.size

    @property
    def source_name(self):
        return source_name(self.name)


@dataclasses.dataclass(frozen=True)
class Instruction:
    address: int
    mnemonic: str  # without .w and .n; data among the code is ".word" or alike
    operands: str


class Elf:
    def __init__(self, path):
        self.path = path

    @functools.cached_property
    def sections(self):
        return [Section(name, int(address, 16), int(size, 16), int(offset, 16), kind != "NOBITS")
                for name, kind, address, offset, size in
                re.findall(r"^ +\[ *\d+\] (\S+) +(\S+) +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) \S+ +\w*A",
                           tool("readelf", "-SW", self.path), re.MULTILINE)]

    @functools.cached_property
    def values(self):
        """The value of each symbol by name, those of the linker script included."""
        return {name: int(value, 16) for value, name in
                re.findall(r"^([0-9a-f]+) (?:[0-9a-f]+ )?\w (\S+)$", tool("nm", "-S", self.path), re.MULTILINE)}

    @functools.cached_property
    def symbols(self):
        """Functions and objects by address; of several at one place the longest."""
        rows = re.findall(r"^ +\d+: ([0-9a-f]+) +(\w+) (FUNC|OBJECT) +\w+ +\w+ +\d+ (\S+)",
                          tool("readelf", "-sW", self.path), re.MULTILINE)
        found = {}
        for value, size, kind, name in rows:
            is_function = kind == "FUNC"
            symbol = Symbol(name, int(value, 16) & ~int(is_function), int(size, 0), is_function)
            if symbol.address not in found or symbol.size > found[symbol.address].size:
                found[symbol.address] = symbol
        starts = sorted(found)
        for address, following in zip(starts, starts[1:]):
            if found[address].size == 0:  # assembly: until the next symbol
                found[address] = dataclasses.replace(found[address], size=following - address)
        return [found[address] for address in starts]

    @functools.cached_property
    def functions(self):
        return [symbol for symbol in self.symbols if symbol.is_function]

    @functools.cached_property
    def instructions(self):
        """{address: Instruction}, in order, of all code."""
        found = {}
        for address, mnemonic, operands in re.findall(
                r"^ *([0-9a-f]+):\t(\S+)(?:[ \t]+(.*))?$",
                tool("objdump", "-d", "--no-show-raw-insn", self.path), re.MULTILINE):
            operands = re.sub(r"\s*[;@].*", "", operands)
            found[int(address, 16)] = Instruction(int(address, 16), re.sub(r"\.[wn]$", "", mnemonic), operands)
        return found

    @functools.cached_property
    def pointers(self):
        """The addresses that are in loaded sections or in the code, as the linker has told by --emit-relocs."""
        parts = re.split(r"^Relocation section '\.rel(?=\.)", tool("readelf", "-rW", self.path), flags=re.MULTILINE)[1:]
        loaded = {section.name: section for section in self.sections if section.loaded}
        found = set()
        low = {}  # halves of addresses, by register
        with open(self.path, "rb") as file:
            contents = file.read()
        for part in parts:
            section = loaded.get(part[:part.index("'")])
            for place, kind in re.findall(r"^([0-9a-f]+) +[0-9a-f]+ R_ARM_(ABS32|TARGET1|(?:THM_)?MOV[WT])", part,
                                          re.MULTILINE) if section else ():
                place = int(place, 16)
                start = place - section.address + section.offset
                if "MOV" not in kind:
                    found.add(int.from_bytes(contents[start:start + 4], "little"))
                    continue
                register, half = re.match(r"(\w+), #(\d+)", self.instructions[place].operands).groups()
                if kind.endswith("W"):
                    low[register] = int(half)
                else:
                    found.add(int(half) << 16 | low[register])
        return found

    @functools.cached_property
    def thumb(self):
        """Addresses of the functions in the Thumb instruction set."""
        return {int(value, 16) & ~1 for value in
                re.findall(r"^ +\d+: ([0-9a-f]*[13579bdf]) +\w+ FUNC", tool("readelf", "-sW", self.path), re.MULTILINE)}

    @functools.cached_property
    def defined_in(self):
        """{(address, name): source file} of the functions and variables that debug information tells of."""
        file_of, names, origins, located = {}, {}, {}, []  # the first three by the offset of an entry
        unit, kind, entry = "?", "", 0
        for line in self._information.splitlines():
            if match := re.match(r" <\w+><(\w+)>: Abbrev Number: \d+ \((\w+)\)", line):
                entry, kind = int(match.group(1), 16), match.group(2)
                if kind in ("DW_TAG_variable", "DW_TAG_subprogram"):
                    file_of[entry] = unit
            elif kind == "DW_TAG_compile_unit":
                if "DW_AT_name" in line:
                    unit = relative(line.rpartition(": ")[2].strip())
            elif kind not in ("DW_TAG_variable", "DW_TAG_subprogram"):
                continue
            elif match := re.search(r"DW_AT_name .*: (\S+)$", line):
                names[entry] = match.group(1)
            elif match := re.search(r"DW_AT_(?:abstract_origin|specification) *: <0x(\w+)>", line):
                origins[entry] = int(match.group(1), 16)
            elif match := re.search(r"DW_AT_location .*\(DW_OP_addr: (\w+)\)$|DW_AT_low_pc *: 0x(\w+)", line):
                located.append((int(match.group(1) or match.group(2), 16), entry))
        found = {}
        for address, entry in located:
            while entry in origins:
                entry = origins[entry]
            found[address, names.get(entry)] = file_of.get(entry, "?")
        return found

    def file_of(self, symbol):
        return self.defined_in.get((symbol.address, symbol.source_name), "?")

    @functools.cached_property
    def _debug(self):
        """A copy of the file whose debug information is of no function that the linker has left out: they
        all are at address 0 there, where something else may be, and are moved out of the way."""
        self._directory = tempfile.TemporaryDirectory(prefix="ringif-")  # lasts as long as this object
        offsets, sizes = ({name: int(row[column], 16) for name, *row in re.findall(
            r"^ +\[ *\d+\] (\.debug_\w+) +\S+ +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)", tool("readelf", "-SW", self.path),
            re.MULTILINE)} for column in range(2))
        with open(self.path, "rb") as file:
            contents = bytearray(file.read())
        set_address = b"\x00\x05\x02"
        lines = slice(offsets[".debug_line"], offsets[".debug_line"] + sizes[".debug_line"])
        contents[lines] = contents[lines].replace(set_address + bytes(4), set_address + b"\x00\x00\x00\xf0")
        level, kind, dead = 0, "", None  # of the entry that is read: how deep it stands; and of one that was left out
        for line in self._information.splitlines():
            if match := re.match(r" <(\w+)><\w+>: Abbrev Number: \d+ \((\w+)\)", line):
                level, kind = int(match.group(1), 16), match.group(2)
                if dead is not None and level <= dead:
                    dead = None
            elif match := re.match(r" +<(\w+)> +DW_AT_(low_pc|ranges|entry_pc) *: (?:0x)?(\w+)", line):
                place = offsets[".debug_info"] + int(match.group(1), 16)
                if (match.group(2), match.group(3), kind) == ("low_pc", "0", "DW_TAG_subprogram"):
                    dead = level
                if dead is not None and match.group(2) == "ranges":  # the empty rest of the last list
                    contents[place:place + 4] = (sizes[".debug_rnglists"] - 1).to_bytes(4, "little")
                elif dead is not None:
                    contents[place + 3] = 0xf0
        path = os.path.join(self._directory.name, "debug.elf")
        with open(path, "wb") as file:
            file.write(contents)
        return path

    @functools.cached_property
    def _information(self):
        return tool("readelf", "--debug-dump=info", self.path)

    def sources(self, addresses):
        """For each of the addresses in code a list of (function, file, line): where it was written, and then
        what that was inlined into, outwards."""
        text = tool("addr2line", "-a", "-i", "-f", "-e", self._debug,
                    text="".join(f"{address:x}\n" for address in addresses))
        chains = []
        for record in re.split(r"^0x[0-9a-f]+\n", text, flags=re.MULTILINE)[1:]:
            words = record.splitlines()
            chains.append([])
            for name, place in zip(words[::2], words[1::2]):
                file, _, line = place.partition(" ")[0].rpartition(":")
                chains[-1].append((source_name(name), relative(file), int(line) if line.isdigit() else 0))
        return chains
