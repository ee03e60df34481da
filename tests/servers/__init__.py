"""Small servers that stand in for providers: on loopback, with a memory, and cruel when asked to be."""
