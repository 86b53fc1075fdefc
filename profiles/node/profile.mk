# Small code; the services of the demo, but for chargen.
PROFILE_SOURCES := profiles/main.c app/services.c app/connections.c
PROFILE_FLAGS   := -Os
PROFILE_STACK   := 1536
