# The files of ringif, for a product's own build, like lwIP's Filelists.mk: set RINGIFDIR to where
# ringif is, include this, and compile what you use. docs/porting.md shows it.

ringif := $(if $(RINGIFDIR),$(RINGIFDIR)/)
ringif_files = $(patsubst %,$(ringif)%,$(1))
ringif_all   = $(sort $(wildcard $(ringif)$(1)/*.c))

# The driver kit: all of it is needed, but the linker leaves out what is not called.
RINGIF_KIT := $(call ringif_all,driver)

# $(call RINGIF_MACS,msf2_emac cadence_gem): the drivers of MACs.
RINGIF_MACS = $(call ringif_files,$(patsubst %,driver/nic/%.c,$(1)))

# The simulated NIC's device and its peers, for the MAC "sim".
RINGIF_SIM := $(call ringif_all,driver/device)

# A packet tap around a NIC.
RINGIF_WRAP := $(call ringif_all,driver/wrap)

# The port: what the kit, lwIP and newlib need of the machine. A product may have its own instead.
RINGIF_PORT := $(call ringif_all,port) $(call ringif_all,port/lwip) $(call ringif_all,port/newlib)

# $(call RINGIF_ARCH,cortex_m): start-up, faults, interrupts of a class of cores.
RINGIF_ARCH = $(call ringif_all,port/arch/$(1))

# $(call RINGIF_DEVS,uart uart_16550): timers, UARTs.
RINGIF_DEVS = $(call ringif_files,$(patsubst %,port/dev/%.c,$(1)))

# $(call RINGIF_NO_LTO,cortex_m): of these, those that assembly or newlib refers to by name. With link-time
# optimisation (-flto) they are compiled with -fno-lto.
RINGIF_NO_LTO = $(call ringif_files,port/arch/$(1)/fault.c port/arch/$(1)/startup.c) $(call ringif_all,port/newlib)

# $(call RINGIF_INCLUDE,cortex_m): directories of headers. A product's own lwipopts.h comes before
# port/lwip, which has one for the demo.
RINGIF_INCLUDE = $(call ringif_files,driver driver/nic driver/device driver/wrap port port/lwip port/dev \
                   port/arch/$(1))

# The files of lwIP besides its own COREFILES and CORE4FILES or CORE6FILES (LWIPDIR is its src directory).
# lwIP compiles its MD5 only for PPP; the sequence numbers of TCP (RFC 6528) need it without PPP.
ringif_isn := $(patsubst %/src,%/contrib/addons/tcp_isn,$(LWIPDIR))
RINGIF_LWIP := $(LWIPDIR)/netif/ethernet.c $(LWIPDIR)/netif/ppp/polarssl/md5.c $(ringif_isn)/tcp_isn.c
RINGIF_LWIP_INCLUDE := $(LWIPDIR)/include $(ringif_isn)
RINGIF_MD5_FLAGS := -DPPP_SUPPORT=1 -DLWIP_INCLUDED_POLARSSL_MD5=1
