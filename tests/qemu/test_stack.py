"""No stack of a firmware can overflow, and the tool that says so counts as the compiler does."""
import os
import re
import subprocess

import pytest
from conftest import BOARD, ELF, ROOT
from elf import Elf, tool
from test_memory import stack, stack_used

GCC = f"{os.environ.get('CROSS') or 'arm-none-eabi-'}gcc"
CPU = {"cortex_m": ["-mcpu=cortex-m3", "-mthumb"], "cortex_a": ["-mcpu=cortex-a9", "-mthumb"],
       "cortex_a in A32": ["-mcpu=cortex-a9", "-marm"]}  # like its exceptions' entries

LINKER_SYMBOLS = {"ram_start": "0x20000000", "stack_top": "0x20000800"}


def build(path, cpu, *options, sources=("tests/stack/program.c",)):
    """Links the sources, without start-up code; returns the compiler's size of each frame. What they lack,
    functions of other files, is defined and does nothing."""
    elf, whole, lacks = (str(path / name) for name in ("program.elf", "program.o", "lacks.c"))
    gcc = [GCC, *CPU[cpu], "-std=c11", "-O2", "-g", "-nostdlib"]
    subprocess.run([*gcc, "-fstack-usage", "-r", *options, *sources, "-o", whole], cwd=ROOT, check=True)
    with open(lacks, "w") as file:
        for name in re.findall(r"U (\w+)$", tool("nm", "--undefined-only", whole), re.MULTILINE):
            if name not in LINKER_SYMBOLS:
                file.write(f"void {name}(void) {{}}\n")
    subprocess.run([*gcc, "-fno-builtin", "-w", whole, lacks, "-Wl,-Ttext=0x1000,--emit-relocs,--no-warn-rwx-segments",
                    *(f"-Wl,--defsym={name}={value}" for name, value in LINKER_SYMBOLS.items()),
                    "-Wl,--entry=0", "-o", elf], cwd=ROOT, check=True)
    frames = {}
    for file in path.glob("*.su"):
        for name, size, kind in re.findall(r"(\w+)\t(\d+)\t(\S+)$", file.read_text(), re.MULTILINE):
            frames.setdefault(name, []).append((int(size), kind))
    return Elf(elf), frames


def test_the_stacks_of_the_firmware_hold():
    for line in stack.lines(Elf(ELF)):
        assert 0 < line.worst <= line.size, line


def test_a_session_stays_within_the_worst_case(booted):
    guest = booted(net="lan")
    for command in ("help", "ioreg", "nic list", "ifconfig", "stats", "mem", "nic install sim", "netstat"):
        guest.send(command)
    guest.ask("uptime", r"up \d+\.\d+ s")
    elf = Elf(ELF)
    told, size = map(int, guest.ask("mem", r"stack +most (\d+), of (\d+)\r\n").groups())
    assert size == elf.values["stack_top"] - elf.values["ram_start"]
    assert 500 < told <= stack_used(guest, elf) <= stack.lines(elf)[0].worst
    assert stack_used(guest, elf) - told < 500


@pytest.mark.parametrize("cpu", CPU)
def test_frames_are_those_that_the_compiler_tells(tmp_path, cpu):
    """For the kit, and for the files of lwIP that have the most functions."""
    lwip = os.path.join(os.environ.get("LWIP_DIR") or "build/lwip", "src")
    sources = [f"driver/{name}" for name in sorted(os.listdir(f"{ROOT}/driver")) if name.endswith(".c")]
    sources += [f"{lwip}/core/{name}.c" for name in ("tcp_in", "pbuf", "ipv4/dhcp", "ipv6/nd6")]
    include = ["driver", "driver/device", "port", "port/lwip", f"port/arch/{cpu.split()[0]}", f"{lwip}/include",
               f"{lwip}/../contrib/addons/tcp_isn"]
    elf, frames = build(tmp_path, cpu, *(f"-I{folder}" for folder in include),
                        "-dumpdir", f"{tmp_path}/", sources=sources)
    compared = 0
    walker = stack.Stack(elf)
    for function in elf.functions:
        told = frames.get(function.name, [])
        if len(told) != 1 or told[0][1] != "static":
            continue
        assert walker.calls[function.address].depth == told[0][0], function.name
        compared += 1
    assert compared > 120


@pytest.mark.parametrize("cpu", CPU)
def test_the_deepest_way_is_found_by_calls_of_every_kind(tmp_path, cpu):
    elf, frames = build(tmp_path, cpu, "-dumpdir", f"{tmp_path}/")
    frame = {name: told[0][0] for name, told in frames.items()}
    found = stack.Stack(elf)
    most = {function.name: found.worst(function.address) for function in elf.functions}
    assert most["fill"] == frame["fill"]
    assert most["deep"] == frame["deep"] + frame["fill"] > 400
    assert most["leads_on"] == most["deep"]
    assert most["chooses"] == frame["chooses"] + most["deep"]
    assert most["returns_early"] == 8 + 64 + most["deep"]
    assert most["main"] == frame["main"] + most["chooses"]


def test_a_list_of_registers_is_so_many_words():
    for names, words in (("r4", 1), ("r4, lr", 2), ("r0-r3, ip, lr", 6), ("d8", 2), ("d8-d15", 16)):
        assert stack.registers(names) == words, names


@pytest.mark.parametrize("options, complaint", [
    (["-DWITH_ADDRESS"], r"shallow .*: its address is taken"),
    (["-DWITH_ADDRESS", "-DWITH_POINTER"], r"main: sink = hook\(\);: a call through a pointer that is not in"),
    (["-DWITH_RECURSION"], r"recursion: recurs -> recurs"),
    (["-DWITH_VARIABLE_ARRAY"], r"varies: the stack grows by a variable amount")])
def test_what_cannot_be_bounded_is_an_error(tmp_path, options, complaint):
    elf, _ = build(tmp_path, "cortex_m", "-dumpdir", f"{tmp_path}/", *options)
    with pytest.raises(stack.Unknown, match=complaint):
        stack.lines(elf)


def test_the_main_loops_stack_holds_an_interrupt_and_an_nmi_as_well(tmp_path):
    elf, frames = build(tmp_path, "cortex_m", "-dumpdir", f"{tmp_path}/", "-DWITH_NMI")
    frame = {name: told[0][0] for name, told in frames.items()}
    main = sum(frame[name] for name in ("reset_handler", "main", "chooses", "deep", "fill"))
    handlers = sum(frame[name] for name in ("systick_handler", "nmi_handler", "shallow", "fill", "shallow", "fill"))
    line = stack.lines(elf)[0]
    assert line.size == 2048
    assert line.worst == main + handlers + 2 * (32 + 4)  # each with a word that aligns it
