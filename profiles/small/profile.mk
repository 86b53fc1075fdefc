# Small code; four packets, four descriptors a ring, four frames a queue; the stack that `make stack` asks for.
PROFILE_SOURCES := profiles/main.c profiles/small/udp_echo.c
PROFILE_FLAGS   := -Os -DBOARD_PACKETS=4 -DBOARD_QUEUE_DEPTH=4 \
                   -DMSF2_EMAC_RX_DESCRIPTORS=4 -DMSF2_EMAC_TX_DESCRIPTORS=4
PROFILE_STACK   := 1024
