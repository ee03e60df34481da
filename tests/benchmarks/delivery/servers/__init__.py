"""Providers that answer as fast as one core allows, and count: they must not be the bottleneck."""
