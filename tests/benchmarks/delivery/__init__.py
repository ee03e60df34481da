"""How fast deliveries go, beside what a bank would otherwise run and beside what the wire allows."""
