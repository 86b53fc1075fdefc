# Small code; the services of the demo.
PROFILE_SOURCES := profiles/main.c app/services.c
PROFILE_FLAGS   := -Os
PROFILE_STACK   := 1536
